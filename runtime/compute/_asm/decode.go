package main

import (
	"fmt"
	"slices"
)

// Decoding, the product with one column, is unpacking whose vectors are
// multiplied at once instead of being stored: the same sums in the same order
// as a tile of one column. Registers 0 to 13 are the unpacking's (Q5_K also
// takes 16 to 23).
const (
	fusedSum  = 14 // float sums of the 16 rows
	fusedTemp = 15
	fusedInts = 24 // integer sums: two for each of four units
)

// fusedLane is where a scale or minimum waits until its unit is summed.
func fusedLane(s int, isMin bool) string {
	if isMin {
		s += 16
	}
	return mem(s*laneBytes, "DI")
}

// grouped are formats taken several blocks at a time, so that one load brings
// the scales of all of them.
var grouped = []format{
	{name: "Q40x4", bytes: 4 * 18, units: 4, sub: 32, halves: true, body: decodeQ40x4},
	{name: "IQ4NLx4", bytes: 4 * 18, units: 4, sub: 32, off8: true, halves: true, body: decodeIQ4NLx4},
	{name: "Q80x2", bytes: 2 * 34, units: 2, sub: 32, off8: true, body: decodeQ80x2},
}

// fused256 are the formats decoded with 256-bit vectors, with the registers
// that are free while their vectors come: those with values of at most 6 bits,
// whose products VPMADDUBSW can sum.
var fused256 = map[string]fusedRegs{
	"Q40": {sum: 8, unitBit: 0, temp: 6, most: 8},
	"Q41": {sum: 8, unitBit: 0, temp: 6, most: 8},
	"Q50": {sum: 8, unitBit: 0, temp: 10, most: 4, apart: true},
	"Q51": {sum: 8, unitBit: 0, temp: 10, most: 4, apart: true},
	"Q4K": {sum: 0, unitBit: 0, temp: 2, most: 8},
	"Q6K": {sum: 12, unitBit: 1, temp: 6, most: 2},
}

// fusedRegs: the int16 sums of unit n are in register sum or, if bit unitBit of
// n is set, the next; temp and the one after it are free. An int16 holds most
// sums of two products: 8 of 2*15*127, 4 of 2*31*127 or 2 of 2*63*127. With
// apart the sums of vectors 0 to most-1 and of the others come in turns, in
// registers of their own.
type fusedRegs struct {
	sum, unitBit, temp, most int
	apart                    bool
}

func decodeFile(level isa) *file {
	f := newFile("decode_" + level.low())
	all := slices.Concat(formats, grouped, rowsFormats)
	for _, fm := range all {
		if _, ok := fused256[fm.name]; ok || level.size == 64 {
			emitDecode(vec{level, f}, fm, 1)
		}
	}
	if level.size == 64 {
		for _, fm := range slices.Concat(formats, grouped) {
			if fm.few() {
				emitDecode(vec{level, f}, fm, fewCols)
			}
		}
	}
	far := farFormats
	if level.size < 64 {
		far = far256
	}
	for _, fm := range far {
		emitFar(vec{level, f}, fm)
	}
	if level.size == 64 {
		emitFarQ4K(vec{level, f})
	}
	return f
}

// fewCols is how many columns of a panel are multiplied as the rows are
// unpacked (ops.few): their sums take the registers from fewSums and fewInts on.
const (
	fewCols = 4
	fewSums = 16 // float sums, one for each column
	fewInts = 20 // integer sums, one for each column of two units
)

// few reports whether a format is decoded for fewCols columns: at most two units
// are in progress at a time, with one sum each, and the registers are free.
func (f format) few() bool { return f.sub == 32 && f.name != "Q5K" }

// emitDecode emits the loops over groups of rows and over blocks; the panel is
// at R14, the results at R15 and, for further columns, R12 bytes apart.
func emitDecode(v vec, fm format, cols int) {
	doc, name, params := " with one column (see Level.decode).", "decode"+fm.name+v.name, "src *byte, rowBytes, blocks int, next uintptr, panel *byte, out *float32, scales *byte, add int"
	place := "R15 out"
	if cols > 1 {
		doc, name = fmt.Sprintf(" with %d columns (see Level.few).", cols), fmt.Sprintf("%sn%d", name, cols)
		params = "src *byte, rowBytes, blocks int, next uintptr, panel *byte, out *float32, stride int, scales *byte, add int"
		place = "R15 out, R12 stride in bytes"
	}
	op := v.fn("multiplies 16 rows of "+fm.name+doc, name, params, 0,
		"isum = sum over k of q[r][k]*a[c][k], plus slot[c] if the form has no minima",
		fmt.Sprintf("out[c][r] += float(isum) * (scale[r]*da[c]), then -= min[r]*slot[c] if it has, for each sub-block in order; columns c: %d", cols),
		"",
		rowRegisters(v),
		"R14 panel (a, slot, da of 32 columns k); DI scales and minima of the block; "+place+"; R11 address to prefetch; CX blocks left",
		fmt.Sprintf("%s out of the first column, a row each lane; %s temporary; 0-13 quants on their way; sums and other columns: fusedInts, fusedRegs and what follows them", v.r(fusedSum), v.r(fusedTemp)))
	groups, bases := 64/v.size, []string{"SI", "R8", "R9", "R10"}[:v.size/16]
	v.ins("MOVQ %s, SI", op["src"])
	v.ins("MOVQ %s, DX", op["rowBytes"])
	v.ins("MOVQ %s, R11", op["next"])
	v.ins("MOVQ %s, DI", op["scales"])
	v.ins("MOVQ %s, R15", op["out"])
	v.ins("LEAQ (DX)(DX*2), BX")
	v.gatherMasks()
	for r := 4; r < 8 && groups == 1; r++ { // quadwords 4 to 7, for groupScales
		v.ins("MOVL $%#x, AX", 15<<(4*r))
		v.ins("KMOVD AX, K%d", r)
	}
	if groups > 1 {
		v.ins("MOVQ SI, R12")
		v.ins("MOVL $%d, R13", groups)
		v.ins("group:")
		v.ins("MOVQ R12, SI")
	}
	for i := 1; i < len(bases); i++ {
		v.ins("LEAQ (%s)(DX*4), %s", bases[i-1], bases[i])
	}
	v.ins("MOVQ %s, CX", op["blocks"])
	v.ins("MOVQ %s, R14", op["panel"])
	u := &unpacker{vec: vec{v.isa, newFile("")}, format: fm, fused: true, cols: cols}
	u.consts = v.consts
	if cols > 1 {
		v.ins("MOVQ %s, R12", op["stride"])
		v.ins("SHLQ $2, R12")
	}
	for c := range cols {
		v.zero(u.sum(c))
	}
	v.ins("MOVQ %s, AX", op["add"])
	v.ins("TESTQ AX, AX")
	v.ins("JZ start")
	v.results(cols, func(c int, m string) { v.load(m, u.sum(c)) })
	v.ins("start:")
	v.ins("PCALIGN $64")
	v.ins("loop:")
	fm.body(u)
	streams := fm.streams()
	v.spread(u.text.String(), 0, ceilDiv(16*fm.bytes/groups/len(streams), 64), streams...)
	for _, r := range bases {
		v.ins("ADDQ $%d, %s", fm.bytes, r)
	}
	v.ins("ADDQ $%d, R11", 16*fm.bytes/groups/len(streams))
	v.ins("ADDQ $%d, R14", fm.units*cols*u.colBytes())
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	v.results(cols, func(c int, m string) { v.store(u.sum(c), m) })
	if groups > 1 {
		v.ins("LEAQ (R12)(DX*%d), R12", 16/groups)
		v.ins("ADDQ $%d, R15", v.size)
		v.ins("DECQ R13")
		v.ins("JNZ group")
	}
	v.ret()
}

// results visits the place of every column's results.
func (v vec) results(cols int, f func(c int, m string)) {
	at := "R15"
	if cols > 1 {
		at = "R13"
		v.ins("MOVQ R15, R13")
	}
	for c := range cols {
		if c > 0 {
			v.ins("ADDQ R12, R13")
		}
		f(c, "("+at+")")
	}
}

// sum is the register of a column's float sums.
func (u *unpacker) sum(c int) int {
	if u.cols > 1 {
		return fewSums + c
	}
	return fusedSum
}

// colBytes is the size of a unit's activations in a panel of one column: 32 q,
// slots, scale.
func (f format) colBytes() int { return 32 + 4*f.subs() + 4 }

// streams are where decoding fetches the next strip: from end to end, or both
// halves of it at once. Two streams are a tenth faster for most formats, and
// slower for those with large or short rows (measured on Zen 5).
func (f format) streams() []string {
	if f.halves {
		return []string{"(R11)", "(R11)(DX*8)"}
	}
	return []string{"(R11)"}
}

// act is the operand of byte off of unit n's activations.
func (u *unpacker) act(n, off int) string { return mem(n*u.colBytes()+off, "R14") }

// part is the integer sum vector j of unit n belongs to: two each, which for
// sub-blocks of 16 are the sub-blocks.
func (u *unpacker) part(n, j int) int { return fusedInts + n%4*2 + j/4 }

// multiply adds vector j of unit n, in register r, times its activations.
func (u *unpacker) multiply(r, n, j int) {
	if u.size < 64 {
		u.multiply256(r, n, j)
		return
	}
	if u.cols > 1 {
		u.multiplyFew(r, n, j)
		return
	}
	acc := u.part(n, j)
	if j%4 == 0 { // every body starts its sums with vectors 0 and 4
		if u.min || u.sub == 32 && j == 4 {
			u.zero(acc)
		} else {
			u.ins("VPBROADCASTD %s, %s", u.act(n, 32+4*(j/4)), z(acc))
		}
	}
	u.ins("VPDPBUSD.BCST %s, %s, %s", u.act(n, 4*j), z(r), z(acc))
}

// finish adds units n to n+count-1, which are complete, to the float sums.
func (u *unpacker) finish(n, count int) {
	if !u.fused {
		return
	}
	if u.size < 64 {
		u.finish256(n, count)
		return
	}
	if u.cols > 1 {
		u.finishFew(n, count)
		return
	}
	for ; count > 0; n, count = n+1, count-1 {
		if u.sub == 32 {
			u.op("VPADDD", u.part(n, 4), u.part(n, 0), u.part(n, 0))
		}
		for s := range u.subs() {
			acc, lane := u.part(n, 4*s), n*u.subs()+s
			u.unary("VCVTDQ2PS", acc, acc)
			u.load(fusedLane(lane, false), fusedTemp)
			u.ins("VMULPS.BCST %s, %s, %s", u.act(n, 32+4*u.subs()), z(fusedTemp), z(fusedTemp))
			u.op("VFMADD231PS", acc, fusedTemp, fusedSum)
			if u.min {
				u.load(fusedLane(lane, true), fusedTemp)
				u.ins("VFNMADD231PS.BCST %s, %s, %s", u.act(n, 32+4*s), z(fusedTemp), z(fusedSum))
			}
		}
	}
}

// fewAct is the operand of byte off of unit n in a panel of several columns,
// which has the activations, the slots and the scales of all of them together.
func (u *unpacker) fewAct(n, off int) string { return mem(n*u.cols*u.colBytes()+off, "R14") }

// slotOf and scaleOf are where a column's slot and scale are in a unit.
func (u *unpacker) slotOf(c int) int  { return u.cols*32 + 4*c }
func (u *unpacker) scaleOf(c int) int { return u.cols*36 + 4*c }

// multiplyFew is multiply for several columns.
func (u *unpacker) multiplyFew(r, n, j int) {
	for c := range u.cols {
		acc := fewInts + n%2*u.cols + c
		switch {
		case j > 0:
		case u.min:
			u.zero(acc)
		default:
			u.ins("VPBROADCASTD %s, %s", u.fewAct(n, u.slotOf(c)), z(acc))
		}
		u.ins("VPDPBUSD.BCST %s, %s, %s", u.fewAct(n, c*32+4*j), z(r), z(acc))
	}
}

// finishFew is finish for several columns.
func (u *unpacker) finishFew(n, count int) {
	for ; count > 0; n, count = n+1, count-1 {
		u.load(fusedLane(n, false), fusedSum)
		for c := range u.cols {
			acc := fewInts + n%2*u.cols + c
			u.unary("VCVTDQ2PS", acc, acc)
			u.ins("VMULPS.BCST %s, %s, %s", u.fewAct(n, u.scaleOf(c)), z(fusedSum), z(fusedTemp))
			u.op("VFMADD231PS", acc, fusedTemp, u.sum(c))
		}
		if u.min {
			u.load(fusedLane(n, true), fusedTemp)
			for c := range u.cols {
				u.ins("VFNMADD231PS.BCST %s, %s, %s", u.fewAct(n, u.slotOf(c)), z(fusedTemp), z(u.sum(c)))
			}
		}
	}
}

// multiply256 adds the products to int16 sums, which become int32 before they
// are too large; those wait in memory, behind the scale.
func (u *unpacker) multiply256(r, n, j int) {
	regs := fused256[u.name]
	sum, perSub := regs.sum+n>>regs.unitBit&1, u.sub/4
	if regs.apart {
		sum += j / regs.most
	}
	product := regs.temp + 1
	if j%regs.most == 0 {
		product = sum
	}
	u.broadcast32(u.act(n, 4*j), regs.temp)
	u.op("VPMADDUBSW", regs.temp, r, product)
	if product != sum {
		u.op("VPADDW", product, sum, sum)
	}
	if (j+1)%regs.most == 0 {
		at := fusedInt(n*u.subs() + j/perSub)
		u.ins("VPMADDWD %s, %s, %s", u.data("ones16", 16, 1), u.r(sum), u.r(sum))
		if j%perSub >= regs.most {
			u.ins("VPADDD %s, %s, %s", at, u.r(sum), u.r(sum))
		}
		u.store(sum, at)
	}
}

// fusedInt is where the integer sum of a sub-block waits, in the second half of
// its scale's 64 bytes.
func fusedInt(s int) string { return mem(s*laneBytes+32, "DI") }

// finish256 is finish without operands broadcast from memory.
func (u *unpacker) finish256(n, count int) {
	t := fused256[u.name].temp
	for ; count > 0; n, count = n+1, count-1 {
		for s := range u.subs() {
			lane := n*u.subs() + s
			if u.min {
				u.ins("VCVTDQ2PS %s, %s", fusedInt(lane), u.r(t))
			} else {
				u.broadcast32(u.act(n, 32+4*s), t)
				u.ins("VPADDD %s, %s, %s", fusedInt(lane), u.r(t), u.r(t))
				u.unary("VCVTDQ2PS", t, t)
			}
			u.broadcast32(u.act(n, 32+4*u.subs()), fusedTemp)
			u.ins("VMULPS %s, %s, %s", fusedLane(lane, false), u.r(fusedTemp), u.r(fusedTemp))
			u.op("VFMADD231PS", t, fusedTemp, fusedSum)
			if u.min {
				u.broadcast32(u.act(n, 32+4*s), t)
				u.ins("VFNMADD231PS %s, %s, %s", fusedLane(lane, true), u.r(t), u.r(fusedSum))
			}
		}
	}
}

// groupScales stores the float16 scales of count blocks, 2 or 4 of size bytes
// each, that start with them. A word permutation of a row's bytes puts the
// scales into the row's quadword; K1 to K7 select it, as words.
func (u *unpacker) groupScales(count, size int) {
	words := make([]uint64, 4)
	for b := range count {
		words[b] = uint64(b * size / 2)
	}
	u.load(u.data(u.name4("pick", count, size), 16, words...), 0)
	for half := range 2 {
		for r := range 8 {
			m := row(8*half+r, 0)
			if r == 0 {
				u.ins("VPERMW %s, Z0, %s", m, z(1+half))
				continue
			}
			u.ins("VPERMW %s, Z0, K%d, %s", m, r, z(1+half))
		}
	}
	for b := 0; b < count; b += 2 {
		u.note("scales of blocks %d and %d: word b of the 8 quadwords of both halves", b, b+1)
		var order []uint64
		for k := range 2 {
			for r := range 16 {
				order = append(order, uint64(4*(r%8)+32*(r/8)+b+k))
			}
		}
		u.load(u.data(u.name4("order", b, 0), 16, order...), 3)
		u.move(1, 4)
		u.ins("VPERMT2W Z2, Z3, Z4")
		u.ins("VCVTPH2PS Y4, Z5")
		u.putScale(5, b)
		u.ins("VEXTRACTI64X4 $1, Z4, Y4")
		u.ins("VCVTPH2PS Y4, Z5")
		u.putScale(5, b+1)
	}
}

func (u *unpacker) name4(what string, a, b int) string { return fmt.Sprintf("%s%d_%d", what, a, b) }

func decodeQ40x4(u *unpacker) {
	u.groupScales(4, 18)
	for b := range 4 {
		u.dwords(18*b+2, 0, 4)
		u.nibbles(b, nil)
	}
}

func decodeIQ4NLx4(u *unpacker) {
	u.load(u.iq4Table(), 13)
	u.groupScales(4, 18)
	for b := range 4 {
		u.dwords(18*b+2, 0, 4)
		u.nibbles(b, u.lookup)
	}
}

func decodeQ80x2(u *unpacker) {
	u.groupScales(2, 34)
	for b := range 2 {
		for p := range 2 {
			u.dwords(34*b+2+16*p, 0, 4)
			for j := range 4 {
				u.opc("VPXOR", 0x80808080, j, j)
				u.put(j, b, 4*p+j)
			}
		}
		u.finish(b, 1)
	}
}
