package main

// The types with superblocks of 256: eight units. Byte offsets are those of
// split.go. Float registers 12 (scale) and 13 (minimum) hold the block's.

// blockScale converts the low half of register r into 12 and, for forms with
// minima, the high half into 13.
func (u *unpacker) blockScale(r int) {
	u.half(r, 12, 9)
	if u.min {
		u.shift("VPSRLD", 16, r, r)
		u.half(r, 13, 9)
	}
}

// scaled stores the integers of register r, times the block's scale or minimum.
func (u *unpacker) scaled(r, s int, isMin bool) {
	u.unary("VCVTDQ2PS", r, r)
	if isMin {
		u.op("VMULPS", 13, r, r)
		u.putMin(r, s)
		return
	}
	u.op("VMULPS", 12, r, r)
	u.putScale(r, s)
}

// field sets dst to n bits at shift of every lane of src.
func (u *unpacker) field(src, shift int, mask uint32, dst int) {
	u.shift("VPSRLD", shift, src, dst)
	u.opc("VPAND", mask, dst, dst)
}

// move bits: bit puts bits under mask of src, now at from, to position to.
func (u *unpacker) bit(src, from, to int, mask uint32, dst int) {
	if from > to {
		u.shift("VPSRLD", from-to, src, dst)
	} else {
		u.shift("VPSLLD", to-from, src, dst)
	}
	u.opc("VPAND", mask, dst, dst)
}

// scales6 stores the eight 6-bit scales and minima of Q4_K and Q5_K: d and
// dmin in register 0, the twelve bytes in 1..3.
func (u *unpacker) scales6() {
	u.blockScale(0)
	u.opc("VPAND", 0x3f3f3f3f, 1, 4) // scales 0..3
	u.opc("VPAND", 0x3f3f3f3f, 2, 5) // minima 0..3
	u.opc("VPAND", 0x0f0f0f0f, 3, 6) // scales 4..7
	u.field(1, 2, 0x30303030, 8)
	u.op("VPOR", 8, 6, 6)
	u.field(3, 4, 0x0f0f0f0f, 7) // minima 4..7
	u.field(2, 2, 0x30303030, 8)
	u.op("VPOR", 8, 7, 7)
	for j := range 8 {
		u.field(4+2*(j/4), 8*(j%4), 255, 0)
		u.scaled(0, j, false)
		u.field(5+2*(j/4), 8*(j%4), 255, 0)
		u.scaled(0, j, true)
	}
}

// sixteen returns a function that gives the registers of 16 bytes at base+off
// of every row, as dwords does: from a square, loaded when off enters the next
// 64 bytes, or where vectors are shorter or registers few one by one, in
// registers 8 to 11.
func (u *unpacker) sixteen(base int) func(off int) []int {
	loaded := -1
	var regs []int
	return func(off int) []int {
		if u.size < 64 || u.cols > 1 {
			u.dwords(base+off, 8, 4)
			return []int{8, 9, 10, 11}
		}
		if off/64 != loaded {
			loaded = off / 64
			regs = u.square(base + 64*loaded)
		}
		return regs[off%64/4:][:4]
	}
}

func unpackQ4K(u *unpacker) {
	u.dwords(0, 0, 4)
	u.scales6()
	r := u.sixteen(16)
	for c := range 4 {
		for p := range 2 {
			q := r(32*c + 16*p)
			for j := range 4 {
				u.opc("VPAND", 0x0f0f0f0f, q[j], 4)
				u.put(4, 2*c, 4*p+j)
				u.field(q[j], 4, 0x0f0f0f0f, 4)
				u.put(4, 2*c+1, 4*p+j)
			}
		}
		u.finish(2*c, 2)
	}
}

func unpackQ5K(u *unpacker) {
	u.dwords(0, 0, 4)
	u.scales6()
	// The fifth bits: vector k holds dword k, bit s of each byte for unit s.
	for p := range 2 {
		u.dwords(16+16*p, 0, 4)
		for j := range 4 {
			if u.size == 64 {
				u.move(j, 16+4*p+j)
			} else {
				u.store(j, mem((4*p+j)*u.size, "SP"))
			}
		}
	}
	for c := range 4 {
		for p := range 2 {
			u.dwords(48+32*c+16*p, 0, 4)
			for j := range 4 {
				h := 16 + 4*p + j
				if u.size < 64 {
					h = 6
					u.load(mem((4*p+j)*u.size, "SP"), h)
				}
				u.opc("VPAND", 0x0f0f0f0f, j, 4)
				u.bit(h, 2*c, 4, 0x10101010, 5)
				u.op("VPOR", 5, 4, 4)
				u.put(4, 2*c, 4*p+j)
				u.field(j, 4, 0x0f0f0f0f, 4)
				u.bit(h, 2*c+1, 4, 0x10101010, 5)
				u.op("VPOR", 5, 4, 4)
				u.put(4, 2*c+1, 4*p+j)
			}
		}
		u.finish(2*c, 2)
	}
}

func unpackQ6K(u *unpacker) {
	u.dword(194, 3, 0, 4)
	u.shift("VPSRLD", 16, 0, 0) // d: bytes 208, 209
	u.blockScale(0)
	u.dwords(192, 0, 4)
	for s := range 16 {
		u.shift("VPSLLD", 24-8*(s%4), s/4, 4)
		u.shift("VPSRAD", 24, 4, 4)
		u.scaled(4, s, false)
	}
	r := u.sixteen(0)
	for h := range 2 {
		for p := range 2 {
			if u.size == 64 {
				r(64 * h) // overwrites register 0, so before it is used
			}
			u.dwords(128+32*h+16*p, 0, 4)
			for k := range 2 { // ql[l] serves quarters 0 and 2, ql[l+32] 1 and 3
				q := r(64*h + 32*k + 16*p)
				for j := range 4 {
					u.opc("VPAND", 0x0f0f0f0f, q[j], 4)
					u.bit(j, 2*k, 4, 0x30303030, 5)
					u.op("VPOR", 5, 4, 4)
					u.put(4, 4*h+k, 4*p+j)
					u.field(q[j], 4, 0x0f0f0f0f, 4)
					u.bit(j, 4+2*k, 4, 0x30303030, 5)
					u.op("VPOR", 5, 4, 4)
					u.put(4, 4*h+k+2, 4*p+j)
				}
			}
		}
		u.finish(4*h, 4)
	}
}

func unpackQ2K(u *unpacker) {
	u.dword(68, 3, 0, 4) // d, dmin: bytes 80..83
	u.blockScale(0)
	u.dwords(0, 0, 4)
	for s := range 16 {
		u.field(s/4, 8*(s%4), 15, 4)
		u.scaled(4, s, false)
		u.field(s/4, 8*(s%4)+4, 15, 4)
		u.scaled(4, s, true)
	}
	for h := range 2 {
		for p := range 2 {
			u.dwords(16+32*h+16*p, 0, 4)
			for q := range 4 {
				for j := range 4 {
					u.field(j, 2*q, 0x03030303, 4)
					u.put(4, 4*h+q, 4*p+j)
				}
			}
		}
		u.finish(4*h, 4)
	}
}

func unpackQ3K(u *unpacker) {
	u.dword(94, 3, 0, 4)
	u.shift("VPSRLD", 16, 0, 0) // d: bytes 108, 109
	u.blockScale(0)
	u.dwords(94, 0, 4) // two bytes early, so as not to read behind the block
	at := func(k int) (reg, shift int) { return (k + 2) / 4, 8 * ((k + 2) % 4) }
	for s := range 16 {
		r, sh := at(s % 8)
		u.field(r, sh+4*(s/8), 15, 4)
		r, sh = at(8 + s%4)
		u.field(r, sh+2*(s/4), 3, 5)
		u.shift("VPSLLD", 4, 5, 5)
		u.op("VPOR", 5, 4, 4)
		u.opc("VPSUBD", 32, 4, 4)
		u.scaled(4, s, false)
	}
	for h := range 2 {
		for p := range 2 {
			u.dwords(16*p, 8, 4)
			u.dwords(32+32*h+16*p, 0, 4)
			for q := range 4 {
				for j := range 4 {
					u.field(j, 2*q, 0x03030303, 4)
					u.bit(8+j, 4*h+q, 2, 0x04040404, 5)
					u.op("VPOR", 5, 4, 4)
					u.put(4, 4*h+q, 4*p+j)
				}
			}
		}
		u.finish(4*h, 4)
	}
}

func unpackIQ4XS(u *unpacker) {
	u.load(u.iq4Table(), 13)
	u.dwords(0, 0, 4) // 0: d and scales_h, 1: scales_l
	u.half(0, 12, 9)
	for s := range 8 {
		u.field(1, 4*s, 15, 4)
		u.field(0, 16+2*s, 3, 5)
		u.shift("VPSLLD", 4, 5, 5)
		u.op("VPOR", 5, 4, 4)
		u.opc("VPSUBD", 32, 4, 4)
		u.scaled(4, s, false)
	}
	for s := range 8 {
		u.dwords(8+16*s, 0, 4)
		u.nibbles(s, u.lookup)
	}
}
