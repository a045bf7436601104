; bcryptprimitives.dll for tests under wine 8, which lacks it: Go programs for Windows
; call its ProcessPrng(buffer, length), a random generator. This one is not random
; enough for anything but tests. PE/COFF revision 11.

bits 64
BASE  equ 0x180000000

        db "MZ"
        times 0x3c-($-$$) db 0
        dd 0x40

        db "PE", 0, 0           ; 0x40
        dw 0x8664, 1            ; machine, sections
        dd 0, 0, 0
        dw opt_end - opt, 0x2022 ; DLL, large addresses, executable
opt:    dw 0x20b                ; PE32+
        dw 0
        dd 0x200, 0, 0
        dd 0x1000               ; entry point: DllMain
        dd 0x1000
        dq BASE
        dd 0x1000, 0x200        ; section and file alignment
        dw 6, 0, 0, 0, 6, 0
        dd 0, 0x2000, 0x200, 0
        dw 3, 0x160             ; console; high entropy, dynamic base, NX
        dq 0x100000, 0x1000, 0x100000, 0x1000
        dd 0, 16
        dd export - text + 0x1000, export_end - export
        times 15 dq 0
opt_end:
        dq ".text"
        dd text_end - text, 0x1000, 0x200, 0x200, 0, 0, 0, 0x60000020

        times 0x200-($-$$) db 0
text:   mov eax, 1              ; DllMain
        ret
prng:   mov r8, rdx             ; ProcessPrng(rcx buffer, rdx length) -> TRUE
        rdtsc
        shl rdx, 32
        or rax, rdx
        or rax, 1
.next:  test r8, r8
        jz .done
        mov r9, rax             ; xorshift64 (Marsaglia 2003)
        shl r9, 13
        xor rax, r9
        mov r9, rax
        shr r9, 7
        xor rax, r9
        mov r9, rax
        shl r9, 17
        xor rax, r9
        mov [rcx], al
        inc rcx
        dec r8
        jmp .next
.done:  mov eax, 1
        ret

%define RVA(x) ((x) - text + 0x1000)
        align 8, db 0
export: dd 0, 0, 0              ; flags, time, version
        dd RVA(name), 1, 1, 1   ; name, ordinal base, functions, names
        dd RVA(functions), RVA(names), RVA(ordinals)
functions: dd RVA(prng)
names:  dd RVA(symbol)
ordinals: dw 0
name:   db "bcryptprimitives.dll", 0
symbol: db "ProcessPrng", 0
export_end:
text_end:
        times 0x400-($-$$) db 0
