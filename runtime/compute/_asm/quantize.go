package main

// quantizeFile emits the rounding of activations to int8 (see genericQuantize).
func quantizeFile(level isa) *file {
	f := newFile("quantize_" + level.low())
	v := vec{level, f}
	op := v.fn("quantises blocks of 32 activations (see genericQuantize); mode is 0 for\n"+
		"// integer slots, 1 for float slots, plus 2 for two of them.", "quantize"+level.name,
		"q, slot, scale *byte, x *float32, blocks, stride, slotStride, off, mode int", 0,
		"d = max|x|/127; q[i] = round(x[i]/d), ties to even; scale = d, for 32 x at a time",
		"slot = -off * sum of q (mode 0, 2), or d * sum of q as float (mode 1, 3); one slot, or one for each 16 (mode 2, 3)",
		"",
		"DI q; R8 slot; R9 scale; SI x; CX blocks left; Y0-Y3 the block's x, then q")
	for _, p := range [][2]string{
		{"q", "DI"}, {"slot", "R8"}, {"scale", "R9"}, {"x", "SI"}, {"blocks", "CX"},
		{"stride", "DX"}, {"slotStride", "R10"}, {"off", "R11"}, {"mode", "R12"},
	} {
		v.ins("MOVQ %s, %s", op[p[0]], p[1])
	}
	v.ins("NEGQ R11")
	abs := v.data("k7fffffff", 32, 0x7fffffff)
	v.ins("VMOVUPS %s, Y15", v.data("kf127", 32, 0x42fe0000))
	v.ins("VMOVUPS %s, Y14", v.data("kfmin", 32, 0x0d800000)) // 2^-100
	v.ins("VMOVDQU %s, Y13", v.data("ones8", 8, 1))
	v.ins("VMOVDQU %s, Y12", v.data("ones16", 16, 1))
	v.ins("VMOVDQU %s, Y11", v.data("unpack", 64, 0x0000000400000000, 0x0000000500000001, 0x0000000600000002, 0x0000000700000003))
	v.ins("loop:")
	v.note("m = max |x|")
	for i := range 4 {
		v.load(mem(32*i, "SI"), i)
		v.ins("VANDPS %s, %s, %s", abs, y(i), y(4+i))
	}
	v.op("VMAXPS", 5, 4, 4)
	v.op("VMAXPS", 7, 6, 6)
	v.op("VMAXPS", 6, 4, 4)
	v.ins("VEXTRACTF128 $1, Y4, X5")
	v.ins("VMAXPS X5, X4, X4")
	v.ins("VPERMILPS $0x4e, X4, X5")
	v.ins("VMAXPS X5, X4, X4")
	v.ins("VPERMILPS $0xb1, X4, X5")
	v.ins("VMAXPS X5, X4, X4")
	v.note("127/m and m/127, both zero if m < 2^-100")
	v.ins("VCMPPS $5, X14, X4, X5")
	v.ins("VDIVPS X4, X15, X6")
	v.ins("VANDPS X5, X6, X6")
	v.ins("VDIVPS X15, X4, X4")
	v.ins("VANDPS X5, X4, X4")
	v.ins("VMOVSS X4, (R9)")
	v.ins("VBROADCASTSS X6, Y6")
	for i := range 4 {
		v.op("VMULPS", 6, i, i)
		v.ins("VCVTPS2DQ %s, %s", y(i), y(i))
	}
	v.ins("VPACKSSDW Y1, Y0, Y0")
	v.ins("VPACKSSDW Y3, Y2, Y2")
	v.ins("VPACKSSWB Y2, Y0, Y0")
	v.ins("VPERMD Y0, Y11, Y0")
	v.store(0, "(DI)")
	v.note("sums of 16 each, in AX and BX")
	v.ins("VPMADDUBSW Y0, Y13, Y0")
	v.ins("VPMADDWD Y12, Y0, Y0")
	v.ins("VPHADDD Y0, Y0, Y0")
	v.ins("VPHADDD Y0, Y0, Y0")
	v.ins("VEXTRACTI128 $1, Y0, X1")
	v.ins("VMOVD X0, AX")
	v.ins("VMOVD X1, BX")
	v.ins("TESTQ $2, R12")
	v.ins("JNZ two")
	v.ins("ADDL BX, AX")
	v.ins("two:")
	v.ins("TESTQ $1, R12")
	v.ins("JNZ float")
	v.ins("IMULL R11, AX")
	v.ins("MOVL AX, (R8)")
	v.ins("TESTQ $2, R12")
	v.ins("JZ next")
	v.ins("IMULL R11, BX")
	v.ins("MOVL BX, (R8)(R10*1)")
	v.ins("JMP next")
	v.ins("float:")
	v.ins("VXORPS X0, X0, X0")
	v.ins("VCVTSI2SSL AX, X0, X0")
	v.ins("VMULSS X4, X0, X0")
	v.ins("VMOVSS X0, (R8)")
	v.ins("TESTQ $2, R12")
	v.ins("JZ next")
	v.ins("VCVTSI2SSL BX, X0, X0")
	v.ins("VMULSS X4, X0, X0")
	v.ins("VMOVSS X0, (R8)(R10*1)")
	v.ins("next:")
	v.ins("ADDQ $128, SI")
	for _, r := range []string{"DI", "R8", "R9"} {
		v.ins("ADDQ DX, %s", r)
	}
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	v.ret()
	return f
}
