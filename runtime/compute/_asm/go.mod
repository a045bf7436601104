module github.com/llamaboot/llamaboot/runtime/compute/_asm

go 1.26.4
