package main

import (
	"fmt"
	"strings"
)

// Decoding along far rows: four rows, one of each quarter of a matrix, are read
// from end to end, and so are the rows after them. Processors read such streams
// faster than the rows of a strip (decode.go), which are near each other and
// all begin anew with the next strip. Lane r of a 128-bit part belongs to the
// row of stream r. The sums are those of a strip in the same order.

// farFormats are groups of blocks; a group's integer sums fill one vector.
var farFormats = []format{
	{name: "Q40far", bytes: 4 * 18, units: 4, sub: 32, body: farQ40},
	{name: "Q80far", bytes: 2 * 34, units: 2, sub: 32, off8: true, body: farQ80},
	{name: "Q6Kfar", bytes: 210, units: 8, sub: 16, body: farQ6K, prepare: prepareQ6K},
}

// farBases point at the streams.
var farBases = []string{"SI", "R8", "R9", "R10"}

// farAhead is how far ahead of every stream memory is fetched: 10 KB together
// (measured on Zen 5, where Q8_0 is a tenth slower with 6 and with 14).
const farAhead = 2560

// Registers of far routines. 0 to 13 are the bodies'.
const (
	farSums   = 14 // float sums of the four rows
	farOnes   = 15 // of 256-bit routines
	farPick   = 16 // words of a row that are its scales
	farSlotAt = 17 // dwords of the panel that are slots
	farDaAt   = 18 // and scales
	farSlot   = 19
	farDa     = 20
	farMask   = 21
	farIndex  = 22
	farLow    = 23 // activations
	farHigh   = 24
)

// far256 are those with 256-bit vectors.
var far256 = []format{
	{name: "Q80far", bytes: 2 * 34, units: 2, sub: 32, off8: true, body: far256Q80},
}

func emitFar(v vec, fm format) {
	op := v.farStart(fm, fmt.Sprintf("BX, R12 outFar and 3*outFar in bytes; %s sums, stream k in lane k", x(farSums)))
	v.ins("MOVQ %s, BX", op["outFar"])
	v.ins("SHLQ $2, BX")
	v.ins("LEAQ (BX)(BX*2), R12")
	body := vec{v.isa, newFile("")}
	body.consts = v.consts
	u := &unpacker{vec: body, format: fm, fused: true}
	fm.body(u)
	if v.size == 64 {
		(&unpacker{vec: v, format: fm}).farConstants()
	} else {
		v.load(v.data("ones16", 16, 1), farOnes)
	}
	panel, size := op["panel"], fm.units*u.colBytes()
	if fm.prepare != nil {
		v.ins("MOVQ %s, DI", op["scratch"])
		v.ins("MOVQ %s, R14", panel)
		v.ins("MOVQ %s, CX", op["groups"])
		v.ins("panel:")
		fm.prepare(&unpacker{vec: v, format: fm})
		v.ins("ADDQ $%d, R14", size)
		v.ins("ADDQ $%d, DI", farPanel)
		v.ins("DECQ CX")
		v.ins("JNZ panel")
		panel, size = op["scratch"], farPanel
	}
	v.ins("row:")
	v.ins("MOVQ %s, R14", panel)
	v.ins("MOVQ %s, CX", op["groups"])
	v.zero(farSums)
	v.ins("PCALIGN $64")
	v.ins("loop:")
	var streams []string
	for _, r := range farBases {
		streams = append(streams, "("+r+")")
	}
	v.spread(body.text.String(), farAhead, ceilDiv(fm.bytes, 64), streams...)
	v.advance(fm.bytes)
	v.ins("ADDQ $%d, R14", size)
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	for r, m := range []string{"(R15)", "(R15)(BX*1)", "(R15)(BX*2)", "(R15)(R12*1)"} {
		v.ins("VEXTRACTPS $%d, %s, %s", r, x(farSums), m)
	}
	v.ins("ADDQ $4, R15")
	v.ins("DECQ R13")
	v.ins("JNZ row")
	v.ret()
}

// farStart begins a routine: streams in farBases, R13 rows, R15 out, AX groups.
func (v vec) farStart(fm format, registers string) map[string]string {
	op := v.fn("multiplies rows rows of each of four streams of "+fm.name+" with one column (see Level.far).", "decode"+fm.name+v.name,
		"src *byte, far, rows, groups int, panel *byte, out *float32, outFar int, scratch *byte", 0,
		"out[i + k*outFar] = product of row i of stream k and the column, for 4 streams k and rows i",
		"isum, scales and order of additions as in the routines for 16 rows",
		"",
		"SI, R8, R9, R10 streams 0-3, far bytes apart; R14 panel; R15 out; R13 rows left; CX, AX groups of blocks left, in a row",
		registers)
	v.ins("MOVQ %s, SI", op["src"])
	v.ins("MOVQ %s, DX", op["far"])
	v.ins("MOVQ %s, R13", op["rows"])
	v.ins("MOVQ %s, AX", op["groups"])
	v.ins("MOVQ %s, R15", op["out"])
	v.ins("LEAQ (SI)(DX*1), R8")
	v.ins("LEAQ (SI)(DX*2), R9")
	v.ins("LEAQ (R8)(DX*2), R10")
	return op
}

// advance moves all streams.
func (v vec) advance(n int) {
	for _, r := range farBases {
		v.ins("ADDQ $%d, %s", n, r)
	}
}

// byPart repeats n[p] for every row of part p.
func byPart(n ...uint64) []uint64 {
	var l []uint64
	for _, v := range n {
		l = append(l, v, v, v, v)
	}
	return l
}

// farConstants loads what stays in registers. Part p of a group's sums is block
// p*units/4: of two blocks, each has two parts.
func (u *unpacker) farConstants() {
	for k := 1; k < 4; k++ { // K<k>: lane k of every part, K<4+k>: part k
		u.ins("MOVL $%#x, AX", 0x1111<<k)
		u.ins("KMOVD AX, K%d", k)
		u.ins("MOVL $%#x, AX", 15<<(4*k))
		u.ins("KMOVW AX, K%d", 4+k)
	}
	if u.units == 8 {
		constantsQ6K(u)
		return
	}
	var scales, slots, das []uint64
	for p := range 4 {
		b := uint64(p * u.units / 4)
		scales = append(scales, b*uint64(u.bytes/u.units/2))
		slots = append(slots, b*uint64(u.colBytes()/4))
		das = append(das, b*uint64(u.colBytes()/4)+1)
	}
	name := strings.TrimSuffix(u.name, "far")
	u.load(u.data("pick"+name, 16, byPart(append(scales, scales...)...)...), farPick)
	u.load(u.data("slot"+name, 32, byPart(slots...)...), farSlotAt)
	u.load(u.data("da"+name, 32, byPart(das...)...), farDaAt)
	if u.units == 4 {
		u.load(u.blocks18(), farIndex)
		u.load(u.data("k0f0f0f0f", 32, 0x0f0f0f0f), farMask)
	} else {
		u.load(u.data("k80808080", 32, 0x80808080), farMask)
	}
}

// farScales loads the group's scales and, of the panel, slots and scales: the
// former as float16 into Y2.
func (u *unpacker) farScales() {
	for r, base := range farBases {
		if r == 0 {
			u.ins("VPERMW (%s), %s, Z2", base, z(farPick))
			continue
		}
		u.ins("VPERMW (%s), %s, K%d, Z2", base, z(farPick), r)
	}
	const slot = 32 // where the first block's is
	if u.units == 2 {
		u.ins("VPERMD %d(R14), %s, %s", slot, z(farSlotAt), z(farSlot))
		u.ins("VPERMD %d(R14), %s, %s", slot, z(farDaAt), z(farDa))
		return
	}
	u.load(mem(slot, "R14"), farSlot)
	u.move(farSlot, farDa)
	u.ins("VPERMT2D %d(R14), %s, %s", slot+64, z(farSlotAt), z(farSlot))
	u.ins("VPERMT2D %d(R14), %s, %s", slot+64, z(farDaAt), z(farDa))
}

// farFinish adds the group's integer sums, in register 0, to the float sums.
func (u *unpacker) farFinish() {
	u.op("VPADDD", farSlot, 0, 0)
	u.unary("VCVTDQ2PS", 0, 0)
	u.ins("VCVTPH2PS Y2, Z2")
	u.op("VMULPS", farDa, 2, 2)
	u.farParts(0, 2, u.units)
}

// farParts adds count parts of register a times those of b to the float sums:
// all, or of two every other.
func (u *unpacker) farParts(a, b, count int) {
	u.ins("VFMADD231PS %s, %s, %s", x(a), x(b), x(farSums))
	for p := 4 / count; p < 4; p += 4 / count {
		u.ins("VEXTRACTF32X4 $%d, %s, X4", p, z(a))
		u.ins("VEXTRACTF32X4 $%d, %s, X5", p, z(b))
		u.ins("VFMADD231PS X4, X5, %s", x(farSums))
	}
}

// farQ40 takes four blocks of 18 bytes as rows18 does.
func farQ40(u *unpacker) {
	c := u.colBytes()
	u.farScales()
	for h, reg := range []int{farLow, farHigh} {
		u.ins("VMOVDQU32 %s, %s", mem(16*h, "R14"), x(reg))
		for p := 1; p < 4; p++ {
			u.ins("VBROADCASTI32X4 %s, K%d, %s", mem(p*c+16*h, "R14"), 4+p, z(reg))
		}
	}
	for r, base := range farBases {
		const w, h = 4, 5
		u.ins("VMOVDQU8 %s, %s", mem(2, base), z(w))
		u.ins("VPERMT2B %s, %s, %s", mem(8, base), z(farIndex), z(w))
		u.shift("VPSRLD", 4, w, h)
		u.op("VPAND", farMask, w, w)
		u.op("VPAND", farMask, h, h)
		u.zero(6 + r)
		u.ins("VPDPBUSD %s, %s, %s", z(farLow), z(w), z(6+r))
		u.ins("VPDPBUSD %s, %s, %s", z(farHigh), z(h), z(6+r))
	}
	u.addPairs(6, 7, 10, 4)
	u.addPairs(8, 9, 11, 5)
	u.addQuads(10, 11, 0, 4)
	u.farFinish()
}

// farQ80 takes two blocks: a vector of a row is their 2 x 32 bytes.
func farQ80(u *unpacker) {
	u.farScales()
	u.ins("VMOVDQU32 (R14), %s", y(farLow))
	u.ins("VINSERTI64X4 $1, %s, %s, %s", mem(u.colBytes(), "R14"), z(farLow), z(farLow))
	for r, base := range farBases {
		u.ins("VMOVDQU %s, %s", mem(2, base), y(4))
		u.ins("VINSERTI64X4 $1, %s, Z4, Z4", mem(36, base))
		u.op("VPXOR", farMask, 4, 4)
		u.zero(6 + r)
		u.ins("VPDPBUSD %s, Z4, %s", z(farLow), z(6+r))
	}
	u.addPairs(6, 7, 10, 4)
	u.addPairs(8, 9, 11, 5)
	u.addQuads(10, 11, 0, 4)
	u.parts(0xb1, 0, 0, 4) // both halves of each block
	u.op("VPADDD", 4, 0, 0)
	u.farFinish()
}

// far256Q80 takes two blocks. VPMADDUBSW wants one side unsigned: that is |w|,
// and w's sign goes to the activation. Its int16 sums of two hold 2*128*127.
func far256Q80(u *unpacker) {
	for b := range 2 {
		u.load(u.act(b, 0), 8)
		for r, base := range farBases {
			u.load(mem(34*b+2, base), 9)
			u.op("VPSIGNB", 9, 8, 10)
			u.unary("VPABSB", 9, 9)
			u.op("VPMADDUBSW", 10, 9, 9)
			u.op("VPMADDWD", farOnes, 9, r)
		}
		u.addPairs(0, 1, 4, 9)
		u.addPairs(2, 3, 5, 9)
		u.addQuads(4, 5, 6+b, 9)
	}
	for b := range 2 {
		u.ins("VPXOR %s, %s, %s", x(b), x(b), x(b))
		for r, base := range farBases {
			u.ins("VPINSRW $%d, %s, %s, %s", r, mem(34*b, base), x(b), x(b))
		}
		u.ins("VCVTPH2PS %s, %s", x(b), x(b))
		u.ins("VBROADCASTSS %s, X2", u.act(b, 36))
		u.ins("VMULPS X2, %s, %s", x(b), x(b))
		u.ins("VEXTRACTI128 $1, %s, X2", y(6+b))
		u.ins("VPADDD X2, %s, X2", x(6+b))
		u.ins("VCVTDQ2PS X2, X2")
		u.ins("VFMADD231PS X2, %s, %s", x(b), x(farSums))
	}
}
