package main

// emitDelta emits one row of the gated delta rule for all tokens of a batch.
func emitDelta(v vec) {
	regs := step * 4 / v.size
	op := v.fn("advances one row of a gated delta rule by n tokens (see DeltaRule); the row has 16*steps elements.", "delta"+v.name,
		"s *float32, steps int, k, q *float32, stride int, v, decay, beta *float32, gates int, out *float32, outStep, n int", 0,
		"for each token: d = beta*(v - decay*(s . k)); s = decay*s + d*k; out = s . q",
		"",
		"SI s; DI k; DX q, stride R8 bytes; R9 v; R10 decay, R11 beta, R12 bytes apart; R13 out, R14 bytes apart; R15 tokens left",
		"BX steps; CX steps left; AX offset of the step; vectors 0.. s; 4 d; 5 decay; 8.. partial sums")
	for _, p := range [][2]string{{"s", "SI"}, {"steps", "BX"}, {"k", "DI"}, {"q", "DX"}, {"stride", "R8"}, {"v", "R9"}, {"decay", "R10"},
		{"beta", "R11"}, {"gates", "R12"}, {"out", "R13"}, {"outStep", "R14"}, {"n", "R15"}} {
		v.ins("MOVQ %s, %s", op[p[0]], p[1])
	}
	for _, r := range []string{"R8", "R12", "R14"} {
		v.ins("SHLQ $2, %s", r)
	}
	at := func(i int, r string) string { return mem(i*v.size, r) + "(AX*1)" }
	pass := func(label string, body func(i int)) {
		v.ins("XORQ AX, AX")
		v.ins("MOVQ BX, CX")
		for i := range regs {
			v.zero(8 + i)
		}
		v.ins("%s:", label)
		for i := range regs {
			body(i)
		}
		v.ins("ADDQ $64, AX")
		v.ins("DECQ CX")
		v.ins("JNZ %s", label)
		for i := 1; i < regs; i++ {
			v.op("VADDPS", 8+i, 8, 8)
		}
		v.sumLanes(8, 0, 1)
	}
	v.ins("token:")
	pass("product", func(i int) {
		v.load(at(i, "SI"), i)
		v.ins("VFMADD231PS %s, %s, %s", at(i, "DI"), v.r(i), v.r(8+i))
	})
	v.ins("VMULSS (R10), X0, X0")
	v.ins("VMOVSS (R9), X2")
	v.ins("VSUBSS X0, X2, X2")
	v.ins("VMULSS (R11), X2, X2")
	v.ins("VBROADCASTSS X2, %s", v.r(4))
	v.ins("VBROADCASTSS (R10), %s", v.r(5))
	pass("update", func(i int) {
		v.ins("VMULPS %s, %s, %s", at(i, "SI"), v.r(5), v.r(i))
		v.ins("VFMADD231PS %s, %s, %s", at(i, "DI"), v.r(4), v.r(i))
		v.store(i, at(i, "SI"))
		v.ins("VFMADD231PS %s, %s, %s", at(i, "DX"), v.r(i), v.r(8+i))
	})
	v.ins("VMOVSS X0, (R13)")
	for _, p := range [][2]string{{"R8", "DI"}, {"R8", "DX"}, {"R8", "R9"}, {"R12", "R10"}, {"R12", "R11"}, {"R14", "R13"}} {
		v.ins("ADDQ %s, %s", p[0], p[1])
	}
	v.ins("DECQ R15")
	v.ins("JNZ token")
	v.ret()
}
