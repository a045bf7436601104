#include "textflag.h"
#include "go_asm.h"

// saveFirmwareState records GDT, IDT and selectors as the firmware left them.
TEXT ·saveFirmwareState(SB),NOSPLIT|NOFRAME,$0
	LEAQ	·fwGDTR(SB), AX
	SGDT	(AX)
	LEAQ	·fwIDTR(SB), AX
	SIDT	(AX)
	XORL	AX, AX
	MOVW	CS, AX
	MOVQ	AX, ·fwCS(SB)
	MOVW	SS, AX
	MOVQ	AX, ·fwSS(SB)
	MOVW	DS, AX
	MOVQ	AX, ·fwDS(SB)
	RET

// func efiCall(fn uintptr, args *efi.Args) uintptr
// Calls a UEFI service (UEFI 2.10 section 2.3.4.2: Microsoft x64 convention) on its
// own stack with the firmware's descriptor tables and interrupts on.
// fwCR3 has the firmware's own map, page 0 included, and the core; args must lie there.
// The stack is used at its physical address: drivers let devices read requests that
// they build on the stack.
TEXT ·efiCall(SB),NOSPLIT|NOFRAME,$0-24
	MOVQ	$0, ret+16(FP)		// efiCall3 stores the status
	MOVQ	fn+0(FP), AX
	MOVQ	args+8(FP), R11
	PUSHQ	BP
	MOVQ	SP, BP
	MOVQ	·fwSP(SB), SP
	MOVQ	·fwCR3(SB), BX
	MOVQ	BX, CR3
	MOVQ	56(R11), BX
	PUSHQ	BX
	MOVQ	48(R11), BX
	PUSHQ	BX
	MOVQ	40(R11), BX
	PUSHQ	BX
	MOVQ	32(R11), BX
	PUSHQ	BX
	SUBQ	$32, SP			// shadow space
	LEAQ	·fwGDTR(SB), BX
	LGDT	(BX)
	LEAQ	·fwIDTR(SB), BX
	LIDT	(BX)
	MOVQ	·fwSS(SB), BX
	MOVW	BX, SS
	MOVQ	·fwDS(SB), BX
	MOVW	BX, DS
	MOVW	BX, ES
	MOVQ	0(R11), CX
	MOVQ	8(R11), DX
	MOVQ	16(R11), R8
	MOVQ	24(R11), R9
	MOVQ	·fwCS(SB), BX
	PUSHQ	BX
	LEAQ	·efiCall2(SB), BX
	PUSHQ	BX
	RETFQ

TEXT ·efiCall2(SB),NOSPLIT|NOFRAME,$0
	STI
	CALL	AX
	CLI
	CLD
	MOVQ	·kernelCR3(SB), BX
	MOVQ	BX, CR3
	LEAQ	·gdtr(SB), BX
	LGDT	(BX)
	LEAQ	·idtr(SB), BX
	LIDT	(BX)
	MOVL	$0x10, BX
	MOVW	BX, SS
	MOVW	BX, DS
	MOVW	BX, ES
	PUSHQ	$8
	LEAQ	·efiCall3(SB), BX
	PUSHQ	BX
	RETFQ

TEXT ·efiCall3(SB),NOSPLIT|NOFRAME,$0
	MOVQ	BP, SP
	BYTE	$0x5d			// POPQ BP: pushed by efiCall, which the assembler cannot know
	MOVQ	AX, ret+16(FP)
	RET

// func biosCall(thunk, block, cr3 uintptr)
// Calls thunk64 of stage 2 (stub/stage2_long.inc) with the page tables it knows, on a
// stack that lies in the core, which they have.
TEXT ·biosCall(SB),NOSPLIT|NOFRAME,$0-24
	MOVQ	thunk+0(FP), AX
	MOVQ	block+8(FP), DI
	MOVQ	cr3+16(FP), BX
	PUSHQ	BP
	PUSHQ	BX
	PUSHQ	R12
	PUSHQ	R14
	MOVQ	CR3, R12
	MOVQ	SP, R14
	LEAQ	·bootStack+const_bootStackTop(SB), SP
	MOVQ	BX, CR3
	CALL	AX
	MOVQ	R12, CR3
	MOVQ	R14, SP
	LEAQ	·gdtr(SB), BX
	LGDT	(BX)
	LEAQ	·idtr(SB), BX
	LIDT	(BX)
	MOVL	$0x10, BX
	MOVW	BX, SS
	MOVW	BX, DS
	MOVW	BX, ES
	PUSHQ	$8
	LEAQ	·biosCall2(SB), BX
	PUSHQ	BX
	RETFQ

TEXT ·biosCall2(SB),NOSPLIT|NOFRAME,$0
	CLD
	// Real mode has loaded FS and GS, which cleared their bases. BIOS calls are made
	// on the boot processor only.
	LEAQ	·cpus(SB), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	$0xc0000101, CX
	WRMSR
	CALL	·setKernelFS(SB)
	BYTE	$0x41; BYTE $0x5e	// POPQ R14, R12, BX, BP: pushed by biosCall
	BYTE	$0x41; BYTE $0x5c
	BYTE	$0x5b
	BYTE	$0x5d
	RET
