package main

// Q6_K along far rows: a superblock of four rows at a time. The rows' bytes are
// transposed within 128-bit parts: part p of vector j holds dword 4p+j of each
// of the four rows, so that a part's sums are those of a sub-block of 16.

// Before the rows the panel is brought into the order of these vectors, for
// every superblock: activations, slots of its sub-blocks, scales of its units.
const (
	farSlots = 256
	farDas   = farSlots + 16*4
	farPanel = farDas + 64
)

// Registers of farQ6K; 0 to 13 are its own.
const (
	farBits   = 17 // 0x30 in every byte
	farLow4   = 23 // 0x0f in every byte
	farRight  = 18 // 0 for parts 0 and 1, 2 for the others
	farScale  = 24 // to 27: VPERMB indices of scales
	farSpread = 28 // to 31: VPERMD indices: slots 4q to 4q+3, each for a part
	farUnits  = 19 // to 22: units 2q and 2q+1, each for two parts
)

// prepareQ6K writes the panel at R14 into the scratch at DI.
func prepareQ6K(u *unpacker) {
	for i := range 4 {
		u.ins("VMOVDQU %s, Y0", u.act(2*i, 0))
		u.ins("VINSERTI64X4 $1, %s, Z0, Z0", u.act(2*i+1, 0))
		u.store(0, mem(64*i, "DI"))
	}
	for n := range 8 {
		u.ins("MOVQ %s, AX", u.act(n, 32))
		u.ins("MOVQ AX, %s", mem(farSlots+8*n, "DI"))
		u.ins("MOVL %s, AX", u.act(n, 40))
		u.ins("MOVL AX, %s", mem(farDas+4*n, "DI"))
	}
}

func constantsQ6K(u *unpacker) {
	u.load(u.data("k0f0f0f0f", 32, 0x0f0f0f0f), farLow4)
	u.load(u.data("k30303030", 32, 0x30303030), farBits)
	u.load(u.data("right", 32, byPart(0, 0, 2, 2)...), farRight)
	for q := range uint64(4) {
		var order []uint64 // byte 3 of row r's dword in part p is its scale 4q+p
		for p := range uint64(4) {
			for r := range uint64(4) {
				order = append(order, 0, 0, 0, 16*r+4*q+p)
			}
		}
		u.load(u.data(u.name4("scales", int(q), 0), 8, order...), farScale+int(q))
		u.load(u.data(u.name4("spread", int(q), 0), 32, byPart(4*q, 4*q+1, 4*q+2, 4*q+3)...), farSpread+int(q))
		u.load(u.data(u.name4("units", int(q), 0), 32, byPart(2*q, 2*q, 2*q+1, 2*q+1)...), farUnits+int(q))
	}
}

// farProduct adds register r times dwords j of vector n of the activations.
// Register t is overwritten.
func (u *unpacker) farProduct(r, n, j, acc, t int) {
	u.ins("VPSHUFD $%#x, %s, %s", 0x55*j, mem(64*n, "R14"), z(t))
	u.ins("VPDPBUSD %s, %s, %s", z(t), z(r), z(acc))
}

func farQ6K(u *unpacker) {
	const head, half, sums = 15, 16, 12
	for r, base := range farBases {
		if r == 0 {
			u.ins("VMOVDQU %s, %s", mem(192, base), x(head))
			u.ins("VPBROADCASTW %s, %s", mem(208, base), y(half))
			continue
		}
		u.ins("VBROADCASTI32X4 %s, K%d, %s", mem(192, base), 4+r, z(head))
		u.ins("VPBROADCASTW %s, K%d, %s", mem(208, base), r, y(half))
	}
	u.ins("VCVTPH2PS %s, %s", y(half), z(half))
	for h := range 2 {
		for r, base := range farBases {
			u.ins("VBROADCASTI64X4 %s, %s", mem(128+32*h, base), z(8+r))
			u.load(mem(64*h, base), r)
		}
		u.transpose(8, 4)
		u.transpose(0, 4)
		for k := range 2 {
			u.ins("VPERMD %s, %s, %s", mem(farSlots, "R14"), z(farSpread+2*h+k), z(sums+k))
		}
		for j := range 4 { // ql[l] serves quarters 0 (low) and 2 (high), ql[l+32] 1 and 3
			u.op("VPSRLVD", farRight, 8+j, 8+j)
			u.op("VPAND", farLow4, j, 4)
			u.shift("VPSLLD", 4, 8+j, 5)
			u.ins("VPTERNLOGD $0xf8, %s, %s, Z4", z(farBits), z(5))
			u.farProduct(4, 2*h, j, sums, 5)
			u.shift("VPSRLD", 4, j, 6)
			u.op("VPAND", farLow4, 6, 6)
			u.ins("VPTERNLOGD $0xf8, %s, %s, Z6", z(farBits), z(8+j))
			u.farProduct(6, 2*h+1, j, sums+1, 7)
		}
		for k := range 2 {
			q := 2*h + k
			u.ins("VPERMB %s, %s, Z0", z(head), z(farScale+q))
			u.ins("VPSRAD $24, Z0, Z0")
			u.unary("VCVTDQ2PS", 0, 0)
			u.op("VMULPS", half, 0, 0)
			u.ins("VPERMPS %s, %s, Z1", mem(farDas, "R14"), z(farUnits+q))
			u.op("VMULPS", 1, 0, 0)
			u.unary("VCVTDQ2PS", sums+k, 1)
			u.farParts(0, 1, 4)
		}
	}
}
