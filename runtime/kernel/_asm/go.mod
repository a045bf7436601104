module github.com/llamaboot/llamaboot/runtime/kernel/_asm

go 1.26.4
