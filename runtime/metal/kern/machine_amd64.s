//go:build metal

#include "textflag.h"
#include "go_asm.h"

// The machine layer of amd64, see machine_amd64.go.

TEXT ·currentCPU(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	0(GS), AX
	MOVQ	AX, ret+0(FP)
	RET

// func copyWords(dst, src, n uintptr)
TEXT ·copyWords(SB),NOSPLIT|NOFRAME,$0-24
	MOVQ	dst+0(FP), DI
	MOVQ	src+8(FP), SI
	MOVQ	n+16(FP), CX
	SHRQ	$3, CX
	REP; MOVSQ
	RET

// func zero(p, n uintptr): n is a multiple of 8
TEXT ·zero(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	p+0(FP), DI
	MOVQ	n+8(FP), CX
	SHRQ	$3, CX
	XORL	AX, AX
	REP; STOSQ
	RET

TEXT ·kernelG(SB),NOSPLIT|NOFRAME,$0-8
	LEAQ	·fakeg(SB), AX
	MOVQ	AX, ret+0(FP)
	RET

TEXT ·pause(SB),NOSPLIT|NOFRAME,$0
	PAUSE
	RET

// func idleWait(): interrupts on for the next HLT only (STI's shadow covers it)
TEXT ·idleWait(SB),NOSPLIT|NOFRAME,$0
	STI
	HLT
	CLI
	RET

// func stopCPU(): never returns
TEXT ·stopCPU(SB),NOSPLIT|NOFRAME,$0
	CLI
forever:
	HLT
	JMP	forever

// func switchStack(from, to *uintptr)
TEXT ·switchStack(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	from+0(FP), AX
	MOVQ	to+8(FP), BX
	PUSHQ	BP
	MOVQ	SP, (AX)
	MOVQ	(BX), SP
	POPQ	BP
	RET

// func resumeSignal(tf *trapFrame, fp uintptr) never returns
TEXT ·resumeSignal(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	fp+8(FP), BX
	MOVQ	tf+0(FP), SP
	TESTQ	BX, BX
	JEQ	live
	CALL	·loadFP(SB)
live:
	CALL	·setThreadFS(SB)
	JMP	·popFrame(SB)
