; EFI entry of BOOTX64.EFI: map the core where it is linked and jump to it.
;
; The firmware has loaded the PE sections (see efi.go) to consecutive pages
; anywhere in memory: headers, .stub (this code), .core (the ELF as it is in the
; file, its .bss zeroed by the loader), .tables (zeroed pages for our use). The
; core is linked at 1 TiB, so the only work left is page tables: a copy of the
; firmware's top level (its identity map stays valid for boot services) with
; entry 2 of the PML4 pointing at 4 KiB pages of the image.
; Boot services stay alive; the core decides when to leave them.
;
; References: UEFI 2.10 section 2.3.4 (x64 platforms, calling convention),
; Intel SDM volume 3A section 4.5 (4-level and 5-level paging).

bits 64
org 0                           ; position independent: only RIP-relative data

        jmp short start
        times 8-($-$$) db 0
        db "LBEFI", 0, 0, 0
; patched by stub.EFIImage (offsets in efi.go)
core_rva:   dd 0                ; 0x10
core_mem:   dd 0                ; 0x14 bytes in memory
core_entry: dq 0                ; 0x18 virtual
tables_rva: dd 0                ; 0x20
stub_rva:   dd 0                ; 0x24 RVA of this section

; .tables, page by page
T_INFO  equ 0                   ; boot information
T_PML5  equ 0x1000
T_PML4  equ 0x2000
T_PDPT  equ 0x3000
T_PD    equ 0x4000
T_PT    equ 0x5000              ; one for each 2 MiB of the core

; in: RCX = image handle, RDX = system table
start:
        cli
        cld
        mov r8, rcx
        mov r9, rdx
        lea r10, [rel $$]
        mov eax, [rel stub_rva]
        sub r10, rax            ; image base
        mov ebx, [rel tables_rva]
        add rbx, r10            ; tables
        mov ebp, [rel core_rva]
        add rbp, r10            ; core, physical

        ; top level: copy of the firmware's
        mov rax, cr3
        mov r11, 0x000ffffffffff000
        and rax, r11
        lea r12, [rbx+T_PML4]   ; what CR3 will hold
        mov rcx, cr4
        bt ecx, 12              ; LA57: CR3 points to a PML5
        jnc .level4
        lea r12, [rbx+T_PML5]
        mov rsi, rax
        mov rdi, r12
        mov ecx, 512
        rep movsq
        mov rax, [rax]          ; PML5[0] covers everything below 256 TiB
        and rax, r11
        lea rdx, [rbx+T_PML4+3]
        mov [r12], rdx
.level4:
        mov rsi, rax
        lea rdi, [rbx+T_PML4]
        mov ecx, 512
        rep movsq

        ; PML4[2] -> PDPT[0] -> PD -> page tables
        lea rax, [rbx+T_PDPT+3]
        mov [rbx+T_PML4+2*8], rax
        lea rax, [rbx+T_PD+3]
        mov [rbx+T_PDPT], rax
        mov ecx, [rel core_mem]
        add ecx, 0x1fffff
        shr ecx, 21
        lea rax, [rbx+T_PT+3]
        lea rdi, [rbx+T_PD]
.pd:    stosq
        add rax, 0x1000
        loop .pd
        mov ecx, [rel core_mem]
        add ecx, 0xfff
        shr ecx, 12
        lea rdi, [rbx+T_PT]
        lea rax, [rbp+3]        ; present, writable
.pt:    stosq
        add rax, 0x1000
        loop .pt

        ; boot information (layout in runtime/metal/kern/bootinfo.go)
        rdtsc
        shl rdx, 32
        or rax, rdx
        mov [rbx+T_INFO+0x70], rax
        mov rax, "LLAMABT1"
        mov [rbx+T_INFO], rax
        mov qword [rbx+T_INFO+0x08], 2          ; UEFI
        mov [rbx+T_INFO+0x10], rbp
        mov eax, [rel core_mem]
        mov [rbx+T_INFO+0x18], rax
        mov [rbx+T_INFO+0x40], r9
        mov [rbx+T_INFO+0x48], r8
        lea rdi, [rbx+T_INFO]
        mov rax, [rel core_entry]
        mov cr3, r12
        jmp rax
