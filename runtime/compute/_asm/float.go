package main

import "fmt"

// floatShapes are the register tiles of a level, rows times columns. The
// tables in level_amd64.go list the same.
func (v isa) floatShapes() [][2]int {
	switch v.size {
	case 64:
		return [][2]int{{4, 6}, {4, 4}, {4, 2}, {4, 1}, {1, 1}}
	case 32:
		return [][2]int{{4, 3}, {4, 2}, {4, 1}, {1, 1}}
	}
	return [][2]int{{4, 1}, {1, 1}}
}

func floatFile(level isa) *file {
	f := newFile("float_" + level.low())
	for _, t := range []string{"F32", "F16", "BF16"} {
		for _, s := range level.floatShapes() {
			emitFloat(vec{level, f}, t, s[0], s[1])
		}
	}
	return f
}

// emitFloat emits one shape: every product has one accumulator of a vector's
// lanes, so that its value does not depend on the shape.
func emitFloat(v vec, typ string, rows, cols int) {
	name := fmt.Sprintf("float%s%sr%dn%d", typ, v.name, rows, cols)
	op := v.fn(fmt.Sprintf("multiplies %d rows with %d columns of n vectors (see Level.floatTile).", rows, cols), name,
		"w *byte, rowBytes int, x *float32, xs, n int, out *float32, stride int, next uintptr", 0,
		fmt.Sprintf("out[c*stride+r] = sum over k of w[r][k]*x[c][k], %d rows r, %d columns c; lane l sums k = l mod %d", rows, cols, v.size/4),
		"",
		"SI w (rows at DX, 2*DX, BX = 3*DX); DI x (columns at R8, 2*R8, R9 = 3*R8, 4*R8, R10 = 5*R8); R15 out; R14 stride",
		fmt.Sprintf("CX vectors left; R11 address to prefetch; %s-%s rows of w; %s x; sums from the last register down to %s", v.r(0), v.r(rows-1), v.r(4), v.r(map[int]int{64: 32}[v.size]+map[int]int{32: 16, 16: 16}[v.size]-rows*cols)))
	v.ins("MOVQ %s, SI", op["w"])
	v.ins("MOVQ %s, DX", op["rowBytes"])
	v.ins("MOVQ %s, DI", op["x"])
	v.ins("MOVQ %s, R8", op["xs"])
	v.ins("MOVQ %s, CX", op["n"])
	v.ins("MOVQ %s, R15", op["out"])
	v.ins("MOVQ %s, R14", op["stride"])
	v.ins("MOVQ %s, R11", op["next"])
	v.ins("LEAQ (DX)(DX*2), BX")
	v.ins("SHLQ $2, R8")
	v.ins("SHLQ $2, R14")
	v.ins("LEAQ (R8)(R8*2), R9")
	v.ins("LEAQ (R8)(R8*4), R10")
	wRow := []string{"(SI)", "(SI)(DX*1)", "(SI)(DX*2)", "(SI)(BX*1)"}
	xCol := []string{"(DI)", "(DI)(R8*1)", "(DI)(R8*2)", "(DI)(R9*1)", "(DI)(R8*4)", "(DI)(R10*1)"}
	regs := 16
	if v.size == 64 {
		regs = 32
	}
	acc := func(r, c int) int { return regs - rows*cols + r*cols + c }
	for r := range rows {
		for c := range cols {
			v.zero(acc(r, c))
		}
	}
	bytes := v.size / 4 * map[string]int{"F32": 4, "F16": 2, "BF16": 2}[typ]
	v.ins("TESTQ CX, CX")
	v.ins("JZ sums")
	v.ins("loop:")
	if cols == 1 && rows > 1 { // the rows are far apart: see farRows of package compute
		for r := range rows {
			for i := 0; i < bytes; i += 64 {
				v.ins("PREFETCHT0 %d%s", 2048+i, wRow[r])
			}
		}
	} else {
		for i := 0; i < rows*bytes; i += 64 {
			v.ins("PREFETCHT0 %d(R11)", i)
		}
	}
	for r := range rows {
		v.weights(typ, wRow[r], r, 5)
	}
	for c := range cols {
		switch {
		case v.size == 16:
			v.load(xCol[c], 4)
			for r := range rows {
				v.move(4, 5)
				v.ins("MULPS %s, %s", x(r), x(5))
				v.ins("ADDPS %s, %s", x(5), x(acc(r, c)))
			}
		case rows > 1 && rows*cols+5 <= regs:
			v.load(xCol[c], 4)
			for r := range rows {
				v.op("VFMADD231PS", 4, r, acc(r, c))
			}
		default:
			for r := range rows {
				v.ins("VFMADD231PS %s, %s, %s", xCol[c], v.r(r), v.r(acc(r, c)))
			}
		}
	}
	v.ins("ADDQ $%d, SI", bytes)
	v.ins("ADDQ $%d, DI", v.size)
	v.ins("ADDQ $%d, R11", rows*bytes)
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	v.ins("sums:")
	for c := range cols {
		for r := range rows {
			v.sumLanes(acc(r, c), 0, 1)
			if v.size > 16 {
				v.ins("VMOVSS X0, %d(R15)", 4*r)
			} else {
				v.ins("MOVSS X0, %d(R15)", 4*r)
			}
		}
		v.ins("ADDQ R14, R15")
	}
	v.ret()
}

// weights loads a vector of weights as float32 into r; t.. are temporary.
func (v vec) weights(typ, m string, r, t int) {
	switch {
	case typ == "F32":
		v.load(m, r)
	case typ == "F16" && v.size > 16:
		v.ins("VCVTPH2PS %s, %s", m, v.r(r))
	case typ == "BF16" && v.size > 16:
		v.ins("VPMOVZXWD %s, %s", m, v.r(r))
		v.shift("VPSLLD", 16, r, r)
	case typ == "BF16":
		v.ins("MOVQ %s, %s", m, x(t))
		v.zero(r)
		v.ins("PUNPCKLWL %s, %s", x(t), x(r))
	default:
		v.ins("MOVQ %s, %s", m, x(t+2))
		v.zero(t)
		v.ins("PUNPCKLWL %s, %s", x(t), x(t+2))
		(&unpacker{vec: v}).half(t+2, r, t)
	}
}

// sumLanes adds the lanes of a into lane 0 of s, halves first.
func (v vec) sumLanes(a, s, t int) {
	switch v.size {
	case 64:
		v.ins("VEXTRACTF64X4 $1, %s, %s", z(a), y(t))
		v.ins("VEXTRACTF64X4 $0, %s, %s", z(a), y(s))
		v.ins("VADDPS %s, %s, %s", y(t), y(s), y(s))
		v.ins("VEXTRACTF128 $1, %s, %s", y(s), x(t))
	case 32:
		v.ins("VEXTRACTF128 $1, %s, %s", y(a), x(t))
		v.move(a, s)
	default:
		v.move(a, s)
		v.ins("MOVO %s, %s", x(s), x(t))
		v.ins("SHUFPS $0x4e, %s, %s", x(t), x(t))
		v.ins("ADDPS %s, %s", x(t), x(s))
		v.ins("MOVO %s, %s", x(s), x(t))
		v.ins("SHUFPS $0xb1, %s, %s", x(t), x(t))
		v.ins("ADDSS %s, %s", x(t), x(s))
		return
	}
	v.ins("VADDPS %s, %s, %s", x(t), x(s), x(s))
	v.ins("VPERMILPS $0x4e, %s, %s", x(s), x(t))
	v.ins("VADDPS %s, %s, %s", x(t), x(s), x(s))
	v.ins("VPERMILPS $0xb1, %s, %s", x(s), x(t))
	v.ins("VADDSS %s, %s, %s", x(t), x(s), x(s))
}
