#include "textflag.h"
#include "go_asm.h"

// Single instructions the kernel needs and Go does not have.

TEXT ·readCR3(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	CR3, AX
	MOVQ	AX, ret+0(FP)
	RET

TEXT ·writeCR3(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	v+0(FP), AX
	MOVQ	AX, CR3
	RET

TEXT ·readCR4(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	CR4, AX
	MOVQ	AX, ret+0(FP)
	RET

// func invlpg(a uintptr)
TEXT ·invlpg(SB),NOSPLIT|NOFRAME,$0-8
	MOVQ	a+0(FP), AX
	INVLPG	(AX)
	RET

TEXT ·rdtsc(SB),NOSPLIT|NOFRAME,$0-8
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+0(FP)
	RET

// func ticks() uint64: the time stamp counter, as the boot processor's shows it. No
// interrupt may come between the counter and the correction.
TEXT ·ticks(SB),NOSPLIT|NOFRAME,$0-8
	PUSHFQ
	CLI
	RDTSC
	SHLQ	$32, DX
	ORQ	DX, AX
	ADDQ	cpu_skew(GS), AX
	POPFQ
	MOVQ	AX, ret+0(FP)
	RET

// func fence(): all earlier stores are visible, all earlier loads done
TEXT ·fence(SB),NOSPLIT|NOFRAME,$0
	MFENCE
	LFENCE
	RET

// func out8(port uint32, v uint32)
TEXT ·out8(SB),NOSPLIT|NOFRAME,$0-8
	MOVL	port+0(FP), DX
	MOVL	v+4(FP), AX
	OUTB
	RET

// func out16(port uint32, v uint32)
TEXT ·out16(SB),NOSPLIT|NOFRAME,$0-8
	MOVL	port+0(FP), DX
	MOVL	v+4(FP), AX
	OUTW
	RET

// func out32(port uint32, v uint32)
TEXT ·out32(SB),NOSPLIT|NOFRAME,$0-8
	MOVL	port+0(FP), DX
	MOVL	v+4(FP), AX
	OUTL
	RET

// func in8(port uint32) uint32
TEXT ·in8(SB),NOSPLIT|NOFRAME,$0-12
	MOVL	port+0(FP), DX
	XORL	AX, AX
	INB
	MOVL	AX, ret+8(FP)
	RET

// func in16(port uint32) uint32
TEXT ·in16(SB),NOSPLIT|NOFRAME,$0-12
	MOVL	port+0(FP), DX
	XORL	AX, AX
	INW
	MOVL	AX, ret+8(FP)
	RET

// func in32(port uint32) uint32
TEXT ·in32(SB),NOSPLIT|NOFRAME,$0-12
	MOVL	port+0(FP), DX
	XORL	AX, AX
	INL
	MOVL	AX, ret+8(FP)
	RET

// func rdrand() (v, ok uint64)
TEXT ·rdrand(SB),NOSPLIT|NOFRAME,$0-16
	MOVL	$10, CX
again:
	RDRANDQ	AX
	JCS	good
	SUBL	$1, CX
	JNE	again
	MOVQ	$0, ok+8(FP)
	RET
good:
	MOVQ	AX, v+0(FP)
	MOVQ	$1, ok+8(FP)
	RET

// func cpuid(leaf, sub uint32) (a, b, c, d uint32)
TEXT ·cpuid(SB),NOSPLIT|NOFRAME,$0-24
	MOVL	leaf+0(FP), AX
	MOVL	sub+4(FP), CX
	CPUID
	MOVL	AX, a+8(FP)
	MOVL	BX, b+12(FP)
	MOVL	CX, c+16(FP)
	MOVL	DX, d+20(FP)
	RET

// func rdmsr(msr uint32) uint64
TEXT ·rdmsr(SB),NOSPLIT|NOFRAME,$0-16
	MOVL	msr+0(FP), CX
	RDMSR
	SHLQ	$32, DX
	ORQ	DX, AX
	MOVQ	AX, ret+8(FP)
	RET

// func wrmsr(msr uint32, v uint64)
TEXT ·wrmsr(SB),NOSPLIT|NOFRAME,$0-16
	MOVL	msr+0(FP), CX
	MOVQ	v+8(FP), AX
	MOVQ	AX, DX
	SHRQ	$32, DX
	WRMSR
	RET
