; A program for tests, linux/amd64: prints its arguments and its environment, a
; line each, and exits with status 42. It is linked like the metal core (file
; offset = address - 1 TiB).

BASE equ 1 << 40

bits 64
org BASE
ehdr:   db 0x7f, "ELF", 2, 1, 1, 0
        dq 0
        dw 2, 62                ; EXEC, x86-64
        dd 1
        dq start
        dq phdr - ehdr
        dq 0
        dd 0
        dw 64, 56, 1, 0, 0, 0
phdr:   dd 1, 5                 ; LOAD, R+X
        dq 0, BASE, BASE, size, size, 0x1000

start:  lea rbx, [rsp + 8]      ; argv, NULL, envp, NULL
        call list
        call list
        mov edi, 42
        mov eax, 60             ; exit
        syscall

list:   mov rsi, [rbx]
        add rbx, 8
        test rsi, rsi
        jz .end
        xor edx, edx
.len:   cmp byte [rsi + rdx], 0
        je .out
        inc rdx
        jmp .len
.out:   call write
        lea rsi, [rel newline]
        mov edx, 1
        call write
        jmp list
.end:   ret

write:  mov edi, 1
        mov eax, 1
        syscall
        ret

newline: db 10
        align 512, db 0
size    equ $ - ehdr
