package main

// Q4_K along far rows: like Q6_K, but a superblock's sixteen additions one
// after the other would take longer than reading four rows of it. So two
// neighbouring rows of every stream are taken, A and B, and float sums have
// eight lanes: A of the four streams, then B.

// Before the rows the panel is brought into order, for every superblock:
// activations, scales of units 4l+k and 4l+k+2 for all lanes, slots.
const (
	q4kDas   = 256
	q4kSlots = q4kDas + 4*64
	q4kPanel = q4kSlots + 64
)

// q4kAhead: while two rows are multiplied, the next two are fetched one after
// the other, from so many bytes behind their beginning on.
const q4kAhead = 512

// Registers. 0 to 13, 15 and 16 are temporary, 14 is farSums.
const (
	q4kPacked = 17 // and 18: bytes of scales and minima
	q4kD      = 19
	q4kMin    = 20
	q4kLow    = 21 // 0x0f in every byte
	q4kHigh   = 22 // 0xf0
	q4kPack   = 23 // VPERMT2B index of q4kPacked
	q4kPart   = 24 // to 27: VPERMB indices that make lanes of the bytes of a part
	q4kBits   = 28 // 0x30
	q4kSix    = 29 // 0x3f
	q4kShift  = 30 // 4 for dword 2 of each part
	q4kHeads  = 31 // VPERMT2D index: dword 0 of each row
)

// farRows are the operands of byte off of rows A, then B of the streams.
func farRows(off int) []string {
	var l []string
	for _, b := range []string{"", "(DX*1)"} {
		for _, r := range farBases {
			l = append(l, mem(off, r)+b)
		}
	}
	return l
}

// emitFarQ4K emits the routine; its rows are an even number.
func emitFarQ4K(v vec) {
	fm := format{name: "Q4Kfar", bytes: 144, units: 8, sub: 32, min: true}
	op := v.farStart(fm, "DX bytes of a row; BX offset of the prefetch; DI panel in the routine's order; R12 outFar in bytes; two rows of every stream at a time")
	u := &unpacker{vec: v, format: fm}
	v.ins("IMUL3Q $%d, AX, DX", fm.bytes)
	v.ins("MOVQ %s, R12", op["outFar"])
	v.ins("SHLQ $2, R12")
	v.ins("MOVQ %s, DI", op["scratch"])
	v.ins("MOVQ %s, R14", op["panel"])
	v.ins("MOVQ %s, CX", op["groups"])
	v.ins("panel:")
	u.prepareQ4K()
	v.ins("ADDQ $%d, R14", fm.units*fm.colBytes())
	v.ins("ADDQ $%d, DI", q4kPanel)
	v.ins("DECQ CX")
	v.ins("JNZ panel")
	u.constantsQ4K()
	v.ins("row:")
	v.ins("MOVQ %s, R14", op["scratch"])
	v.ins("MOVQ %s, CX", op["groups"])
	v.ins("LEAQ %d(DX*2), BX", q4kAhead)
	v.zero(farSums)
	v.ins("PCALIGN $64")
	v.ins("loop:")
	u.vec = vec{v.isa, newFile("")}
	u.consts = v.consts
	u.farQ4K()
	var streams []string
	for _, r := range farBases {
		streams = append(streams, "("+r+")(BX*1)")
	}
	v.spread(u.text.String(), 0, ceilDiv(2*fm.bytes, 64), streams...)
	v.advance(fm.bytes)
	v.ins("ADDQ $%d, BX", fm.bytes)
	v.ins("ADDQ $%d, R14", q4kPanel)
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	for _, r := range farBases {
		v.ins("ADDQ DX, %s", r)
	}
	v.load(v.data("pairs", 32, 0, 4, 1, 5, 2, 6, 3, 7), 0)
	v.ins("VPERMD %s, Z0, Z0", z(farSums))
	v.ins("LEAQ (R12)(R12*2), BX")
	v.ins("VMOVQ X0, (R15)")
	v.ins("VPEXTRQ $1, X0, (R15)(R12*1)")
	v.ins("VEXTRACTI128 $1, Y0, X0")
	v.ins("VMOVQ X0, (R15)(R12*2)")
	v.ins("VPEXTRQ $1, X0, (R15)(BX*1)")
	v.ins("ADDQ $8, R15")
	v.ins("SUBQ $2, R13")
	v.ins("JNZ row")
	v.ret()
}

// prepareQ4K writes the panel at R14 into the scratch at DI.
func (u *unpacker) prepareQ4K() {
	for l := range 2 {
		for k := range 2 {
			n := 4*l + k
			u.ins("VMOVDQU %s, Y0", u.act(n, 0))
			u.ins("VINSERTI64X4 $1, %s, Z0, Z0", u.act(n+2, 0))
			u.store(0, mem(64*(2*l+k), "DI"))
			u.ins("VBROADCASTSS %s, Y0", u.act(n, 36))
			u.ins("VBROADCASTSS %s, Y1", u.act(n+2, 36))
			u.ins("VINSERTF64X4 $1, Y1, Z0, Z0")
			u.store(0, mem(q4kDas+64*(2*l+k), "DI"))
		}
	}
	for n := range 8 {
		u.ins("MOVL %s, AX", u.act(n, 32))
		u.ins("MOVL AX, %s", mem(q4kSlots+4*n, "DI"))
	}
}

func (u *unpacker) constantsQ4K() {
	for p := 1; p < 4; p++ {
		u.ins("MOVL $%#x, AX", 15<<(4*p))
		u.ins("KMOVW AX, K%d", p)
	}
	u.ins("MOVQ $0x1111111111111111, AX")
	u.ins("KMOVQ AX, K4") // the low byte of every lane
	u.load(u.data("k0f0f0f0f", 32, 0x0f0f0f0f), q4kLow)
	u.load(u.data("kf0f0f0f0", 32, 0xf0f0f0f0), q4kHigh)
	u.load(u.data("k30303030", 32, 0x30303030), q4kBits)
	u.load(u.data("k3f3f3f3f", 32, 0x3f3f3f3f), q4kSix)
	u.load(u.data("minima4", 32, 0, 0, 4, 0), q4kShift)
	var pack []uint64 // part q: scales of units k and k+2, k = q%2, or minima (q >= 2), of the eight rows
	for q := range uint64(4) {
		for h := range uint64(2) {
			for r := range uint64(8) {
				pack = append(pack, 16*r+4*(1+q/2)+q%2+2*h)
			}
		}
	}
	u.load(u.data("packQ4K", 8, pack...), q4kPack)
	for q := range uint64(4) {
		var lanes []uint64
		for i := range uint64(16) {
			lanes = append(lanes, 16*q+i, 0, 0, 0)
		}
		u.load(u.data(u.name4("part", int(q), 0), 8, lanes...), q4kPart+int(q))
	}
	u.load(u.data("headsQ4K", 32, 0, 4, 8, 12, 16, 20, 24, 28), q4kHeads)
}

// farScalesQ4K packs the 6-bit scales and minima (see split.go) of the first four
// and the last four units.
func (u *unpacker) farScalesQ4K() {
	for i, m := range farRows(0) {
		if i%4 == 0 {
			u.ins("VMOVDQU %s, %s", m, x(i/4))
		} else {
			u.ins("VBROADCASTI32X4 %s, K%d, %s", m, i%4, z(i/4))
		}
	}
	u.move(0, 2)
	u.ins("VPERMT2D Z1, %s, Z2", z(q4kHeads))
	u.ins("VPMOVDW Z2, Y3")
	u.ins("VCVTPH2PS Y3, %s", z(q4kD))
	u.shift("VPSRLD", 16, 2, 2)
	u.ins("VPMOVDW Z2, Y3")
	u.ins("VCVTPH2PS Y3, %s", z(q4kMin))
	for s := range 2 { // dword 1: scales, 2: minima
		u.op("VPAND", q4kSix, s, 4+s)
		u.ins("VPSHUFD $0xff, %s, %s", z(s), z(6+s))
		u.op("VPSRLVD", q4kShift, 6+s, 6+s)
		u.op("VPAND", q4kLow, 6+s, 6+s)
		u.shift("VPSRLD", 2, s, s)
		u.ins("VPTERNLOGD $0xf8, %s, %s, %s", z(q4kBits), z(s), z(6+s))
	}
	u.move(4, q4kPacked)
	u.ins("VPERMT2B Z5, %s, %s", z(q4kPack), z(q4kPacked))
	u.move(6, q4kPacked+1)
	u.ins("VPERMT2B Z7, %s, %s", z(q4kPack), z(q4kPacked+1))
}

func (u *unpacker) farQ4K() {
	u.farScalesQ4K()
	for l := range 2 { // 64 bytes: units 4l and 4l+2 low, 4l+1 and 4l+3 high
		sums := [2][2]int{{12, 13}, {15, 16}}
		for i, m := range farRows(16 + 64*l) {
			u.load(m, i)
		}
		for s := range 2 {
			u.transpose(4*s, 8)
			u.zero(sums[s][0])
			u.zero(sums[s][1])
		}
		for j := range 4 {
			for k := range 2 {
				u.ins("VPSHUFD $%#x, %s, %s", 0x55*j, mem(64*(2*l+k), "R14"), z(10+k))
			}
			for s := range 2 {
				for k, mask := range []int{q4kLow, q4kHigh} {
					u.op("VPAND", mask, 4*s+j, 8+k)
					u.ins("VPDPBUSD %s, %s, %s", z(10+k), z(8+k), z(sums[s][k]))
				}
			}
		}
		for k := range 2 { // register k: unit 4l+k of the eight rows, then 4l+k+2
			u.parts(0x88, sums[0][k], sums[1][k], k)
			u.parts(0xdd, sums[0][k], sums[1][k], 6)
			u.op("VPADDD", 6, k, k)
			if k == 1 {
				u.ins("VPSRAD $4, Z1, Z1") // the nibbles were high
			}
			u.parts(0xd8, k, k, k)
			u.unary("VCVTDQ2PS", k, k)
			sc, mn := 2+k, 4+k
			u.ins("VPERMB.Z %s, %s, K4, %s", z(q4kPacked+l), z(q4kPart+k), z(sc))
			u.ins("VPERMB.Z %s, %s, K4, %s", z(q4kPacked+l), z(q4kPart+2+k), z(mn))
			u.unary("VCVTDQ2PS", sc, sc)
			u.unary("VCVTDQ2PS", mn, mn)
			u.op("VMULPS", q4kD, sc, sc)
			u.op("VMULPS", q4kMin, mn, mn)
			u.ins("VMULPS %s, %s, %s", mem(q4kDas+64*(2*l+k), "R14"), z(sc), z(sc))
		}
		for h := range 2 {
			for k := range 2 {
				isum, sc, mn := k, 2+k, 4+k
				if h == 1 {
					for _, r := range []int{isum, sc, mn} {
						u.ins("VEXTRACTF64X4 $1, %s, %s", z(r), y(r))
					}
				}
				u.ins("VFMADD231PS %s, %s, %s", y(isum), y(sc), y(farSums))
				u.ins("VFNMADD231PS.BCST %s, %s, %s", mem(q4kSlots+4*(4*l+2*h+k), "R14"), y(mn), y(farSums))
			}
		}
	}
}
