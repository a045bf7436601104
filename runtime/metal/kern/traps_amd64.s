#include "textflag.h"

// One entry for each exception: push a zero where the CPU pushes no error code
// (SDM volume 3A table 6-1), then the vector.

#define PLAIN(name, vector) \
TEXT name(SB),NOSPLIT|NOFRAME|TOPFRAME,$0 \
	PUSHQ	$0 \
	PUSHQ	$vector \
	JMP	·trapEntry(SB)

#define CODED(name, vector) \
TEXT name(SB),NOSPLIT|NOFRAME|TOPFRAME,$0 \
	PUSHQ	$vector \
	JMP	·trapEntry(SB)

PLAIN(·trap00, 0)
PLAIN(·trap01, 1)
PLAIN(·trap02, 2)
PLAIN(·trap03, 3)
PLAIN(·trap04, 4)
PLAIN(·trap05, 5)
PLAIN(·trap06, 6)
PLAIN(·trap07, 7)
CODED(·trap08, 8)
PLAIN(·trap09, 9)
CODED(·trap10, 10)
CODED(·trap11, 11)
CODED(·trap12, 12)
CODED(·trap13, 13)
CODED(·trap14, 14)
PLAIN(·trap15, 15)
PLAIN(·trap16, 16)
CODED(·trap17, 17)
PLAIN(·trap18, 18)
PLAIN(·trap19, 19)
PLAIN(·trap20, 20)
CODED(·trap21, 21)
PLAIN(·trap22, 22)
PLAIN(·trap23, 23)
PLAIN(·trap24, 24)
PLAIN(·trap25, 25)
PLAIN(·trap26, 26)
PLAIN(·trap27, 27)
PLAIN(·trap28, 28)
CODED(·trap29, 29)
CODED(·trap30, 30)
PLAIN(·trap31, 31)

// func trapStub(v uintptr) uintptr
TEXT ·trapStub(SB),NOSPLIT|NOFRAME,$0-16
	MOVQ	v+0(FP), AX
	LEAQ	·trapTable(SB), BX
	MOVQ	(BX)(AX*8), AX
	MOVQ	AX, ret+8(FP)
	RET

DATA ·trapTable+0(SB)/8, $·trap00(SB)
DATA ·trapTable+8(SB)/8, $·trap01(SB)
DATA ·trapTable+16(SB)/8, $·trap02(SB)
DATA ·trapTable+24(SB)/8, $·trap03(SB)
DATA ·trapTable+32(SB)/8, $·trap04(SB)
DATA ·trapTable+40(SB)/8, $·trap05(SB)
DATA ·trapTable+48(SB)/8, $·trap06(SB)
DATA ·trapTable+56(SB)/8, $·trap07(SB)
DATA ·trapTable+64(SB)/8, $·trap08(SB)
DATA ·trapTable+72(SB)/8, $·trap09(SB)
DATA ·trapTable+80(SB)/8, $·trap10(SB)
DATA ·trapTable+88(SB)/8, $·trap11(SB)
DATA ·trapTable+96(SB)/8, $·trap12(SB)
DATA ·trapTable+104(SB)/8, $·trap13(SB)
DATA ·trapTable+112(SB)/8, $·trap14(SB)
DATA ·trapTable+120(SB)/8, $·trap15(SB)
DATA ·trapTable+128(SB)/8, $·trap16(SB)
DATA ·trapTable+136(SB)/8, $·trap17(SB)
DATA ·trapTable+144(SB)/8, $·trap18(SB)
DATA ·trapTable+152(SB)/8, $·trap19(SB)
DATA ·trapTable+160(SB)/8, $·trap20(SB)
DATA ·trapTable+168(SB)/8, $·trap21(SB)
DATA ·trapTable+176(SB)/8, $·trap22(SB)
DATA ·trapTable+184(SB)/8, $·trap23(SB)
DATA ·trapTable+192(SB)/8, $·trap24(SB)
DATA ·trapTable+200(SB)/8, $·trap25(SB)
DATA ·trapTable+208(SB)/8, $·trap26(SB)
DATA ·trapTable+216(SB)/8, $·trap27(SB)
DATA ·trapTable+224(SB)/8, $·trap28(SB)
DATA ·trapTable+232(SB)/8, $·trap29(SB)
DATA ·trapTable+240(SB)/8, $·trap30(SB)
DATA ·trapTable+248(SB)/8, $·trap31(SB)
GLOBL ·trapTable(SB), RODATA|NOPTR, $256
