package main

// squareRegs hold what square loads: 0 to 5 remain for what is done with it,
// 14, 15 and 24 to 31 are decode.go's.
var squareRegs = []int{6, 7, 8, 9, 10, 11, 12, 13, 16, 17, 18, 19, 20, 21, 22, 23}

// pool hands out registers; what is put back is used again.
type pool []int

func (p *pool) take() int {
	r := (*p)[len(*p)-1]
	*p = (*p)[:len(*p)-1]
	return r
}

func (p *pool) put(r int) { *p = append(*p, r) }

// square loads 64 bytes at off of every row and transposes: register r[j] of
// the result holds bytes 4j..4j+3 of every row, for 512-bit vectors. That is
// four times dwords with a quarter of the loads. Register 0 is overwritten.
func (u *unpacker) square(off int) []int {
	u.note("dwords 0 to 15 of bytes %d..%d of each row", off, off+63)
	rows := append([]int(nil), squareRegs...)
	for r, reg := range rows {
		u.load(row(r, off), reg)
	}
	free := pool{0}
	pair := func(lo, hi string, a, b *int) { // *a, *b = lo, hi of (*a, *b)
		t := free.take()
		u.op(lo, *b, *a, t)
		u.op(hi, *b, *a, *b)
		free.put(*a)
		*a = t
	}
	// Lanes within the 128-bit parts: of rows 4i..4i+3, register 4i+j then
	// has dword 4p+j of row 4i+k in lane k of part p.
	for i := 0; i < 16; i += 4 {
		g := rows[i : i+4]
		pair("VPUNPCKLDQ", "VPUNPCKHDQ", &g[0], &g[1]) // dwords 0 1, 2 3 of two rows
		pair("VPUNPCKLDQ", "VPUNPCKHDQ", &g[2], &g[3])
		pair("VPUNPCKLQDQ", "VPUNPCKHQDQ", &g[0], &g[2]) // dword 0, 1
		pair("VPUNPCKLQDQ", "VPUNPCKHQDQ", &g[1], &g[3]) // dword 2, 3
		g[1], g[2] = g[2], g[1]
	}
	shuffle := func(lo, hi int, a, b *int) {
		t := free.take()
		u.parts(lo, *a, *b, t)
		u.parts(hi, *a, *b, *b)
		free.put(*a)
		*a = t
	}
	// Then the parts: dword 4p+j of rows 4i.. goes to part i.
	out := make([]int, 16)
	for j := range 4 {
		a, b, c, d := rows[j], rows[4+j], rows[8+j], rows[12+j]
		shuffle(0x44, 0xee, &a, &b) // parts 0 1, 2 3
		shuffle(0x44, 0xee, &c, &d)
		shuffle(0x88, 0xdd, &a, &c) // part 0, 1
		shuffle(0x88, 0xdd, &b, &d) // part 2, 3
		out[j], out[4+j], out[8+j], out[12+j] = a, c, b, d
	}
	for i, r := range out { // leave register 0 to the caller
		if r == 0 {
			out[i] = free.take()
			u.move(0, out[i])
		}
	}
	return out
}
