//go:build tamago && amd64

#include "textflag.h"

// func in8(p uint32) uint32
TEXT ·in8(SB), NOSPLIT, $0-12
	MOVL p+0(FP), DX
	XORL AX, AX
	INB
	MOVL AX, ret+8(FP)
	RET

// func in16(p uint32) uint32
TEXT ·in16(SB), NOSPLIT, $0-12
	MOVL p+0(FP), DX
	XORL AX, AX
	INW
	MOVL AX, ret+8(FP)
	RET

// func in32(p uint32) uint32
TEXT ·in32(SB), NOSPLIT, $0-12
	MOVL p+0(FP), DX
	INL
	MOVL AX, ret+8(FP)
	RET

// func out8(p, v uint32)
TEXT ·out8(SB), NOSPLIT, $0-8
	MOVL p+0(FP), DX
	MOVL v+4(FP), AX
	OUTB
	RET

// func out16(p, v uint32)
TEXT ·out16(SB), NOSPLIT, $0-8
	MOVL p+0(FP), DX
	MOVL v+4(FP), AX
	OUTW
	RET

// func out32(p, v uint32)
TEXT ·out32(SB), NOSPLIT, $0-8
	MOVL p+0(FP), DX
	MOVL v+4(FP), AX
	OUTL
	RET

#define XSAVE (1<<26)   // CPUID.1:ECX
#define OSXSAVE (1<<18) // CR4
#define WANTED 0xe7     // XCR0: x87, SSE, AVX, three parts of AVX-512

// func enableAVX()
TEXT ·enableAVX(SB), NOSPLIT, $0-0
	MOVL $1, AX
	XORL CX, CX
	CPUID
	TESTL $XSAVE, CX
	JZ   none
	MOVQ CR4, AX
	ORQ  $OSXSAVE, AX
	MOVQ AX, CR4

	// EAX of leaf 13 is what XCR0 may have set.
	MOVL $13, AX
	XORL CX, CX
	CPUID
	ANDL $WANTED, AX
	XORL DX, DX
	XORL CX, CX
	BYTE $0x0f; BYTE $0x01; BYTE $0xd1 // XSETBV
none:
	RET
