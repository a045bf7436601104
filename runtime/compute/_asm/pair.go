package main

import "fmt"

// pairCols is how many columns a pass of a pair multiplies: two strips of
// sixteen rows times six columns are twelve integer and twelve float sums.
const pairCols = 6

// pair emits a tile of two strips, one after the other in memory, and the
// twelve columns of a panel for 512-bit vectors, six columns at a time. An
// activation is broadcast from memory once for both strips, where tiles of one
// strip do so for every product: a Zen 5 loads two operands a cycle and
// multiplies two, so that loading is what bounds those.
func (t *tiler) pair() {
	const panelCols = 2 * pairCols
	t.cols = panelCols
	t.kind.name = fmt.Sprintf("tile%s%sn%dp", t.kind.name, t.isa.name, t.cols)
	op := t.fn(fmt.Sprintf("multiplies two strips with %d columns (see genericTile).", t.cols), t.kind.name,
		"strips, panel *byte, units int, out *float32, stride int", 0,
		tileFormula,
		"for 32 rows r and 12 columns c, six columns in a pass",
		"",
		"SI strips (the second at R11); DI panel; R8 slots and scales of the panel; R9, R10 those of the pass; R14 out; DX stride",
		"CX units left; R13 passes left; Z0-Z3 q of both strips; Z4, Z5 a; Z6, Z7 scales; Z8-Z19 integer sums; Z20-Z31 out")
	const (
		w    = 0 // weights of both strips, two steps of them
		in   = 4 // activations, a register for every other column
		sc   = 6 // scales of both strips
		ints = 8 // integer sums, strip by strip
		sums = ints + 2*pairCols
	)
	isum := func(h, c int) int { return ints + h*pairCols + c }
	fsum := func(h, c int) int { return sums + h*pairCols + c }
	t.ins("MOVQ %s, R14", op["out"])
	t.ins("MOVQ %s, DX", op["stride"])
	t.ins("SHLQ $2, DX")
	t.ins("MOVQ %s, R11", op["units"])
	t.ins("IMUL3Q $%d, R11, R11", t.unitBytes()) // bytes of a strip
	t.ins("MOVQ %s, R9", op["panel"])
	t.ins("LEAQ %d(R9), R10", t.cols*32)
	t.ins("MOVL $2, R13")
	t.ins("pass:")
	t.ins("MOVQ %s, SI", op["strips"])
	t.ins("MOVQ R9, DI")
	t.ins("MOVQ R10, R8")
	t.ins("MOVQ %s, CX", op["units"])
	for i := range 2 * pairCols {
		t.zero(sums + i)
	}
	t.ins("loop:")
	strip := func(h, off int) string {
		if h == 0 {
			return mem(off, "SI")
		}
		return mem(off, "SI") + "(R11*1)"
	}
	for i := 0; i < pairCols*32; i += 64 {
		t.ins("PREFETCHT0 %d(DI)", 2*t.panelBytes()+i)
	}
	t.ins("PREFETCHT0 %d(R8)", 2*t.panelBytes())
	steps := t.sub / 4
	for s := range t.subs() {
		slot := func(c int) string { return mem(4*t.cols*s+4*c, "R8") }
		for c := range pairCols {
			if t.min {
				t.zero(isum(0, c))
				t.zero(isum(1, c))
				continue
			}
			t.broadcast32(slot(c), isum(0, c))
			t.move(isum(0, c), isum(1, c))
		}
		for j := s * steps; j < (s+1)*steps; j++ {
			wj := w + j%2*2
			for h := range 2 {
				t.load(strip(h, j*laneBytes), wj+h)
			}
			for c := range pairCols {
				a := in + c%2
				t.broadcast32(mem(c*32+4*j, "DI"), a)
				for h := range 2 {
					t.ins("VPDPBUSD %s, %s, %s", z(a), z(wj+h), z(isum(h, c)))
				}
			}
		}
		for h := range 2 {
			t.load(strip(h, unitQ+s*laneBytes), sc+h)
			if t.min {
				t.load(strip(h, unitQ+(t.subs()+s)*laneBytes), w+2+h)
			}
		}
		for c := range pairCols {
			t.broadcast32(mem(4*t.cols*t.subs()+4*c, "R8"), in)
			for h := range 2 {
				t.unary("VCVTDQ2PS", isum(h, c), isum(h, c))
				t.op("VMULPS", in, sc+h, w+h)
				t.op("VFMADD231PS", w+h, isum(h, c), fsum(h, c))
			}
			if t.min {
				t.broadcast32(slot(c), in+1)
				for h := range 2 {
					t.op("VFNMADD231PS", in+1, w+2+h, fsum(h, c))
				}
			}
		}
	}
	t.ins("ADDQ $%d, SI", t.unitBytes())
	t.ins("ADDQ $%d, DI", t.panelBytes())
	t.ins("ADDQ $%d, R8", t.panelBytes())
	t.ins("DECQ CX")
	t.ins("JNZ loop")
	for c := range pairCols {
		for h := range 2 {
			t.store(fsum(h, c), mem(64*h, "R14"))
		}
		t.ins("ADDQ DX, R14")
	}
	t.ins("ADDQ $%d, R9", pairCols*32)
	t.ins("ADDQ $%d, R10", pairCols*4)
	t.ins("DECQ R13")
	t.ins("JNZ pass")
	t.ret()
}
