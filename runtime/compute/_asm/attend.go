package main

import "fmt"

// Shapes of the attention routines: queries at once, and how many key blocks
// with them so that enough sums are under way. attend_amd64.go lists the same.
func (v isa) scoreShapes() [][2]int {
	if v.size == 64 {
		return [][2]int{{8, 1}, {4, 2}, {3, 2}, {2, 4}, {1, 8}}
	}
	return [][2]int{{4, 1}, {3, 1}, {2, 2}, {1, 4}}
}

// mixShapes are queries and vectors of values.
func (v isa) mixShapes() [][2]int {
	if v.size == 64 {
		return [][2]int{{6, 4}, {4, 4}, {3, 4}, {2, 4}, {1, 4}, {6, 1}, {4, 1}, {3, 1}, {2, 1}, {1, 1}}
	}
	return [][2]int{{2, 4}, {1, 4}, {2, 2}, {1, 2}}
}

// keyBlock is KeyBlock of package compute.
const keyBlock = 16

func attendFile(level isa) *file {
	f := newFile("attend_" + level.low())
	v := vec{level, f}
	for _, s := range level.scoreShapes() {
		emitScores(v, s[0], s[1])
	}
	for _, s := range level.mixShapes() {
		emitMix(v, s[0], s[1])
	}
	return f
}

// strided are the operands base+c*stride for c = 0..8, given 1, 3, 5 and 7
// strides in registers.
func strided(base, one, three, five, seven string) []string {
	return []string{
		fmt.Sprintf("(%s)", base), fmt.Sprintf("(%s)(%s*1)", base, one), fmt.Sprintf("(%s)(%s*2)", base, one),
		fmt.Sprintf("(%s)(%s*1)", base, three), fmt.Sprintf("(%s)(%s*4)", base, one), fmt.Sprintf("(%s)(%s*1)", base, five),
		fmt.Sprintf("(%s)(%s*2)", base, three), fmt.Sprintf("(%s)(%s*1)", base, seven),
	}
}

// loadStrides sets one to the stride in bytes and the others to its multiples.
func (v vec) loadStrides(operand, one, three, five, seven string) {
	v.ins("MOVQ %s, %s", operand, one)
	v.ins("SHLQ $2, %s", one)
	v.ins("LEAQ (%s)(%s*2), %s", one, one, three)
	v.ins("LEAQ (%s)(%s*4), %s", one, one, five)
	v.ins("LEAQ (%s)(%s*2), %s", five, one, seven)
}

// emitScores emits the inner products of n queries with blocks of keys.
func emitScores(v vec, n, blocks int) {
	op := v.fn(fmt.Sprintf("multiplies %d queries with keys, %d blocks at a time (see ScoresF16).", n, blocks),
		fmt.Sprintf("scores%sn%d", v.name, n), "k *uint16, blocks, dim int, q *float32, qStride int, dst *float32, dstStride int", 0,
		fmt.Sprintf("dst[c*dstStride+i] = sum over d, in order, of q[c*qStride+d] * k[i/16][d][i%%16], %d queries c, %d keys i at a time", n, blocks*keyBlock),
		"",
		"SI keys (blocks at BX, 2*BX, DX+BX ...; AX, DX bases for more); DI q (queries at R8, 2*R8, R9 = 3*R8, 4*R8, R10 = 5*R8, 2*R9, R11 = 7*R8)",
		"R15 dst; R12 blocks left; R13 dim; CX elements left; vectors 0-7 keys (Y7 a query's element with 256 bits), from 8 on sums")
	v.ins("MOVQ %s, SI", op["k"])
	v.ins("MOVQ %s, R12", op["blocks"])
	v.loadStrides(op["qStride"], "R8", "R9", "R10", "R11")
	v.ins("MOVQ %s, R15", op["dst"])
	v.ins("MOVQ %s, R13", op["dim"])
	v.ins("MOVQ R13, BX")
	v.ins("SHLQ $5, BX") // bytes of a block of keys
	per := keyBlock * 4 / v.size
	acc := func(b, c, p int) int { return 8 + (b*n+c)*per + p }
	keys := blocks * per // vectors of keys for one element
	if keys > 8 || v.size == 32 && 8+n*keys > 16 {
		panic("too many registers")
	}
	v.ins("block:")
	v.ins("MOVQ %s, DI", op["q"])
	v.ins("MOVQ R13, CX")
	for i := range blocks * n * per {
		v.zero(8 + i)
	}
	v.ins("LEAQ (SI)(BX*2), DX")
	v.ins("LEAQ (DX)(BX*1), AX")
	at := []string{"(SI)", "(SI)(BX*1)", "(SI)(BX*2)", "(DX)(BX*1)", "(SI)(BX*4)", "(AX)(BX*2)", "(DX)(BX*4)", "(AX)(BX*4)"}
	queries := strided("DI", "R8", "R9", "R10", "R11")
	v.ins("loop:")
	if v.size == 64 {
		for b := range blocks {
			v.ins("VCVTPH2PS %s, %s", at[b], z(b))
		}
		for c := range n {
			for b := range blocks {
				v.ins("VFMADD231PS.BCST %s, %s, %s", queries[c], z(b), z(acc(b, c, 0)))
			}
		}
	} else {
		// Queries of few blocks: the broadcast is shared by all of them.
		for b := range blocks {
			for p := range per {
				if blocks*per <= 4 {
					v.ins("VCVTPH2PS %d%s, %s", 16*p, at[b], y(b*per+p))
				}
			}
		}
		for c := range n {
			v.ins("VBROADCASTSS %s, Y7", queries[c])
			for b := range blocks {
				for p := range per {
					k := b*per + p
					if blocks*per > 4 {
						k = k % 4
						v.ins("VCVTPH2PS %d%s, %s", 16*p, at[b], y(k))
					}
					v.op("VFMADD231PS", k, 7, acc(b, c, p))
				}
			}
		}
	}
	v.ins("ADDQ $4, DI")
	for _, r := range []string{"SI", "DX", "AX"} {
		v.ins("ADDQ $%d, %s", 2*keyBlock, r)
	}
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	v.ins("MOVQ R15, DX")
	v.ins("MOVQ %s, AX", op["dstStride"])
	v.ins("SHLQ $2, AX")
	for c := range n {
		for b := range blocks {
			for p := range per {
				v.store(acc(b, c, p), mem(b*keyBlock*4+p*v.size, "DX"))
			}
		}
		v.ins("ADDQ AX, DX")
	}
	v.ins("ADDQ $%d, R15", blocks*keyBlock*4)
	for range blocks - 1 {
		v.ins("ADDQ BX, SI") // the loop has gone through one block
	}
	v.ins("SUBQ $%d, R12", blocks)
	v.ins("JG block")
	v.ret()
}

// emitMix emits the weighted sum of values, for some vectors of their elements.
func emitMix(v vec, n, vectors int) {
	op := v.fn(fmt.Sprintf("adds values weighted for %d queries, %d elements of them (see MixF16).", n, vectors*v.size/4),
		fmt.Sprintf("mix%sn%dv%d", v.name, n, vectors), "v *uint16, rows, vStride int, w *float32, wStride int, dst *float32, dstStride int", 0,
		fmt.Sprintf("dst[c*dstStride+d] += sum over i, in order, of w[c*wStride+i] * v[i*vStride+d], %d queries c, %d elements d", n, vectors*v.size/4),
		"",
		"SI v; DX vStride; DI w (queries at R8, 2*R8, R9 = 3*R8, 4*R8, R10 = 5*R8); R15 dst; AX dstStride; CX rows left",
		fmt.Sprintf("%s-%s values; %s a weight; from %s on sums", v.r(0), v.r(vectors-1), v.r(4), v.r(map[bool]int{true: 8, false: 5}[v.size == 64])))
	v.ins("MOVQ %s, SI", op["v"])
	v.ins("MOVQ %s, CX", op["rows"])
	v.ins("MOVQ %s, DX", op["vStride"])
	v.ins("SHLQ $1, DX")
	v.ins("MOVQ %s, DI", op["w"])
	v.loadStrides(op["wStride"], "R8", "R9", "R10", "R11")
	v.ins("MOVQ %s, AX", op["dstStride"])
	v.ins("SHLQ $2, AX")
	weights := strided("DI", "R8", "R9", "R10", "R11")
	acc := func(c, i int) int { return 5 + c*vectors + i }
	if v.size == 64 {
		acc = func(c, i int) int { return 8 + c*vectors + i }
	}
	each := func(f func(r int, m string)) {
		v.ins("MOVQ %s, R15", op["dst"])
		for c := range n {
			for i := range vectors {
				f(acc(c, i), mem(i*v.size, "R15"))
			}
			v.ins("ADDQ AX, R15")
		}
	}
	each(func(r int, m string) { v.load(m, r) })
	v.ins("loop:")
	for i := range vectors {
		v.ins("VCVTPH2PS %s, %s", mem(i*v.size/2, "SI"), v.r(i))
	}
	for c := range n {
		v.ins("VBROADCASTSS %s, %s", weights[c], v.r(4))
		for i := range vectors {
			v.op("VFMADD231PS", i, 4, acc(c, i))
		}
	}
	v.ins("ADDQ DX, SI")
	v.ins("ADDQ $4, DI")
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	each(func(r int, m string) { v.store(r, m) })
	v.ret()
}
