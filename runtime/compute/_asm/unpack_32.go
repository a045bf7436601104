package main

// The types with blocks of 32: one unit. Byte offsets are those of split.go.

// nibbles splits registers 0..3 into vectors 0..3 (low) and 4..7 (high) of
// unit n; post, if any, turns register r into its final value.
func (u *unpacker) nibbles(n int, post func(r, j int)) {
	for j := range 4 {
		u.opc("VPAND", 0x0f0f0f0f, j, 4)
		u.shift("VPSRLD", 4, j, 5)
		u.opc("VPAND", 0x0f0f0f0f, 5, 5)
		if post != nil {
			post(4, j)
			post(5, j+4)
		}
		u.put(4, n, j)
		u.put(5, n, j+4)
	}
	u.finish(n, 1)
}

// scaleMin stores the scale (low half of register r) and, if there is one, the
// minimum: minus the high half.
func (u *unpacker) scaleMin(r int) {
	u.half(r, 8, 9)
	u.putScale(8, 0)
	if u.min {
		u.shift("VPSRLD", 16, r, r)
		u.half(r, 8, 9)
		u.opc("VPXOR", 1<<31, 8, 8)
		u.putMin(8, 0)
	}
}

func unpackQ40(u *unpacker) {
	u.dword(0, 0, 0, 4)
	u.scaleMin(0)
	u.dwords(2, 0, 4)
	u.nibbles(0, nil)
}

func unpackQ41(u *unpacker) {
	u.dword(0, 0, 0, 4)
	u.scaleMin(0)
	u.dwords(4, 0, 4)
	u.nibbles(0, nil)
}

// fifth ors bit 4j+b of register h into bit 4 of byte b of register r.
func (u *unpacker) fifth(h int) func(r, j int) {
	return func(r, j int) {
		u.shift("VPSRLD", 4*j, h, 6)
		u.opc("VPAND", 15, 6, 6)
		if u.size > 16 {
			u.opc("VPMULLD", 1<<4|1<<11|1<<18|1<<25, 6, 6) // bits 0..3 repeated every 7 bits: bit b lands on bit 8b+4
		} else { // PMULLD came with SSE4.1
			u.shift("VPSLLD", 7, 6, 7)
			u.op("VPOR", 7, 6, 6)
			u.shift("VPSLLD", 14, 6, 7)
			u.op("VPOR", 7, 6, 6)
			u.shift("VPSLLD", 4, 6, 6)
		}
		u.opc("VPAND", 0x10101010, 6, 6)
		u.op("VPOR", 6, r, r)
	}
}

func unpackQ50(u *unpacker) {
	u.dwords(0, 0, 4)
	u.shift("VPSRLD", 16, 0, 12) // qh: bytes 2..5
	u.shift("VPSLLD", 16, 1, 1)
	u.op("VPOR", 1, 12, 12)
	u.scaleMin(0)
	u.dwords(6, 0, 4)
	u.nibbles(0, u.fifth(12))
}

func unpackQ51(u *unpacker) {
	u.dwords(0, 0, 4)
	u.move(1, 12) // qh: bytes 4..7
	u.scaleMin(0)
	u.dwords(8, 0, 4)
	u.nibbles(0, u.fifth(12))
}

// flips reports whether q of 8 bits, signed in the file, must be made unsigned.
func (v vec) flips() bool { return v.dot != "maddubs" }

func unpackQ80(u *unpacker) {
	u.dword(0, 0, 0, 4)
	u.scaleMin(0)
	for p := range 2 {
		u.dwords(2+16*p, 0, 4)
		for j := range 4 {
			if u.flips() {
				u.opc("VPXOR", 0x80808080, j, j)
			}
			u.put(j, 0, 4*p+j)
		}
	}
	u.finish(0, 1)
}

// iq4Table are kvalues_iq4nl as bytes, signed or plus 128.
func (u *unpacker) iq4Table() string {
	lo, hi := uint64(0xf6eaddcfbfad9881), uint64(0x7159453526190d01)
	if u.flips() {
		return u.data("iq4", 64, lo^0x8080808080808080, hi^0x8080808080808080)
	}
	return u.data("iq4", 64, lo, hi)
}

// lookup maps nibbles through the table in register 13.
func (u *unpacker) lookup(r, _ int) { u.op("VPSHUFB", r, 13, r) }

func unpackIQ4NL(u *unpacker) {
	u.load(u.iq4Table(), 13)
	u.dword(0, 0, 0, 4)
	u.scaleMin(0)
	u.dwords(2, 0, 4)
	u.nibbles(0, u.lookup)
}

func unpackMXFP4(u *unpacker) {
	u.load(u.data("mxfp4", 64, 0x1c18161413121110, 0x04080a0c0d0e0f10), 13)
	u.dword(0, 0, 0, 4)
	u.note("scale = 2^(e-128): exponent e-1, or bits 0x200000<<e if e < 2")
	u.opc("VPAND", 255, 0, 0)
	u.opc("VPMINSD", 1, 0, 1)
	u.load(u.data("k00200000", 32, 0x00200000), 2)
	u.op("VPSLLVD", 1, 2, 1)
	u.shift("VPSLLD", 23, 0, 0)
	u.opc("VPSUBD", 1<<23, 0, 2)
	u.op("VPMAXSD", 1, 2, 3)
	u.putScale(3, 0)
	u.dwords(1, 0, 4)
	u.nibbles(0, u.lookup)
}
