package main

// Row-wise decoding, for processors with AVX512_VBMI: whole vectors of a row
// are loaded and multiplied, and the sums of 16 rows transposed afterwards.
// It needs a third of the loads of decode.go, which gathers 16 bytes a row.
// Integer sums are exact, so the result has the same bits.

// rowsFormats are decoded row by row; the registers of groupScales (0 to 5)
// are free again when the rows begin.
var rowsFormats = []format{
	{name: "Q40rows", bytes: 4 * 18, units: 4, sub: 32, halves: true, body: rowsQ40},
	{name: "IQ4NLrows", bytes: 4 * 18, units: 4, sub: 32, off8: true, halves: true, body: rowsIQ4NL},
}

// columns loads the activations of 128-bit parts p of a vector: bytes off[p]
// of the panel at R14.
func (u *unpacker) columns(dst int, off ...int) {
	u.ins("VMOVDQU32 %s, %s", mem(off[0], "R14"), x(dst))
	for p := 1; p < 4; p++ {
		u.ins("VBROADCASTI32X4 %s, K%d, %s", mem(off[p], "R14"), p, z(dst))
	}
}

// addPairs folds registers a and b: lane 2i of dst is the sum of lanes i and
// i+2 of a's 128-bit part, lane 2i+1 that of b's. t is overwritten.
func (u *unpacker) addPairs(a, b, dst, t int) {
	u.op("VPUNPCKLDQ", b, a, t)
	u.op("VPUNPCKHDQ", b, a, dst)
	u.op("VPADDD", t, dst, dst)
}

// addQuads folds two results of addPairs: dst's 128-bit parts are the sums of
// the four registers' parts.
func (u *unpacker) addQuads(a, b, dst, t int) {
	u.op("VPUNPCKLQDQ", b, a, t)
	u.op("VPUNPCKHQDQ", b, a, dst)
	u.op("VPADDD", t, dst, dst)
}

// parts sets dst to parts i and j of a, then of b: 0x88 is 0 and 2, 0xdd 1 and
// 3, 0x44 0 and 1, 0xee 2 and 3.
func (u *unpacker) parts(imm, a, b, dst int) {
	u.ins("VSHUFI32X4 $%#x, %s, %s, %s", imm, z(b), z(a), z(dst))
}

// sumUnit adds the integer sums in r, of unit n, to the float sums.
func (u *unpacker) sumUnit(r, n int) {
	u.ins("VPADDD.BCST %s, %s, %s", u.act(n, 32), z(r), z(r))
	u.unary("VCVTDQ2PS", r, r)
	u.load(fusedLane(n, false), fusedTemp)
	u.ins("VMULPS.BCST %s, %s, %s", u.act(n, 36), z(fusedTemp), z(fusedTemp))
	u.op("VFMADD231PS", r, fusedTemp, fusedSum)
}

func rowsQ40(u *unpacker) { u.rows18(-1) }

func rowsIQ4NL(u *unpacker) {
	const table = 27
	u.load(u.iq4Table(), table)
	u.rows18(table)
}

// blocks18 is the index for VPERMT2B that gathers the quants of four blocks of
// 18 bytes.
func (u *unpacker) blocks18() string {
	var order []uint64 // bytes 2..65 of the row, then (from 64 on) bytes 8..71
	for b := range 4 {
		for i := range 16 {
			at := uint64(18*b + i)
			if at+2 > 65 || b == 3 {
				at += 64 - 6
			}
			order = append(order, at)
		}
	}
	return u.data("blocks18", 8, order...)
}

// rows18 takes four blocks of 18 bytes: a vector of a row is their 4 x 16
// bytes of nibbles, mapped through the table in a register if it is not -1.
func (u *unpacker) rows18(table int) {
	const low, high, index, mask = 28, 29, 30, 31
	u.groupScales(4, 18)
	c := u.colBytes()
	u.columns(low, 0, c, 2*c, 3*c)
	u.columns(high, 16, c+16, 2*c+16, 3*c+16)
	u.load(u.blocks18(), index)
	u.load(u.data("k0f0f0f0f", 32, 0x0f0f0f0f), mask)
	for g := range 4 {
		for i := range 4 {
			r, w, h, acc := 4*g+i, 4, 5, 6+i
			u.ins("VMOVDQU8 %s, %s", row(r, 2), z(w))
			u.ins("VPERMT2B %s, %s, %s", row(r, 8), z(index), z(w))
			u.shift("VPSRLD", 4, w, h)
			u.op("VPAND", mask, w, w)
			u.op("VPAND", mask, h, h)
			if table >= 0 {
				u.op("VPSHUFB", w, table, w)
				u.op("VPSHUFB", h, table, h)
			}
			u.zero(acc)
			u.ins("VPDPBUSD %s, %s, %s", z(low), z(w), z(acc))
			u.ins("VPDPBUSD %s, %s, %s", z(high), z(h), z(acc))
		}
		u.addPairs(6, 7, 10, 4)
		u.addPairs(8, 9, 11, 5)
		u.addQuads(10, 11, g, 4) // parts: blocks; lanes: the four rows
	}
	u.parts(0x44, 0, 1, 4)
	u.parts(0xee, 0, 1, 5)
	u.parts(0x44, 2, 3, 6)
	u.parts(0xee, 2, 3, 7)
	u.parts(0x88, 4, 6, 0)
	u.parts(0xdd, 4, 6, 1)
	u.parts(0x88, 5, 7, 2)
	u.parts(0xdd, 5, 7, 3)
	for b := range 4 {
		u.sumUnit(b, b)
	}
}
