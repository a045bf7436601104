package main

import "fmt"

// kind is one way to multiply a unit, see genericTile.
type kind struct {
	name string
	sub  int
	min  bool
	// widen is after how many vectors the int16 sums of VPMADDUBSW must be
	// widened: 8 for q of 4 bits (8*2*15*127 < 2^15), 4 for 5 bits, 2 for 6;
	// 0 for signed q of 8 bits, where |q| times the activation with q's sign
	// is 2*128*127 at most and every pair is widened.
	widen int
}

func (k kind) subs() int { return 32 / k.sub }

func (k kind) unitBytes() int { return format{sub: k.sub, min: k.min}.unitBytes() }

// kinds a level needs: exact int32 sums need no distinction by bits.
func (v isa) kinds() []kind {
	if v.dot == "maddubs" {
		return []kind{
			{"32x8", 32, false, 0}, {"32x5", 32, false, 4}, {"32x4", 32, false, 8},
			{"32m5", 32, true, 4}, {"32m4", 32, true, 8}, {"16x6", 16, false, 2}, {"16m2", 16, true, 4},
		}
	}
	return []kind{{"32x", 32, false, 1}, {"32m", 32, true, 1}, {"16x", 16, false, 1}, {"16m", 16, true, 1}}
}

// shape is a register tile: halves vectors of rows times cols columns.
type shape struct{ halves, cols int }

// shapes of a level; the widths table in level_amd64.go lists the same columns.
func (v isa) shapes() []shape {
	switch v.dot + v.reg {
	case "dpbusdZ":
		return []shape{{1, 12}, {1, 8}, {1, 4}, {1, 2}, {1, 1}}
	case "dpbusdY":
		return []shape{{1, 4}, {1, 2}, {2, 1}}
	case "maddubsY":
		return []shape{{1, 4}, {1, 2}, {2, 1}}
	}
	return []shape{{4, 1}}
}

func tileFile(level isa) *file {
	f := newFile("tile_" + level.low())
	for _, k := range level.kinds() {
		for _, s := range level.shapes() {
			t := &tiler{vec: vec{level, f}, kind: k, shape: s}
			t.emit()
		}
		if level.size == 64 {
			(&tiler{vec: vec{level, f}, kind: k}).pair()
		}
	}
	return f
}

// tiler emits one tile routine.
type tiler struct {
	vec
	kind
	shape
	facc, iacc int // first float and first integer accumulator
	free       int // first of the temporary registers
	scratch    int // how many there are
}

// tileFormula is what every tile computes.
const tileFormula = "out[c*stride+r] += float(sum over k of q[r][k]*a[c][k] + slot[c]) * (scale[r]*da[c]), or - min[r]*slot[c] behind it"

// notes are the formula and the registers of a tile.
func (t *tiler) notes() []string {
	t.allot()
	n := t.halves * t.cols
	return []string{
		tileFormula,
		fmt.Sprintf("for 16 rows r and %d columns c, each sub-block of %d columns k in order", t.cols, t.sub),
		"",
		"SI unit of the strip; DI that of the panel; R15 out; CX units left",
		fmt.Sprintf("R12 strip and R14 out of the group; R13 groups of %d rows left; DX stride in bytes", t.halves*t.size/4),
		fmt.Sprintf("%s-%s out[c]; %s-%s integer sums; those below hold q, a and scales", t.r(t.facc), t.r(t.facc+n-1), t.r(t.iacc), t.r(t.facc-1)),
	}
}

func (t *tiler) emit() {
	t.kind.name = fmt.Sprintf("tile%s%sn%d", t.kind.name, t.isa.name, t.cols)
	op := t.fn(fmt.Sprintf("multiplies a strip with %d columns (see genericTile).", t.cols), t.kind.name,
		"strip, panel *byte, units int, out *float32, stride, add int", 0, t.notes()...)
	groups := 64 / t.size / t.halves
	t.ins("MOVQ %s, R12", op["strip"])
	t.ins("MOVQ %s, R14", op["out"])
	t.ins("MOVQ %s, DX", op["stride"])
	t.ins("SHLQ $2, DX")
	t.ins("MOVL $%d, R13", groups)
	t.ins("group:")
	t.ins("MOVQ R12, SI")
	t.ins("MOVQ %s, DI", op["panel"])
	t.ins("MOVQ %s, CX", op["units"])
	for h := range t.halves {
		for c := range t.cols {
			t.zero(t.f(h, c))
		}
	}
	t.ins("MOVQ %s, AX", op["add"])
	t.ins("TESTQ AX, AX")
	t.ins("JZ loop")
	t.outputs(func(r int, m string) { t.load(m, r) })
	t.ins("loop:")
	if t.cols > 2 {
		// The panel comes from the second level cache.
		for i := 0; i < t.panelBytes(); i += 64 {
			t.ins("PREFETCHT0 %d(DI)", 2*t.panelBytes()+i)
		}
	}
	for s := range t.subs() {
		switch t.dot {
		case "dpbusd":
			t.dpbusd(s)
		case "maddubs":
			t.maddubs(s)
		default:
			t.maddwd(s)
		}
	}
	t.ins("ADDQ $%d, SI", t.unitBytes())
	t.ins("ADDQ $%d, DI", t.panelBytes())
	t.ins("DECQ CX")
	t.ins("JNZ loop")
	t.outputs(func(r int, m string) { t.store(r, m) })
	if groups > 1 {
		t.ins("ADDQ $%d, R12", t.halves*t.size)
		t.ins("ADDQ $%d, R14", t.halves*t.size)
		t.ins("DECQ R13")
		t.ins("JNZ group")
	}
	t.ret()
}

// f and i are the float and integer accumulators of vector h and column c.
func (t *tiler) f(h, c int) int { return t.facc + h*t.cols + c }
func (t *tiler) i(h, c int) int { return t.iacc + h*t.cols + c }

// allot divides the registers: accumulators at the top.
func (t *tiler) allot() {
	n, regs := t.halves*t.cols, 16
	if t.size == 64 {
		regs = 32
	}
	t.facc = regs - n
	t.iacc = t.facc - n
	t.free, t.scratch = 0, t.iacc
}

// outputs visits every float accumulator and its place.
func (t *tiler) outputs(f func(r int, m string)) {
	t.ins("MOVQ R14, R15")
	for c := range t.cols {
		for h := range t.halves {
			f(t.f(h, c), mem(h*t.size, "R15"))
		}
		if c < t.cols-1 {
			t.ins("ADDQ DX, R15")
		}
	}
}

func (t *tiler) panelBytes() int { return t.cols * (32 + 4*t.subs() + 4) }

// Operands: vector j of vector h of rows; dword j of column c's activations;
// its slot of sub-block s; its scale; scale and minimum of sub-block s.
func (t *tiler) w(h, j int) string    { return mem(j*laneBytes+h*t.size, "SI") }
func (t *tiler) a(c, j int) string    { return mem(c*32+4*j, "DI") }
func (t *tiler) slot(c, s int) string { return mem(t.cols*(32+4*s)+4*c, "DI") }
func (t *tiler) da(c int) string      { return mem(t.cols*(32+4*t.subs())+4*c, "DI") }
func (t *tiler) scale(h, s int) string {
	return mem(unitQ+s*laneBytes+h*t.size, "SI")
}
func (t *tiler) minimum(h, s int) string {
	return mem(unitQ+(t.subs()+s)*laneBytes+h*t.size, "SI")
}

// dpbusd emits sub-block s with VPDPBUSD: int32 += four u8*s8.
func (t *tiler) dpbusd(s int) {
	if t.size == 64 {
		t.dpbusd512(s)
		return
	}
	t.startSums(s)
	steps := t.sub / 4
	for j := s * steps; j < (s+1)*steps; j++ {
		for h := range t.halves {
			t.load(t.w(h, j), t.free+h)
		}
		for c := range t.cols {
			b := t.free + t.halves + c%(t.scratch-t.halves)
			t.broadcast32(t.a(c, j), b)
			for h := range t.halves {
				t.vexDPBUSD(b, t.free+h, t.i(h, c))
			}
		}
	}
	t.finish(s)
}

// vexDPBUSD emits VPDPBUSD in its VEX form, VEX.256.66.0F38.W0 50 /r (Intel
// SDM volume 2, VPDPBUSD), which Go's assembler does not know: acc += w * a.
func (t *tiler) vexDPBUSD(a, w, acc int) {
	b1 := byte(0xe2)
	if acc >= 8 {
		b1 &^= 0x80 // not R
	}
	if a >= 8 {
		b1 &^= 0x20 // not B
	}
	b2 := byte(0x05) | byte(^w&15)<<3 // W0, not vvvv, L1, pp=66
	modrm := byte(0xc0) | byte(acc&7)<<3 | byte(a&7)
	t.note("VPDPBUSD %s, %s, %s", y(a), y(w), y(acc))
	for _, b := range []byte{0xc4, b1, b2, 0x50, modrm} {
		t.ins("BYTE $0x%02x", b)
	}
}

// dpbusd512 keeps a sub-block's weights in registers for all columns, and
// works on groups of columns small enough for the integer sums to fit.
func (t *tiler) dpbusd512(s int) {
	steps := t.sub / 4
	const (
		ints = 8 // integer sums: Z8..Z13
		sc   = 14
		tmp  = 15
		mn   = 16
	)
	for j := range steps {
		t.load(t.w(0, s*steps+j), j)
	}
	t.ins("VMOVUPS %s, %s", t.scale(0, s), z(sc))
	if t.min {
		t.ins("VMOVUPS %s, %s", t.minimum(0, s), z(mn))
	}
	size := min(6, t.cols)
	if t.cols == 8 {
		size = 4
	}
	for first := 0; first < t.cols; first += size {
		// One or two columns alone get several sums each, to hide latency.
		parts := 1
		if t.cols < 4 {
			parts = 4 / t.cols
		}
		for c := first; c < first+size; c++ {
			for p := range parts {
				r := ints + (c-first)*parts + p
				if t.min || p > 0 {
					t.zero(r)
				} else {
					t.ins("VPBROADCASTD %s, %s", t.slot(c, s), z(r))
				}
			}
		}
		for j := range steps {
			for c := first; c < first+size; c++ {
				t.ins("VPDPBUSD.BCST %s, %s, %s", t.a(c, s*steps+j), z(j), z(ints+(c-first)*parts+j%parts))
			}
		}
		for c := first; c < first+size; c++ {
			r := ints + (c-first)*parts
			for n := parts; n > 1; n /= 2 {
				for p := range n / 2 {
					t.ins("VPADDD %s, %s, %s", z(r+n/2+p), z(r+p), z(r+p))
				}
			}
			t.ins("VCVTDQ2PS %s, %s", z(r), z(r))
		}
		for c := first; c < first+size; c++ {
			t.ins("VMULPS.BCST %s, %s, %s", t.da(c), z(sc), z(tmp))
			t.ins("VFMADD231PS %s, %s, %s", z(ints+(c-first)*parts), z(tmp), z(t.f(0, c)))
			if t.min {
				t.ins("VFNMADD231PS.BCST %s, %s, %s", t.slot(c, s), z(mn), z(t.f(0, c)))
			}
		}
	}
}

// startSums sets the integer sums to the slots, or to zero.
func (t *tiler) startSums(s int) {
	for c := range t.cols {
		for h := range t.halves {
			if t.min {
				t.zero(t.i(h, c))
			} else {
				t.broadcast32(t.slot(c, s), t.i(h, c))
			}
		}
	}
}

// finish adds the integer sums of sub-block s to the float accumulators.
func (t *tiler) finish(s int) {
	sc, tmp := t.free, t.free+1
	fma := func(name string, a, b, acc int) {
		if t.size > 16 {
			t.op(name, a, b, acc)
			return
		}
		t.op("VMULPS", a, b, b)
		t.op(map[string]string{"VFMADD231PS": "VADDPS", "VFNMADD231PS": "VSUBPS"}[name], b, acc, acc)
	}
	for h := range t.halves {
		t.load(t.scale(h, s), sc)
		for c := range t.cols {
			t.unary("VCVTDQ2PS", t.i(h, c), t.i(h, c))
			t.broadcast32(t.da(c), tmp)
			t.op("VMULPS", sc, tmp, tmp)
			fma("VFMADD231PS", t.i(h, c), tmp, t.f(h, c))
		}
		if t.min {
			t.load(t.minimum(h, s), sc)
			for c := range t.cols {
				t.broadcast32(t.slot(c, s), tmp)
				fma("VFNMADD231PS", sc, tmp, t.f(h, c))
			}
		}
	}
}

// maddubs emits sub-block s with VPMADDUBSW: int16 = u8*s8 + u8*s8.
func (t *tiler) maddubs(s int) {
	ones := t.data("ones16", 16, 1)
	steps := t.sub / 4
	n := t.halves * t.cols
	// Registers: weights (and |weights|), one temporary per accumulator for
	// the int16 sums, and at least one for the activation.
	weights := t.halves
	if t.widen == 0 {
		weights *= 2
	}
	short := t.free + weights
	spare := short + n
	for j := range steps {
		for h := range t.halves {
			t.load(t.w(h, s*steps+j), t.free+h)
			if t.widen == 0 {
				t.unary("VPABSB", t.free+h, t.free+t.halves+h)
			}
		}
		for c := range t.cols {
			if t.widen == 0 {
				b := short + c%2
				t.broadcast32(t.a(c, s*steps+j), b)
				for h := range t.halves {
					p := short + 2 + h
					t.op("VPSIGNB", t.free+h, b, p)
					t.op("VPMADDUBSW", p, t.free+t.halves+h, p)
					t.widenInto(p, t.i(h, c), j == 0, ones)
				}
				continue
			}
			b := spare
			if spare+1 < t.scratch {
				b += c % 2
			}
			t.broadcast32(t.a(c, s*steps+j), b)
			for h := range t.halves {
				sum := short + h*t.cols + c
				if j%t.widen == 0 {
					t.op("VPMADDUBSW", b, t.free+h, sum)
				} else {
					p := b
					if h < t.halves-1 { // b is needed again
						p = spare + 1
					}
					t.op("VPMADDUBSW", b, t.free+h, p)
					t.op("VPADDW", p, sum, sum)
				}
				if (j+1)%t.widen == 0 || j == steps-1 {
					t.widenInto(sum, t.i(h, c), j < t.widen, ones)
				}
			}
		}
	}
	if t.widen != 0 && !t.min {
		for c := range t.cols {
			t.broadcast32(t.slot(c, s), t.free)
			for h := range t.halves {
				t.op("VPADDD", t.free, t.i(h, c), t.i(h, c))
			}
		}
	}
	t.finish(s)
}

// widenInto adds pairs of int16 of p to the int32 sums of acc, or sets them.
func (t *tiler) widenInto(p, acc int, set bool, ones string) {
	if set {
		t.ins("VPMADDWD %s, %s, %s", ones, t.r(p), t.r(acc))
		return
	}
	t.ins("VPMADDWD %s, %s, %s", ones, t.r(p), t.r(p))
	t.op("VPADDD", p, acc, acc)
}

// maddwd emits sub-block s with PMADDWD alone (SSE2): even and odd bytes are
// taken apart into int16, so that int32 += even*even + odd*odd.
func (t *tiler) maddwd(s int) {
	const aEven, aOdd, wEven, wOdd = 0, 1, 2, 3
	t.startSums(s)
	steps := t.sub / 4
	for j := s * steps; j < (s+1)*steps; j++ {
		t.broadcast32(t.a(0, j), aEven)
		t.move(aEven, aOdd)
		t.ins("PSLLW $8, %s", x(aEven))
		t.ins("PSRAW $8, %s", x(aEven))
		t.ins("PSRAW $8, %s", x(aOdd))
		for h := range t.halves {
			t.load(t.w(h, j), wEven)
			t.move(wEven, wOdd)
			t.opc("VPAND", 0x00ff00ff, wEven, wEven)
			t.ins("PSRLW $8, %s", x(wOdd))
			t.op("VPMADDWD", aEven, wEven, wEven)
			t.op("VPMADDWD", aOdd, wOdd, wOdd)
			t.op("VPADDD", wEven, t.i(h, 0), t.i(h, 0))
			t.op("VPADDD", wOdd, t.i(h, 0), t.i(h, 0))
		}
	}
	t.finish(s)
}
