; Stage 1: the boot sector of a llamafile.
;
; A BIOS loads sector 0 to 0000:7C00 and jumps there. It finds the DOS and shell
; magic first, which package ape writes over bytes 0x00-0x3f:
;
;   4D       dec bp         'M'
;   5A       pop dx         'Z'   (destroys the drive number the BIOS gave in DL)
;   71 46    jno 0x4a       'qF'
;   70 44    jo  0x4a       'pD'
;
; One of the two jumps is always taken. As DL is lost, drives 0x80-0x8f and then
; 0 are probed for the one whose GPT header carries our disk GUID.
;
; On failure one letter is shown and the machine halts:
;   D  no drive carries this disk's GUID
;   R  stage 2 could not be read (three tries a sector)
;
; References: Phoenix Enhanced Disk Drive Specification 3.0 (functions 41h, 42h),
; IBM PS/2 BIOS interface (INT 13h 00h, 02h, 08h; INT 10h 0Eh), UEFI 2.10 5.3.2
; (GPT header). Memory: 0x7c00 stack (down), 0x7e00 sector 1, 0x8000 stage 2.

GPT        equ 0x7e00           ; sector 1 is read here
GPT_GUID   equ GPT + 0x38       ; DiskGUID
STAGE2_SEG equ 0x800            ; 0000:8000 as a segment
TRIES      equ 3

bits 16
org 0x7c00

; 0x0b-0x3d may be overwritten in RAM by BIOSes that emulate a floppy (they patch
; a BIOS parameter block); 0x40-0x49 stay free for the jumps above.
        times 0x4a-($-$$) db 0

start:  cli
        cld
        xor ax, ax
        mov ss, ax
        mov sp, 0x7c00
        mov ds, ax
        mov es, ax
        sti
        jmp 0:main              ; some BIOSes enter at 07C0:0000

main:   mov si, banner
.char:  lodsb
        call putc
        cmp si, banner_end
        jb .char
        mov dl, 0x80
.scan:  call probe
        je load
        inc dx
        cmp dl, 0x90
        jb .scan
        xor dx, dx              ; last the floppy emulation
        call probe
        je load
        mov al, 'D'
fail:   call putc
.halt:  hlt
        jmp .halt

load:   mov eax, [stage2_lba]
        mov cx, [stage2_sectors]
        mov bx, STAGE2_SEG
.next:  mov es, bx
        call read
        mov al, 'R'             ; does not change CF
        jc fail
        mov eax, [packet.lba]
        inc eax
        add bx, 512 / 16
        loop .next
        mov dx, [drive]         ; DL = drive, DH = extensions
        jmp 0:STAGE2_SEG * 16

; probe: ZF=1 if drive DL carries our disk GUID. Keeps DX.
probe:  push dx
        mov dh, 0
        mov [drive], dx         ; no extensions
        mov ah, 0x41            ; EDD 3.0: check extensions present
        mov bx, 0x55aa
        int 0x13
        jc .chs
        cmp bx, 0xaa55
        jne .chs
        and cl, 1               ; bit 0: fixed disk access, 42h among it
        mov [extended], cl
.chs:   mov dl, [drive]
        mov ah, 8               ; get drive parameters
        xor di, di
        mov es, di
        int 0x13
        jc .read                ; extended drives may lack it
        and cx, 0x3f            ; sectors per track
        mov [spt], cx
        mov dl, dh              ; highest head
        mov dh, 0
        inc dx
        mov [heads], dx
.read:  mov bx, GPT / 16
        mov es, bx
        xor eax, eax
        inc ax
        call read
        sbb ax, ax              ; read failed: 0xffff and ZF=0
        jnz .done
        mov es, ax
        mov si, GPT_GUID
        mov di, disk_guid
        mov cx, 16 / 2
        repe cmpsw
.done:  pop dx
        ret

; read: sector EAX (LBA) to ES:0000. CF=1 after three failures. Keeps BX, CX.
read:   push bx
        push cx
        mov [packet.lba], eax
        mov [packet.segment], es
        mov byte [tries], TRIES
.try:   mov dl, [drive]
        cmp byte [extended], 0
        je .chs
        mov word [packet.count], 1      ; a failed read may have changed it
        mov si, packet
        mov ah, 0x42            ; EDD 3.0: extended read
        int 0x13
        jmp .check
.chs:   mov ax, [packet.lba]    ; all we read by CHS lies below sector 65536
        xor dx, dx
        mov cx, [spt]
        jcxz .bad
        div cx                  ; AX = track, DX = sector - 1
        inc dx
        mov cl, dl
        xor dx, dx
        div word [heads]        ; AX = cylinder (below 256), DX = head
        mov ch, al
        mov dh, dl
        mov dl, [drive]
        xor bx, bx
        mov ax, 0x0201          ; read one sector
        int 0x13
.check: jnc .done
        xor ah, ah              ; reset the drive, then try again
        mov dl, [drive]
        int 0x13
        dec byte [tries]
        jnz .try
.bad:   stc
.done:  pop cx
        pop bx
        ret

putc:   push si
        mov bx, 7
        mov ah, 0x0e            ; teletype output
        int 0x10
        pop si
        ret

banner: db "llamaboot "
banner_end:

packet: db 16, 0                ; EDD 3.0 disk address packet
.count: dw 1
.offset: dw 0
.segment: dw 0
.lba:   dq 0

drive:    db 0                  ; stage 2 gets both bytes in DX
extended: db 0
tries:  db 0
spt:    dw 0
heads:  dw 0

; ---- patched by stub.PatchStage1 (offsets in stage1.go) ----
        times 0x1a0-($-$$) db 0
stage2_lba:     dd 0            ; 0x1a0
stage2_sectors: dw 0            ; 0x1a4
                dw 0
disk_guid:      times 16 db 0   ; 0x1a8

; ---- 0x1b8: disk signature and partition table, written by package ape ----
        times 0x1fe-($-$$) db 0
        dw 0xaa55
