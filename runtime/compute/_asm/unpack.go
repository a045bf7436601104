package main

import (
	"fmt"
	"strings"
)

// Sizes of form.go; asm_test.go of package compute compares every unpack
// routine with genericUnpack, which uses the package's own.
const (
	unitQ     = 512
	laneBytes = 64
)

// format is one quantised type: its block and how to unpack one group of rows.
type format struct {
	name    string
	bytes   int // of a block
	units   int // of a block
	sub     int
	min     bool
	off8    bool // q has 8 bits: stored as q-128 where products are signed
	frame   int  // vectors of stack it needs
	body    func(u *unpacker)
	table   bool              // needs PSHUFB
	prepare func(u *unpacker) // see farPanel
	// halves: decoding fetches the two halves of the next strip side by side
	// (decoder.halves in package compute says the same).
	halves bool
}

func (f format) subs() int { return 32 / f.sub }

func (f format) unitBytes() int {
	n := unitQ + laneBytes*f.subs()
	if f.min {
		n += laneBytes * f.subs()
	}
	return n
}

var formats = []format{
	{name: "Q40", bytes: 18, units: 1, sub: 32, halves: true, body: unpackQ40},
	{name: "Q41", bytes: 20, units: 1, sub: 32, min: true, body: unpackQ41},
	{name: "Q50", bytes: 22, units: 1, sub: 32, body: unpackQ50},
	{name: "Q51", bytes: 24, units: 1, sub: 32, min: true, body: unpackQ51},
	{name: "Q80", bytes: 34, units: 1, sub: 32, off8: true, body: unpackQ80},
	{name: "Q2K", bytes: 84, units: 8, sub: 16, min: true, body: unpackQ2K},
	{name: "Q3K", bytes: 110, units: 8, sub: 16, body: unpackQ3K},
	{name: "Q4K", bytes: 144, units: 8, sub: 32, min: true, halves: true, body: unpackQ4K},
	{name: "Q5K", bytes: 176, units: 8, sub: 32, min: true, frame: 8, halves: true, body: unpackQ5K},
	{name: "Q6K", bytes: 210, units: 8, sub: 16, halves: true, body: unpackQ6K},
	{name: "IQ4NL", bytes: 18, units: 1, sub: 32, off8: true, table: true, halves: true, body: unpackIQ4NL},
	{name: "IQ4XS", bytes: 136, units: 8, sub: 32, off8: true, table: true, halves: true, body: unpackIQ4XS},
	{name: "MXFP4", bytes: 17, units: 1, sub: 32, table: true, body: unpackMXFP4},
}

// unpacker emits the code for rows of one group: all 16 with 512-bit vectors,
// 8 with 256, 4 with 128. A 32-bit lane is a row.
type unpacker struct {
	vec
	format
	fused bool // multiply with columns instead of storing: see decode.go
	cols  int  // how many
}

func unpackFile(level isa) *file {
	f := newFile("unpack_" + level.low())
	v := vec{level, f}
	for _, fm := range formats {
		if fm.table && level.size == 16 {
			continue // no PSHUFB: generic
		}
		if level.name == avxvnni.name && !fm.off8 {
			continue // as AVX2
		}
		emitUnpack(v, fm)
	}
	return f
}

// emitUnpack emits the loops over groups of rows and over blocks. Rows 0-3 of a
// group are at SI, SI+DX, SI+2DX, SI+BX; rows 4-7 the same from R8, 8-11 from
// R9, 12-15 from R10.
func emitUnpack(v vec, fm format) {
	frame := fm.frame * v.size
	if v.size == 64 {
		frame = 0 // there are registers enough
	}
	op := v.fn("unpacks blocks of "+fm.name+" (see Level.unpack).", "unpack"+fm.name+v.name,
		"dst, src *byte, rowBytes, blocks int, next uintptr", frame,
		"dst[u].q[j][r] = elements 4j..4j+3 of unit u (32 columns) of row r, a byte each",
		"dst[u].scale[s][r], dst[u].min[s][r] = those of sub-block s of the unit (form.go)",
		"",
		rowRegisters(v),
		"DI unit being written; R14, R12 first unit and first row of the group",
		fmt.Sprintf("CX blocks left; R13 groups of %d rows left; R11 address to prefetch", v.size/4))
	groups, bases := 64/v.size, []string{"SI", "R8", "R9", "R10"}[:v.size/16]
	v.ins("MOVQ %s, R14", op["dst"])
	v.ins("MOVQ %s, R12", op["src"])
	v.ins("MOVQ %s, DX", op["rowBytes"])
	v.ins("MOVQ %s, R11", op["next"])
	v.ins("LEAQ (DX)(DX*2), BX")
	v.gatherMasks()
	v.ins("MOVL $%d, R13", groups)
	v.ins("group:")
	v.ins("MOVQ R14, DI")
	v.ins("MOVQ %s, CX", op["blocks"])
	v.ins("MOVQ R12, SI")
	for i := 1; i < len(bases); i++ {
		v.ins("LEAQ (%s)(DX*4), %s", bases[i-1], bases[i])
	}
	v.ins("PCALIGN $64")
	v.ins("loop:")
	body := vec{v.isa, newFile("")}
	body.consts = v.consts
	fm.body(&unpacker{vec: body, format: fm})
	v.spread(body.text.String(), 0, ceilDiv(16*fm.bytes/groups, 64), "(R11)")
	for _, r := range bases {
		v.ins("ADDQ $%d, %s", fm.bytes, r)
	}
	v.ins("ADDQ $%d, R11", 16*fm.bytes/groups)
	v.ins("ADDQ $%d, DI", fm.units*fm.unitBytes())
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	if groups > 1 {
		v.ins("LEAQ (R12)(DX*%d), R12", 16/groups)
		v.ins("ADDQ $%d, R14", v.size)
		v.ins("DECQ R13")
		v.ins("JNZ group")
	}
	v.ret()
}

// rowRegisters is the note on how rows are addressed (row).
func rowRegisters(v vec) string {
	bases := []string{"SI", "R8", "R9", "R10"}[:v.size/16]
	s := strings.Join(bases, ", ") + " rows 0"
	for i := range len(bases) - 1 {
		s += fmt.Sprintf(", %d", 4*(i+1))
	}
	s += " of the group, three more behind each at DX, 2*DX, BX; DX rowBytes; BX 3*rowBytes"
	if v.size == 64 {
		s += "; K1-K3 lanes 4-7, 8-11, 12-15"
	}
	return s
}

// gatherMasks sets K1 to K3 for gather: K<p> selects lanes 4p to 4p+3.
func (v vec) gatherMasks() {
	for p := 1; p < v.size/16 && v.size == 64; p++ {
		v.ins("MOVL $%#x, AX", 15<<(4*p))
		v.ins("KMOVW AX, K%d", p)
	}
}

// spread emits body with prefetches of lines cache lines, from byte from on, at
// each of the streams strewn evenly over it: a burst of them would fill the miss
// buffers and hold up the loads.
func (v vec) spread(body string, from, lines int, streams ...string) {
	text := strings.SplitAfter(body, "\n")
	done, total := 0, lines*len(streams)
	for i, l := range text {
		for ; done*len(text) < i*total && done < total; done++ {
			v.ins("PREFETCHT0 %d%s", from+done/len(streams)*64, streams[done%len(streams)])
		}
		v.text.WriteString(l)
	}
}

func ceilDiv(a, b int) int { return (a + b - 1) / b }

// row is the operand of byte off of the current block of row r.
func row(r, off int) string {
	base := []string{"SI", "R8", "R9", "R10"}[r/4]
	switch r % 4 {
	case 0:
		return fmt.Sprintf("%d(%s)", off, base)
	case 3:
		return fmt.Sprintf("%d(%s)(BX*1)", off, base)
	}
	return fmt.Sprintf("%d(%s)(DX*%d)", off, base, r%4)
}

// gather loads 16 bytes at off of every row of the group into registers
// o..o+3: 128-bit part p of register o+i is row 4p+i.
func (u *unpacker) gather(off, o int) {
	for i := range 4 {
		for p := range u.size / 16 {
			m := row(4*p+i, off)
			switch {
			case p > 0 && u.size == 64:
				// A masked broadcast is a load and a blend; VINSERTI32X4
				// would be a shuffle on some processors.
				u.ins("VBROADCASTI32X4 %s, K%d, %s", m, p, z(o+i))
			case p > 0:
				u.ins("VINSERTI128 $1, %s, %s, %s", m, y(o+i), y(o+i))
			case u.size == 64:
				u.ins("VMOVDQU32 %s, %s", m, x(o+i))
			case u.size == 32:
				u.ins("VMOVDQU %s, %s", m, x(o+i))
			default:
				u.ins("MOVOU %s, %s", m, x(o+i))
			}
		}
	}
}

// dwords gathers 16 bytes at off of every row and transposes: register o+j
// then holds bytes 4j..4j+3 of every row. Registers t..t+3 are overwritten.
func (u *unpacker) dwords(off, o, t int) {
	u.note("dword j of bytes %d..%d of each row", off, off+15)
	u.gather(off, o)
	if u.size == 64 {
		// In place, with one more register.
		u.op("VPUNPCKLDQ", o+1, o, t)
		u.op("VPUNPCKHDQ", o+1, o, o+1)
		u.op("VPUNPCKLDQ", o+3, o+2, o)
		u.op("VPUNPCKHDQ", o+3, o+2, o+3)
		u.op("VPUNPCKLQDQ", o+3, o+1, o+2)
		u.op("VPUNPCKHQDQ", o+3, o+1, o+3)
		u.op("VPUNPCKHQDQ", o, t, o+1)
		u.op("VPUNPCKLQDQ", o, t, o)
		return
	}
	u.transpose(o, t)
}

// transpose turns registers o to o+3, a row each, into vectors j. Registers t
// to t+3 are overwritten.
func (u *unpacker) transpose(o, t int) {
	u.op("VPUNPCKLDQ", o+1, o, t)
	u.op("VPUNPCKHDQ", o+1, o, t+1)
	u.op("VPUNPCKLDQ", o+3, o+2, t+2)
	u.op("VPUNPCKHDQ", o+3, o+2, t+3)
	u.op("VPUNPCKLQDQ", t+2, t, o)
	u.op("VPUNPCKHQDQ", t+2, t, o+1)
	u.op("VPUNPCKLQDQ", t+3, t+1, o+2)
	u.op("VPUNPCKHQDQ", t+3, t+1, o+3)
}

// dword is dwords for the first (j = 0) or last (j = 3) one alone, into o.
func (u *unpacker) dword(off, j, o, t int) {
	u.note("dword %d of bytes %d..%d of each row", j, off, off+15)
	u.gather(off, o)
	half, pair := "VPUNPCKLDQ", "VPUNPCKLQDQ"
	if j == 3 {
		half, pair = "VPUNPCKHDQ", "VPUNPCKHQDQ"
	}
	u.op(half, o+1, o, t)
	u.op(half, o+3, o+2, t+1)
	u.op(pair, t+1, t, o)
}

// half converts the low 16 bits of each lane of src, a float16, to float32 in
// dst. t and t+1 are overwritten.
func (u *unpacker) half(src, dst, t int) {
	switch u.size {
	case 64:
		u.ins("VPMOVDW %s, %s", z(src), y(t))
		u.ins("VCVTPH2PS %s, %s", y(t), z(dst))
	case 32:
		pick := u.data("evenWords", 64, 0x0d0c090805040100, 0x8080808080808080)
		u.ins("VPSHUFB %s, %s, %s", pick, y(src), y(t))
		u.ins("VPERMQ $8, %s, %s", y(t), y(t))
		u.ins("VCVTPH2PS %s, %s", x(t), y(dst))
	default:
		// (h & 0x7fff) << 13 is the number times 2^-112, subnormals
		// included; infinity and NaN get their exponent by hand.
		u.opc("VPAND", 0x8000, src, t)
		u.shift("VPSLLD", 16, t, t)
		u.opc("VPAND", 0x7fff, src, dst)
		u.shift("VPSLLD", 13, dst, dst)
		u.move(dst, t+1)
		u.opc("VPCMPGTD", 0x0f7fffff, t+1, t+1)
		u.opc("VPAND", 0x7f800000, t+1, t+1)
		u.opc("VMULPS", 0x77800000, dst, dst)
		u.op("VPOR", t, dst, dst)
		u.op("VPOR", t+1, dst, dst)
	}
}

// put stores vector j (0..7) of unit n.
func (u *unpacker) put(r, n, j int) {
	if u.fused {
		u.multiply(r, n, j)
		return
	}
	u.store(r, mem(n*u.unitBytes()+j*laneBytes, "DI"))
}

// putScale stores the scale of sub-block s of the block, putMin its minimum.
func (u *unpacker) putScale(r, s int) { u.putLane(r, s, 0) }
func (u *unpacker) putMin(r, s int)   { u.putLane(r, s, u.subs()) }

func (u *unpacker) putLane(r, s, skip int) {
	if u.fused {
		u.store(r, fusedLane(s, skip > 0))
		return
	}
	n := s / u.subs()
	off := unitQ + (skip+s%u.subs())*laneBytes
	u.store(r, mem(n*u.unitBytes()+off, "DI"))
}
