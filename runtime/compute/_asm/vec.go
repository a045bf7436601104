package main

// step is how many elements a loop of the vector operations takes; callers
// leave the rest to the generic code.
const step = 16

// vecFile emits the vector operations of vecOps. Every routine takes slices
// whose first has a length that is a multiple of step.
func vecFile(level isa) *file {
	f := newFile("vec_" + level.low())
	v := vec{level, f}
	regs := step * 4 / v.size // vectors of one step

	// each emits a loop: body(i) for vector i of a step, at byte off from
	// the slices' starts in SI, DI and DX (half of it for binary16 ones).
	each := func(n string, advance map[string]int, body func(i int)) {
		v.ins("MOVQ %s, CX", n)
		v.ins("SHRQ $4, CX")
		v.ins("JZ done")
		v.ins("loop:")
		for i := range regs {
			body(i)
		}
		for _, r := range []string{"SI", "DI", "DX"} {
			if advance[r] != 0 {
				v.ins("ADDQ $%d, %s", advance[r], r)
			}
		}
		v.ins("DECQ CX")
		v.ins("JNZ loop")
		v.ins("done:")
	}
	scalar := func(m string, r int) { v.ins("VBROADCASTSS %s, %s", m, v.r(r)) }
	sumAll := func(ret string) {
		for i := 1; i < regs; i++ {
			v.op("VADDPS", 8+i, 8, 8)
		}
		v.sumLanes(8, 0, 1)
		v.ins("VMOVSS X0, %s", ret)
	}
	at := func(i int, r string) string { return mem(i*v.size, r) }
	half := func(i int, r string) string { return mem(i*v.size/2, r) }

	for _, typ := range []string{"F32", "F16"} {
		slice, size := "[]float32", 64
		if typ == "F16" {
			slice, size = "[]uint16", 32
		}
		place := func(i int, r string) string { return mem(i*size/regs, r) }

		op := v.fn("is the inner product of a and b.", "dot"+typ+v.name, "a []float32, b "+slice+") (ret float32", 0,
			"ret = sum over i of a[i]*b[i], 16 partial sums added pairwise",
			"SI a; DI b; vectors 0.. b; 8.. sums; CX rounds of 16 elements left")
		v.ins("MOVQ %s, SI", op["a"])
		v.ins("MOVQ %s, DI", op["b"])
		for i := range regs {
			v.zero(8 + i)
		}
		each(op["a_len"], map[string]int{"SI": 64, "DI": size}, func(i int) {
			v.weights(typ, place(i, "DI"), i, 5)
			v.ins("VFMADD231PS %s, %s, %s", at(i, "SI"), v.r(i), v.r(8+i))
		})
		sumAll(op["ret"])
		v.ret()

		op = v.fn("adds a*x to dst.", "axpy"+typ+v.name, "dst []float32, a float32, x "+slice, 0,
			"dst[i] += a*x[i]",
			"SI dst; DI x; vector 4 a; 0.. x; 8.. dst; CX rounds of 16 elements left")
		v.ins("MOVQ %s, SI", op["dst"])
		v.ins("MOVQ %s, DI", op["x"])
		scalar(op["a"], 4)
		each(op["dst_len"], map[string]int{"SI": 64, "DI": size}, func(i int) {
			v.weights(typ, place(i, "DI"), i, 5)
			v.load(at(i, "SI"), 8+i)
			v.op("VFMADD231PS", 4, i, 8+i)
			v.store(8+i, at(i, "SI"))
		})
		v.ret()
	}

	op := v.fn("converts binary16 to float32.", "f16ToF32s"+v.name, "dst []float32, src []uint16", 0,
		"dst[i] = float32(src[i])",
		"SI dst; DI src; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["dst"])
	v.ins("MOVQ %s, DI", op["src"])
	each(op["dst_len"], map[string]int{"SI": 64, "DI": 32}, func(i int) {
		v.ins("VCVTPH2PS %s, %s", half(i, "DI"), v.r(i))
		v.store(i, at(i, "SI"))
	})
	v.ret()

	op = v.fn("converts float32 to binary16, to nearest even.", "f32ToF16s"+v.name, "dst []uint16, src []float32", 0,
		"dst[i] = binary16(src[i]), to nearest even",
		"SI dst; DI src; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["dst"])
	v.ins("MOVQ %s, DI", op["src"])
	each(op["dst_len"], map[string]int{"SI": 32, "DI": 64}, func(i int) {
		v.load(at(i, "DI"), i)
		v.ins("VCVTPS2PH $0, %s, %s", v.r(i), half(i, "SI"))
	})
	v.ret()

	op = v.fn("is the sum of squares.", "sumSq"+v.name, "x []float32) (ret float32", 0,
		"ret = sum over i of x[i]*x[i], 16 partial sums",
		"SI x; vectors 0.. x; 8.. sums; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["x"])
	for i := range regs {
		v.zero(8 + i)
	}
	each(op["x_len"], map[string]int{"SI": 64}, func(i int) {
		v.load(at(i, "SI"), i)
		v.op("VFMADD231PS", i, i, 8+i)
	})
	sumAll(op["ret"])
	v.ret()

	op = v.fn("sets dst to x*a*w.", "mulScale"+v.name, "a float32, dst, x, w []float32", 0,
		"dst[i] = x[i]*a*w[i]",
		"SI dst; DI x; DX w; vector 4 a; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["dst"])
	v.ins("MOVQ %s, DI", op["x"])
	v.ins("MOVQ %s, DX", op["w"])
	scalar(op["a"], 4)
	each(op["dst_len"], map[string]int{"SI": 64, "DI": 64, "DX": 64}, func(i int) {
		v.ins("VMULPS %s, %s, %s", at(i, "DI"), v.r(4), v.r(i))
		v.ins("VMULPS %s, %s, %s", at(i, "DX"), v.r(i), v.r(i))
		v.store(i, at(i, "SI"))
	})
	v.ret()

	op = v.fn("adds x to dst.", "add"+v.name, "dst, x []float32", 0,
		"dst[i] += x[i]",
		"SI dst; DI x; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["dst"])
	v.ins("MOVQ %s, DI", op["x"])
	each(op["dst_len"], map[string]int{"SI": 64, "DI": 64}, func(i int) {
		v.load(at(i, "SI"), i)
		v.ins("VADDPS %s, %s, %s", at(i, "DI"), v.r(i), v.r(i))
		v.store(i, at(i, "SI"))
	})
	v.ret()

	op = v.fn("multiplies x by a.", "scale"+v.name, "a float32, x []float32", 0,
		"x[i] *= a",
		"SI x; vector 4 a; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["x"])
	scalar(op["a"], 4)
	each(op["x_len"], map[string]int{"SI": 64}, func(i int) {
		v.ins("VMULPS %s, %s, %s", at(i, "SI"), v.r(4), v.r(i))
		v.store(i, at(i, "SI"))
	})
	v.ret()

	op = v.fn("is the largest element, -Inf if there is none.", "maximum"+v.name, "x []float32) (ret float32", 0,
		"ret = max over i of x[i], -Inf for none",
		"SI x; vectors 8.. maxima; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["x"])
	for i := range regs {
		v.load(v.data("kff800000", 32, 0xff800000), 8+i)
	}
	each(op["x_len"], map[string]int{"SI": 64}, func(i int) {
		v.ins("VMAXPS %s, %s, %s", at(i, "SI"), v.r(8+i), v.r(8+i))
	})
	for i := 1; i < regs; i++ {
		v.op("VMAXPS", 8+i, 8, 8)
	}
	v.maxLanes(8, 0, 1)
	v.ins("VMOVSS X0, %s", op["ret"])
	v.ret()

	emitExp(v, each, scalar, sumAll, at)
	emitRope(v, each, at)
	emitDelta(v)
	return f
}

// maxLanes is sumLanes with the maximum.
func (v vec) maxLanes(a, s, t int) {
	if v.size == 64 {
		v.ins("VEXTRACTF64X4 $1, %s, %s", z(a), y(t))
		v.ins("VMAXPS %s, %s, %s", y(t), y(a), y(a))
	}
	v.ins("VEXTRACTF128 $1, %s, %s", y(a), x(t))
	v.ins("VMAXPS %s, %s, %s", x(t), x(a), x(s))
	for _, imm := range []int{0x4e, 0xb1} {
		v.ins("VPERMILPS $%#x, %s, %s", imm, x(s), x(t))
		v.ins("VMAXPS %s, %s, %s", x(t), x(s), x(s))
	}
}
