; Start of an application processor: real mode -> long mode (SDM volume 3A
; sections 8.4 and 9.8.5). Copied to a page below 1 MiB; the start-up message makes
; the processor begin at its first byte with CS = page >> 4, IP = 0.
; Fields are patched by kern/smp.go.

bits 16
org 0
        jmp short start
        times 8-($-$$) db 0
f_low:   dq 0                   ; 0x08 page tables below 4 GiB with the kernel's entries
f_cr3:   dq 0                   ; 0x10 the kernel's page tables
f_cr4:   dd 0                   ; 0x18 PAE, and 5-level paging if the kernel uses it
f_efer:  dd 0                   ; 0x1c LME, and NXE if the firmware's tables need it
f_entry: dq 0                   ; 0x20 kern.apEntry
f_cpu:   dq 0                   ; 0x28 *cpu, 0: none is wanted
f_far:   dd 0                   ; 0x30 linear address of start64
         dw 0x08
         dw 0
f_gdtr:  dw 23                  ; 0x38
         dd 0                   ; 0x3a linear address of gdt
         dw 0
gdt:     dq 0                   ; 0x40
         dq 0x00209a0000000000
         dq 0x0000920000000000

start:  cli
        cld
        mov ax, cs
        mov ds, ax
        o32 lgdt [f_gdtr]
        mov eax, [f_cr4]
        mov cr4, eax
        mov eax, [f_low]
        mov cr3, eax
        mov ecx, 0xc0000080
        rdmsr
        or eax, [f_efer]
        wrmsr
        mov eax, 0x80010033     ; PG, WP, NE, ET, MP, PE; caches on
        mov cr0, eax
        jmp far dword [f_far]

bits 64
start64:
        mov eax, 0x10
        mov ds, eax
        mov es, eax
        mov ss, eax
        mov rax, [rel f_cr3]
        mov cr3, rax
        xor eax, eax            ; take the ticket: it is for one processor
        xchg rax, [rel f_cpu]
        test rax, rax
        jz .late
        mov rcx, [rel f_entry]
        jmp rcx
.late:  hlt                     ; nobody waits any more
        jmp .late
        align 8
        dq start64              ; last 8 bytes: offset of start64, for the patcher
