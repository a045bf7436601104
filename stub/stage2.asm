; Stage 2 of the BIOS boot path: real mode -> long mode -> the core.
;
; Stage 1 loads it at 0000:8000 with DL = BIOS drive and DH = 1 when INT 13h
; extensions are available. It collects what only real mode can tell (E820 map),
; loads the core by LBA, builds page tables and enters the core at its ELF entry
; with RDI = boot information. It stays resident: thunk64 lets the core call
; BIOS services later (INT 13h, 10h, 16h).
;
; References: Phoenix EDD 3.0 (INT 13h extensions), ACPI 6.5 section 15 (E820),
; Intel SDM volume 3A sections 9.8.5 (entering IA-32e mode), 9.9 (mode switches).
;
; Low memory, all of it free after POST:
;   0x00600 boot information      0x02000 E820 map (12 KiB, 512 entries)
;   0x05000 two pages for the start of application processors
;   0x07c00 stack (grows down)    0x08000 this code (at most 24 KiB)
;   0x10000 disk buffer, 64 KiB   0x70000 page tables (8 pages)
; BootInfo offsets are shared with runtime/metal/kern (bootinfo.go).

BI        equ 0x600
E820BUF   equ 0x2000
E820MAX   equ 512
LOWPAGES  equ 0x5000
STACK16   equ 0x7c00
DISKBUF   equ 0x10000
CHUNK     equ 64                ; sectors per read: below the 127 of old EDD BIOSes
PML4      equ 0x70000           ; + pdpt, 4 x pd, core pdpt, core pd
CORE_MIN  equ 0x1000000         ; keep clear of the ISA hole and low DMA users

bits 16
org 0x8000

; ---- header, patched by stub.PatchStage2 (offsets in stub.go) ----
        jmp short start
        times 4-($-$$) db 0
        db "LBS2"
core_lba:   dq 0                ; 0x08 LBA (512-byte sectors) of the core's first byte
core_file:  dd 0                ; 0x10 bytes to load (end of the last PT_LOAD's file part)
core_mem:   dd 0                ; 0x14 bytes in memory (end of the last PT_LOAD)
core_entry: dq 0                ; 0x18 entry point, virtual
disk_guid:  times 16 db 0       ; 0x20

start:
        xor ax, ax
        mov ds, ax
        mov es, ax
        mov [drive], dx         ; DL drive, DH extensions
        cld
        call text_mode
        call serial_init
        mov si, m_hello
        call puts
        rdtsc
        mov [tsc0], eax
        mov [tsc0+4], edx
        call need_long_mode
        call a20
        call e820
        call place
        call geometry
        call load
        jmp enter_long

; ---- 64-bit CPU: CPUID 8000_0001h EDX bit 29 ----
need_long_mode:
        mov eax, 0x80000000
        cpuid
        cmp eax, 0x80000001
        jb .no
        mov eax, 0x80000001
        cpuid
        bt edx, 29
        jnc .no
        ret
.no:    mov si, m_cpu
        jmp fatal

; ---- A20: BIOS, fast gate, keyboard controller ----
a20:
        call a20_on
        je .ok
        mov ax, 0x2401
        int 0x15
        call a20_on
        je .ok
        in al, 0x92
        or al, 2
        and al, 0xfe            ; bit 0 would reset the machine
        out 0x92, al
        call a20_on
        je .ok
        call kbc_ready
        mov al, 0xd1
        out 0x64, al
        call kbc_ready
        mov al, 0xdf
        out 0x60, al
        call kbc_ready
        call a20_on
        je .ok
        mov si, m_a20
        jmp fatal
.ok:    ret

; ZF = 1 when 0x0500 and 0x100500 are different memory
a20_on:
        push es
        mov cx, 1000            ; the gate may take a moment
.again: mov ax, 0xffff
        mov es, ax
        mov ax, [0x500]
        not ax
        mov [es:0x510], ax
        cmp ax, [0x500]
        jne .yes
        loop .again
        or ax, 1                ; ZF = 0
        pop es
        ret
.yes:   cmp ax, ax
        pop es
        ret

kbc_ready:
        mov cx, 0xffff
.w:     in al, 0x64
        test al, 2
        loopnz .w
        ret

; ---- E820 map to E820BUF, 24-byte entries ----
e820:
        xor ebx, ebx
        xor bp, bp
        mov di, E820BUF
.next:  mov dword [di+20], 1    ; ACPI 3.0 attribute: valid unless the BIOS says otherwise
        mov eax, 0xe820
        mov ecx, 24
        mov edx, 0x534d4150     ; 'SMAP'
        int 0x15
        jc .end
        cmp eax, 0x534d4150
        jne .end
        test byte [di+20], 1
        jz .skip
        add di, 24
        inc bp
        cmp bp, E820MAX
        je .end
.skip:  test ebx, ebx
        jnz .next
.end:   mov [e820_n], bp
        test bp, bp
        jnz .ok
        mov si, m_e820
        jmp fatal
.ok:    ret

; ---- core_pa: first 2 MiB-aligned usable place >= 16 MiB, below 4 GiB ----
place:
        mov cx, [e820_n]
        mov di, E820BUF
.each:  cmp dword [di+16], 1    ; usable RAM
        jne .next
        cmp dword [di+4], 0     ; starts below 4 GiB
        jne .next
        mov eax, [di]
        cmp dword [di+12], 0
        jne .top
        mov edx, eax
        add edx, [di+8]
        jnc .have
.top:   mov edx, 0xffe00000
.have:  cmp eax, CORE_MIN
        jae .align
        mov eax, CORE_MIN
.align: add eax, 0x1fffff
        jc .next
        and eax, ~0x1fffff
        cmp eax, edx
        jae .next
        sub edx, eax
        cmp edx, [core_mem]
        jae .found
.next:  add di, 24
        loop .each
        mov si, m_mem
        jmp fatal
.found: mov [core_pa], eax
        ret

; ---- drive geometry for BIOSes without extensions (INT 13h AH=08h) ----
geometry:
        cmp byte [ext], 0
        jne .ok
        mov ah, 8
        mov dl, [drive]
        xor di, di
        mov es, di
        int 0x13
        mov si, m_disk
        jc fatal
        push word 0
        pop es
        and cx, 0x3f
        mov [spt], cx
        mov si, m_disk
        jz fatal
        movzx dx, dh
        inc dx
        mov [heads], dx
.ok:    ret

; ---- load the core to core_pa ----
load:
        mov eax, [core_file]
        add eax, 511
        shr eax, 9
        mov [left], eax
        mov eax, [core_pa]
        mov [dest], eax
.more:  mov ecx, [left]
        test ecx, ecx
        jz .done
        movzx eax, word [chunk]
        cmp ecx, eax
        jbe .n
        mov ecx, eax
.n:     mov [count], cx
        mov byte [tries], 4
.try:   call read
        jnc .got
        mov [status], ah
        mov ah, 0               ; reset the drive and try again
        mov dl, [drive]
        int 0x13
        shr word [count], 3     ; less at a time from now on: not every BIOS
        jz .one                 ; reads as much as it should
        mov ax, [count]
        mov [chunk], ax
        jmp .try
.one:   inc word [count]
        mov word [chunk], 1
        dec byte [tries]
        jnz .try
        mov al, [status]
        call puthex8
        mov si, m_disk
        jmp fatal
.got:   movzx ecx, word [count]
        add [core_lba], ecx
        adc dword [core_lba+4], 0
        sub [left], ecx
        call unreal
        shl ecx, 7              ; 128 dwords a sector
        mov esi, DISKBUF
        mov edi, [dest]
        a32 rep movsd
        mov [dest], edi
        sti
        test edi, 0xfffff       ; a dot a MiB
        jnz .more
        mov al, '.'
        call putc
        jmp .more
.done:  mov si, m_nl
        jmp puts

; read [count] sectors at [core_lba] to DISKBUF; CF and AH as INT 13h
read:
        cmp byte [ext], 0
        je .chs
        mov ax, [count]
        mov [dap+2], ax
        mov eax, [core_lba]
        mov [dap+8], eax
        mov eax, [core_lba+4]
        mov [dap+12], eax
        mov si, dap
        mov dl, [drive]
        mov ah, 0x42
        int 0x13
        ret
.chs:   mov word [count], 1     ; sector by sector: never across a track
        mov eax, [core_lba]
        xor edx, edx
        movzx ecx, word [spt]
        div ecx
        inc dx
        mov cl, dl              ; sector, from 1
        xor edx, edx
        movzx ebx, word [heads]
        div ebx
        cmp eax, 1023           ; cylinders end here
        ja .far
        mov dh, dl
        mov ch, al
        shl ah, 6
        or cl, ah
        mov dl, [drive]
        mov ax, DISKBUF >> 4
        mov es, ax
        xor bx, bx
        mov ax, 0x0201
        int 0x13
        push word 0
        pop es
        ret
.far:   mov ah, 0x0c
        stc
        ret

; 4 GiB limits in DS and ES with base 0; leaves interrupts off. BIOS calls may
; undo it, so it is set again before every copy.
unreal:
        cli
        lgdt [gdtr]
        mov eax, cr0
        or al, 1
        mov cr0, eax
        jmp short .pm
.pm:    mov bx, SEL_DATA32
        mov ds, bx
        mov es, bx
        and al, 0xfe
        mov cr0, eax
        jmp short .rm
.rm:    xor bx, bx
        mov ds, bx
        mov es, bx
        ret

%include "stage2_console.inc"
%include "stage2_long.inc"

m_hello: db 13, 10, "llamaboot: loading", 0
m_nl:    db 13, 10, 0
m_cpu:   db 13, 10, "llamaboot: this CPU has no 64-bit mode; an x86_64 PC is needed", 0
m_a20:   db 13, 10, "llamaboot: the A20 gate does not open", 0
m_e820:  db 13, 10, "llamaboot: the BIOS gives no memory map (E820)", 0
m_mem:   db 13, 10, "llamaboot: not enough memory below 4 GiB for the program", 0
m_disk:  db " llamaboot: disk read error (BIOS status above); try another port or stick", 0

align 4
drive:   db 0
ext:     db 0
e820_n:  dw 0
core_pa: dd 0
spt:     dw 0
heads:   dw 0
left:    dd 0
dest:    dd 0
count:   dw 0
chunk:   dw CHUNK
tries:   db 0
status:  db 0
tsc0:    dq 0
align 4
dap:     db 16, 0               ; EDD disk address packet
         dw 0                   ; sectors
         dw 0, DISKBUF >> 4     ; buffer offset:segment
         dq 0                   ; LBA
