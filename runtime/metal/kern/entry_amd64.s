#include "textflag.h"
#include "go_asm.h"

// Model-specific registers (Intel SDM volume 4).
#define MSR_EFER  $0xc0000080
#define MSR_STAR  $0xc0000081
#define MSR_LSTAR $0xc0000082
#define MSR_FMASK $0xc0000084
#define MSR_FS    $0xc0000100
#define MSR_GS    $0xc0000101

// Go code that runs in the kernel needs a g whose stack check always passes:
// stackguard0 = 0. The thread-local slot the compiler reads is FS:-8.
GLOBL ·fakeg(SB), NOPTR, $1024
DATA ·kernelTLS+0(SB)/8, $·fakeg(SB)
GLOBL ·kernelTLS(SB), NOPTR, $64

// entry is the ELF entry point. In ring 3 this is an ordinary Linux process; in
// ring 0 a boot stage jumped here: DI = *bootInfo, identity-mapped, interrupts off.
TEXT ·entry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVW	CS, AX
	ANDL	$3, AX
	JEQ	metal
	JMP	_rt0_amd64_linux(SB)
metal:
	CLI
	CLD
	LEAQ	·bootStack+const_bootStackTop(SB), SP
	MOVQ	DI, ·bootInfoPtr(SB)
	CALL	·saveFirmwareState(SB)
	CALL	·enableFPU(SB)
	CALL	·setKernelFS(SB)
	CALL	·initTables(SB)
	LEAQ	·cpus(SB), AX
	CALL	·loadCPU(SB)
	CALL	·initBoot(SB)
	// Leave the kernel: thread 0 becomes Linux's "main thread".
	MOVQ	·userSP(SB), SP
	XORL	AX, AX
	XORL	BX, BX
	XORL	DX, DX
	XORL	DI, DI
	XORL	BP, BP
	STI
	JMP	_rt0_amd64_linux(SB)

// enableFPU turns on SSE and, as far as CPUID reports them, AVX and AVX-512 state
// (SDM volume 1 section 13.3), before Go's runtime looks at XCR0.
TEXT ·enableFPU(SB),NOSPLIT|NOFRAME,$0
	MOVQ	CR0, AX
	ANDQ	$~0xC, AX		// EM, TS off
	ORQ	$0x10022, AX		// WP, NE, MP
	MOVQ	AX, CR0
	MOVL	$1, AX
	XORL	CX, CX
	CPUID
	MOVQ	CR4, AX
	ORQ	$0x640, AX		// OSFXSR, OSXMMEXCPT, MCE
	// Off: FSGSBASE (FS is only changed through arch_prctl), PCIDE, SMEP, SMAP, PKE,
	// CET, PKS, which a firmware may have left on (SDM volume 3A section 2.5).
	ANDQ	$~0x1f30000, AX
	BYTE	$0xdb; BYTE $0xe3	// FNINIT
	MOVQ	AX, CR4
	PUSHQ	$0x1f80			// MXCSR: exceptions masked, round to nearest
	LDMXCSR	(SP)
	POPQ	DX
	BTL	$26, CX			// XSAVE
	JCC	done
	ORQ	$0x40000, AX		// OSXSAVE
	MOVQ	AX, CR4
	MOVL	$0xd, AX
	XORL	CX, CX
	CPUID
	ANDL	$const_xsaveMask, AX
	ORL	$3, AX
	XORL	DX, DX
	XORL	CX, CX
	XSETBV
	MOVL	$1, ·useXSAVE(SB)
done:
	RET

// setKernelFS points FS at the kernel's thread-local storage. Clobbers AX CX DX.
TEXT ·setKernelFS(SB),NOSPLIT|NOFRAME,$0
	LEAQ	·kernelTLS+8(SB), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	MSR_FS, CX
	WRMSR
	RET

// setThreadFS points FS at the current thread's storage. Clobbers AX CX DX.
TEXT ·setThreadFS(SB),NOSPLIT|NOFRAME,$0
	MOVQ	cpu_cur(GS), AX
	MOVQ	machineThread_fs(AX), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	MOVL	MSR_FS, CX
	WRMSR
	RET

// loadCPU: AX = *cpu. Loads GDT, IDT, TSS, GS base and the SYSCALL registers.
// The caller's return address survives the reload of CS.
TEXT ·loadCPU(SB),NOSPLIT|NOFRAME,$0
	MOVQ	AX, R8
	LEAQ	·gdtr(SB), BX
	LGDT	(BX)
	LEAQ	·idtr(SB), BX
	LIDT	(BX)
	MOVW	$0x10, AX
	MOVW	AX, SS
	MOVW	AX, DS
	MOVW	AX, ES
	XORL	AX, AX
	MOVW	AX, FS
	MOVW	AX, GS
	PUSHQ	$0x08
	LEAQ	·loadCPU2(SB), AX
	PUSHQ	AX
	RETFQ

TEXT ·loadCPU2(SB),NOSPLIT|NOFRAME,$0
	MOVQ	machineCPU_tr(R8), AX
	BYTE	$0x0f; BYTE $0x00; BYTE $0xd8	// LTR AX
	MOVL	MSR_GS, CX
	MOVQ	R8, AX
	MOVQ	R8, DX
	SHRQ	$32, DX
	WRMSR
	MOVL	MSR_EFER, CX
	RDMSR
	ORL	$1, AX			// SCE
	WRMSR
	MOVL	MSR_STAR, CX
	XORL	AX, AX
	MOVL	$0x00080008, DX
	WRMSR
	MOVL	MSR_LSTAR, CX
	LEAQ	·syscallEntry(SB), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	WRMSR
	MOVL	MSR_FMASK, CX
	MOVL	$0x44700, AX		// AC, NT, DF, IF, TF
	XORL	DX, DX
	WRMSR
	JMP	·setKernelFS(SB)

// syscallEntry serves SYSCALL at ring 0: CX = return address, R11 = flags, the
// caller's stack still in SP. Vector registers are left alone: Go code in the
// kernel uses only X15, which Go keeps zero on both sides.
TEXT ·syscallEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CMPQ	AX, $const_sysClockGettime
	JEQ	clock
	MOVQ	SP, machineCPU_usp(GS)
	MOVQ	machineCPU_kstack(GS), SP
	PUSHQ	machineCPU_usp(GS)
	PUSHQ	CX
	PUSHQ	R11
	PUSHQ	AX
	PUSHQ	BX
	PUSHQ	DX
	PUSHQ	SI
	PUSHQ	DI
	PUSHQ	BP
	PUSHQ	R8
	PUSHQ	R9
	PUSHQ	R10
	PUSHQ	R12
	PUSHQ	R13
	PUSHQ	R14
	PUSHQ	R15
	CALL	·setKernelFS(SB)
	XORL	BP, BP
	MOVQ	SP, AX
	SUBQ	$16, SP
	MOVQ	AX, 0(SP)
	CALL	·dispatch(SB)
	ADDQ	$16, SP
	JMP	·syscallExit(SB)
clock:	// without leaving the caller's stack: time.Now is called everywhere
	MOVQ	DX, machineCPU_s0(GS)
	MOVQ	R8, machineCPU_s1(GS)
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	ADDQ	cpu_skew(GS), AX
	SUBQ	·clockBase(SB), AX
	MULQ	·clockMult(SB)
	SHRQ	$32, DX, AX
	CMPL	DI, $0			// CLOCK_REALTIME
	JNE	mono
	ADDQ	·wallBase(SB), AX
mono:
	XORL	DX, DX
	MOVQ	$1000000000, R8
	DIVQ	R8
	MOVQ	AX, 0(SI)
	MOVQ	DX, 8(SI)
	MOVQ	machineCPU_s0(GS), DX
	MOVQ	machineCPU_s1(GS), R8
	XORL	AX, AX
	PUSHQ	R11
	POPFQ
	JMP	CX

// syscallExit: SP -> frame.
TEXT ·syscallExit(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CALL	·setThreadFS(SB)
	POPQ	R15
	POPQ	R14
	POPQ	R13
	POPQ	R12
	POPQ	R10
	POPQ	R9
	POPQ	R8
	POPQ	BP
	POPQ	DI
	POPQ	SI
	POPQ	DX
	POPQ	BX
	POPQ	AX
	POPQ	R11
	POPQ	CX
	// With interrupts on and the thread's stack in place the kernel stack is free.
	POPQ	SP
	PUSHQ	R11
	POPFQ
	JMP	CX

// childReturn is where a cloned thread starts: SP -> frame, scheduler lock held.
TEXT ·childReturn(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CALL	·unlockSched(SB)
	PXOR	X15, X15
	JMP	·syscallExit(SB)

TEXT ·idleEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	CALL	·unlockSched(SB)
	CALL	·idleLoop(SB)
	INT	$3

// apEntry: an application processor arrives from the trampoline in long mode with
// the kernel's page tables, interrupts off, no stack. AX = *cpu.
TEXT ·apEntry(SB),NOSPLIT|NOFRAME|TOPFRAME,$0
	MOVQ	AX, R15
	MOVQ	machineCPU_kstack(R15), SP
	CALL	·enableFPU(SB)
	MOVQ	R15, AX
	CALL	·loadCPU(SB)
	CALL	·apMain(SB)
	INT	$3

// func codeAddr(which uintptr) uintptr
TEXT ·codeAddr(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	which+0(FP), AX
	LEAQ	·childReturn(SB), BX
	CMPQ	AX, $const_addrChild
	JEQ	done
	LEAQ	·idleEntry(SB), BX
	CMPQ	AX, $const_addrIdle
	JEQ	done
	LEAQ	·timerEntry(SB), BX
	CMPQ	AX, $const_addrTimer
	JEQ	done
	LEAQ	·wakeEntry(SB), BX
	CMPQ	AX, $const_addrWake
	JEQ	done
	LEAQ	·spuriousEntry(SB), BX
	CMPQ	AX, $const_addrSpurious
	JEQ	done
	LEAQ	·nmiEntry(SB), BX
	CMPQ	AX, $const_addrNMI
	JEQ	done
	LEAQ	·apEntry(SB), BX
done:
	MOVQ	BX, ret+8(FP)
	RET
