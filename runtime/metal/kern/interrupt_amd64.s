#include "textflag.h"
#include "go_asm.h"

// Exceptions and interrupts: entry, saved state, return.

#define MSR_FS $0xc0000100

// saveFP stores the vector state to (BX), 64-byte aligned; loadFP brings it back.
// Clobber AX DX.
TEXT ·saveFP(SB),NOSPLIT|NOFRAME,$0
	CMPL	·useXSAVE(SB), $0
	JEQ	fx
	XORL	AX, AX			// the header behind the legacy area must be zero
	MOVQ	AX, 512(BX)
	MOVQ	AX, 520(BX)
	MOVQ	AX, 528(BX)
	MOVQ	AX, 536(BX)
	MOVQ	AX, 544(BX)
	MOVQ	AX, 552(BX)
	MOVQ	AX, 560(BX)
	MOVQ	AX, 568(BX)
	MOVL	$const_xsaveMask, AX
	XORL	DX, DX
	XSAVE64	(BX)
	RET
fx:
	FXSAVE64	(BX)
	RET

TEXT ·loadFP(SB),NOSPLIT|NOFRAME,$0
	CMPL	·useXSAVE(SB), $0
	JEQ	fx
	MOVL	$const_xsaveMask, AX
	XORL	DX, DX
	XRSTOR64	(BX)
	RET
fx:
	FXRSTOR64	(BX)
	RET

// func storeFP(p uintptr)
TEXT ·storeFP(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	p+0(FP), BX
	JMP	·saveFP(SB)

TEXT ·popFrame(SB),NOSPLIT|NOFRAME,$0
	POPQ	R15
	POPQ	R14
	POPQ	R13
	POPQ	R12
	POPQ	R11
	POPQ	R10
	POPQ	R9
	POPQ	R8
	POPQ	BP
	POPQ	DI
	POPQ	SI
	POPQ	DX
	POPQ	CX
	POPQ	BX
	POPQ	AX
	ADDQ	$16, SP			// vector, error code
	IRETQ

#define PUSH_FRAME \
	PUSHQ	AX \
	PUSHQ	BX \
	PUSHQ	CX \
	PUSHQ	DX \
	PUSHQ	SI \
	PUSHQ	DI \
	PUSHQ	BP \
	PUSHQ	R8 \
	PUSHQ	R9 \
	PUSHQ	R10 \
	PUSHQ	R11 \
	PUSHQ	R12 \
	PUSHQ	R13 \
	PUSHQ	R14 \
	PUSHQ	R15 \
	CLD

// trapEntry: an exception on one of the interrupt stacks. The generated stubs have
// pushed an error code where the CPU did not, and the vector.
TEXT ·trapEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	PUSH_FRAME
	MOVQ	SP, R12
	MOVL	MSR_FS, CX
	RDMSR
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, R13			// FS of whoever was interrupted: thread or kernel
	CALL	·setKernelFS(SB)
	MOVQ	CR2, R14
	SUBQ	$const_fpSize, SP
	ANDQ	$~63, SP
	MOVQ	SP, BX
	CALL	·saveFP(SB)
	PUSHQ	R13
	PUSHQ	R12
	SUBQ	$32, SP
	MOVQ	R12, 0(SP)
	MOVQ	R14, 8(SP)
	MOVQ	BX, 16(SP)
	CALL	·trap(SB)
	ADDQ	$32, SP
	MOVQ	SP, BX
	ADDQ	$16, BX
	CALL	·loadFP(SB)
	POPQ	R12
	POPQ	AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	MSR_FS, CX
	WRMSR
	MOVQ	R12, SP
	JMP	·popFrame(SB)

// timerEntry: local APIC timer tick or a "look at your signals" message. A thread
// is preempted on its own kernel stack, which is empty while the thread runs.
TEXT ·timerEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	PUSHQ	AX
	PUSHQ	CX
	PUSHQ	DX
	CALL	·eoi(SB)
	CMPL	machineCPU_window(GS), $0	// the kernel itself opened interrupts: nothing to preempt
	JNE	ignore
	MOVQ	cpu_cur(GS), AX
	CMPQ	AX, cpu_idle(GS)
	JNE	preempt
ignore:
	POPQ	DX
	POPQ	CX
	POPQ	AX
	IRETQ
preempt:
	POPQ	DX
	POPQ	CX
	POPQ	AX
	PUSHQ	$0
	PUSHQ	$const_vecTimer
	PUSH_FRAME
	MOVQ	SP, SI
	MOVQ	machineCPU_kstack(GS), DI
	SUBQ	$const_trapFrameSize, DI
	MOVQ	DI, BX
	MOVL	$(const_trapFrameSize/8), CX
	REP; MOVSQ
	MOVQ	BX, SP
	MOVQ	BX, R12
	CALL	·setKernelFS(SB)
	SUBQ	$const_fpSize, SP
	ANDQ	$~63, SP
	MOVQ	SP, BX
	CALL	·saveFP(SB)
	PUSHQ	R12
	PUSHQ	R12
	SUBQ	$32, SP
	MOVQ	R12, 0(SP)
	MOVQ	BX, 8(SP)
	CALL	·tick(SB)
	ADDQ	$32, SP
	MOVQ	SP, BX
	ADDQ	$16, BX
	CALL	·loadFP(SB)
	POPQ	R12
	MOVQ	R12, SP
	CALL	·setThreadFS(SB)
	JMP	·popFrame(SB)

// eoi acknowledges an interrupt (SDM volume 3A section 10.8.5). Clobbers AX CX DX.
TEXT ·eoi(SB),NOSPLIT|NOFRAME,$0
	CMPL	·x2apic(SB), $0
	JNE	msr
	MOVQ	·apicBase(SB), AX
	MOVL	$0, 0xb0(AX)
	RET
msr:
	MOVL	$0x80b, CX
	XORL	AX, AX
	XORL	DX, DX
	WRMSR
	RET

// wakeEntry: a message that only has to end HLT; also any stray device interrupt.
TEXT ·wakeEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	PUSHQ	AX
	PUSHQ	CX
	PUSHQ	DX
	CALL	·eoi(SB)
	POPQ	DX
	POPQ	CX
	POPQ	AX
	IRETQ

// spuriousEntry: no acknowledgement (SDM volume 3A section 10.9).
TEXT ·spuriousEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	IRETQ

// nmiEntry: the order to stop after a panic on another CPU, else counted: returning is
// the best answer to one that nobody asked for.
TEXT ·nmiEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CMPL	·panicked(SB), $0
	JNE	stop
	LOCK
	INCL	·strayNMIs(SB)
	IRETQ
stop:
	HLT
	JMP	stop
