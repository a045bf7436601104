package main

import "math"

func bits(f float64) uint32 { return math.Float32bits(float32(f)) }

// exp replaces register r by exp(r), for r at most 88.3; below -87.3 it gives
// 0. t..t+2 are overwritten.
//
//	n = round(x/ln2), g = x - n*ln2 (in two parts), exp(x) = 2^n * exp(g)
//
// with the Taylor polynomial of degree 7 for |g| <= ln2/2: its error is
// 5e-9, below the rounding of float32.
func (v vec) exp(r, t int) {
	const ln2Hi, ln2Lo = 0.693359375, -2.12194440e-4 // the high part has 9 bits: n*ln2Hi is exact
	v.opc("VMULPS", bits(1/math.Ln2), r, t)
	if v.size == 64 {
		v.ins("VRNDSCALEPS $8, %s, %s", v.r(t), v.r(t))
	} else {
		v.ins("VROUNDPS $8, %s, %s", v.r(t), v.r(t))
	}
	v.move(r, t+1)
	v.fmac("VFNMADD231PS", bits(ln2Hi), t, t+1)
	v.fmac("VFNMADD231PS", bits(ln2Lo), t, t+1)
	fact := 5040.0
	v.constant(bits(1/fact), t+2)
	for k := 7.0; k >= 1; k-- {
		fact /= k
		v.fmac("VFMADD213PS", bits(1/fact), t+1, t+2)
	}
	v.ins("VCVTPS2DQ %s, %s", v.r(t), v.r(t))
	v.shift("VPSLLD", 23, t, t)
	v.op("VPADDD", t, t+2, t+2)
	v.note("zero where x < -87.3, NaN where x is")
	low := v.data("kexplow", 32, uint64(bits(-87.3)))
	if v.size == 64 {
		v.ins("VCMPPS.BCST $5, %s, %s, K1", low, v.r(r))
		v.ins("VMOVAPS.Z %s, K1, %s", v.r(t+2), v.r(r))
	} else {
		v.ins("VCMPPS $5, %s, %s, %s", low, v.r(r), v.r(r))
		v.op("VANDPS", t+2, r, r)
	}
}

// fmac emits a fused multiply-add with a constant as its memory operand.
func (v vec) fmac(name string, c uint32, b, dst int) {
	k := v.data("f"+hex(c), 32, uint64(c))
	if v.size == 64 {
		v.ins("%s.BCST %s, %s, %s", name, k, v.r(b), v.r(dst))
		return
	}
	v.ins("%s %s, %s, %s", name, k, v.r(b), v.r(dst))
}

// constant fills a register.
func (v vec) constant(c uint32, r int) {
	v.ins("VBROADCASTSS %s, %s", v.data("f"+hex(c), 32, uint64(c)), v.r(r))
}

func hex(c uint32) string {
	const digits = "0123456789abcdef"
	b := make([]byte, 8)
	for i := range b {
		b[i] = digits[c>>(28-4*i)&15]
	}
	return string(b)
}

type eachFunc func(n string, advance map[string]int, body func(i int))

// emitExp emits softmax's exponential and the gated activations.
func emitExp(v vec, each eachFunc, scalar func(string, int), sumAll func(string), at func(int, string) string) {
	regs := step * 4 / v.size
	op := v.fn("replaces x by exp(x-shift) and returns the sum.", "expSum"+v.name, "x []float32, shift float32) (ret float32", 0,
		"x[i] = exp(x[i]-shift); ret = sum of the new x[i]",
		"SI x; vector 12 shift; 8.. sums; others: see exp; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["x"])
	scalar(op["shift"], 12)
	for i := range regs {
		v.zero(8 + i)
	}
	each(op["x_len"], map[string]int{"SI": 64}, func(i int) {
		v.load(at(i, "SI"), 0)
		v.op("VSUBPS", 12, 0, 0)
		v.exp(0, 1)
		v.op("VADDPS", 0, 8+i, 8+i)
		v.store(0, at(i, "SI"))
	})
	sumAll(op["ret"])
	v.ret()

	// Both gates are x / (1 + exp(-u)): u is x for SiLU; tanh's form of GELU
	// has u = 2 sqrt(2/pi) (x + 0.044715 x^3), as (1+tanh(a))/2 = 1/(1+exp(-2a)).
	for _, gate := range []string{"silu", "gelu"} {
		op := v.fn("sets dst to "+gate+"(gate)*up.", gate+"Mul"+v.name, "dst, gate, up []float32", 0,
			map[string]string{"silu": "dst[i] = g/(1+exp(-g)) * up[i], g = gate[i]", "gelu": "dst[i] = g/(1+exp(-u)) * up[i], g = gate[i], u = 2*sqrt(2/pi)*(g + 0.044715*g^3)"}[gate],
			"SI dst; DI gate; DX up; vector 12 one; others: see exp; CX rounds of 16 elements left")
		v.ins("MOVQ %s, SI", op["dst"])
		v.ins("MOVQ %s, DI", op["gate"])
		v.ins("MOVQ %s, DX", op["up"])
		v.constant(bits(1), 12)
		v.constant(bits(88), 13)
		v.constant(bits(-100), 14)
		each(op["dst_len"], map[string]int{"SI": 64, "DI": 64, "DX": 64}, func(i int) {
			const twoRoot = 2 * 0.79788456080286535587989211986876
			v.load(at(i, "DI"), 4)
			if gate == "silu" {
				v.opc("VXORPS", 1<<31, 4, 0)
			} else {
				v.op("VMULPS", 4, 4, 0)
				v.constant(bits(-twoRoot), 5)
				v.fmac("VFMADD132PS", bits(-twoRoot*0.044715), 5, 0)
				v.op("VMULPS", 4, 0, 0)
			}
			v.op("VMINPS", 0, 13, 0) // exp(88) is finite; NaN passes
			v.exp(0, 1)
			v.op("VADDPS", 12, 0, 0)
			v.op("VMAXPS", 4, 14, 4) // so that the clamped quotient is near 0
			v.op("VDIVPS", 0, 4, 4)
			v.ins("VMULPS %s, %s, %s", at(i, "DX"), v.r(4), v.r(4))
			v.store(4, at(i, "SI"))
		})
		v.ret()
	}
}

// emitRope emits the two rotations.
func emitRope(v vec, each eachFunc, at func(int, string) string) {
	op := v.fn("turns the pairs (x[i], x[i+n]).", "ropeNeoX"+v.name, "cos, sin, x, y []float32", 0,
		"x[i], y[i] = x[i]*cos[i] - y[i]*sin[i], x[i]*sin[i] + y[i]*cos[i]",
		"SI cos; DI sin; DX x; BX y; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["cos"])
	v.ins("MOVQ %s, DI", op["sin"])
	v.ins("MOVQ %s, DX", op["x"])
	v.ins("MOVQ %s, BX", op["y"])
	each(op["cos_len"], map[string]int{"SI": 64, "DI": 64, "DX": 64}, func(i int) {
		v.load(at(i, "SI"), 0)
		v.load(at(i, "DI"), 1)
		v.load(at(i, "DX"), 2)
		v.load(at(i, "BX"), 3)
		v.op("VMULPS", 3, 1, 4) // y*sin
		v.op("VMULPS", 2, 1, 5) // x*sin
		v.ins("VFMSUB231PS %s, %s, %s", v.r(2), v.r(0), v.r(4))
		v.ins("VFMADD231PS %s, %s, %s", v.r(3), v.r(0), v.r(5))
		v.store(4, at(i, "DX"))
		v.store(5, at(i, "BX"))
		if i == step*4/v.size-1 {
			v.ins("ADDQ $64, BX")
		}
	})
	v.ret()

	// Lanes 2i and 2i+1 share an angle: both vectors are doubled, the pair
	// swapped, and x*cos -/+ swapped*sin is one instruction.
	op = v.fn("turns the pairs (x[2i], x[2i+1]).", "ropeNorm"+v.name, "cos, sin, x []float32", 0,
		"x[2i], x[2i+1] = x[2i]*cos[i] - x[2i+1]*sin[i], x[2i]*sin[i] + x[2i+1]*cos[i]",
		"SI cos; DI sin; DX x; CX rounds of 16 elements left")
	v.ins("MOVQ %s, SI", op["cos"])
	v.ins("MOVQ %s, DI", op["sin"])
	v.ins("MOVQ %s, DX", op["x"])
	var idx string
	if v.size == 64 {
		idx = v.data("twice16", 64, 0x0000000000000000, 0x0000000100000001, 0x0000000200000002, 0x0000000300000003,
			0x0000000400000004, 0x0000000500000005, 0x0000000600000006, 0x0000000700000007)
	} else {
		idx = v.data("twice8", 64, 0x0000000000000000, 0x0000000100000001, 0x0000000200000002, 0x0000000300000003)
	}
	v.load(idx, 12)
	each(op["cos_len"], map[string]int{"SI": 64, "DI": 64, "DX": 128}, func(i int) {
		for h := range 2 { // a step has twice as many x as angles
			k := 2*i + h
			low := x // a vector of angles is half as long
			if v.size == 64 {
				low = y
			}
			v.ins("VMOVDQU %s, %s", mem(k*v.size/2, "SI"), low(0))
			v.ins("VMOVDQU %s, %s", mem(k*v.size/2, "DI"), low(1))
			v.ins("VPERMD %s, %s, %s", v.r(0), v.r(12), v.r(0))
			v.ins("VPERMD %s, %s, %s", v.r(1), v.r(12), v.r(1))
			v.load(at(k, "DX"), 2)
			v.ins("VPERMILPS $0xb1, %s, %s", v.r(2), v.r(3))
			v.op("VMULPS", 3, 1, 3)
			v.ins("VFMADDSUB213PS %s, %s, %s", v.r(3), v.r(0), v.r(2))
			v.store(2, at(k, "DX"))
		}
	})
	v.ret()
}
