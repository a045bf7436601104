package main

import (
	"fmt"
	"strings"
)

// isa is an instruction-set level as the generator sees it.
type isa struct {
	name string
	size int    // bytes of a vector
	reg  string // letter of its registers
	dot  string // how int8 products are summed: "maddwd", "maddubs", "dpbusd"
}

var (
	sse2    = isa{"SSE2", 16, "X", "maddwd"}
	avx2    = isa{"AVX2", 32, "Y", "maddubs"}
	avxvnni = isa{"AVXVNNI", 32, "Y", "dpbusd"}
	avx512  = isa{"AVX512", 64, "Z", "dpbusd"}
)

// low is the name in lower case, for file names.
func (v isa) low() string { return strings.ToLower(v.name) }

// vec emits instructions of one level into a file.
type vec struct {
	isa
	*file
}

// r names vector register i, x its low 128 bits, y its low 256.
func (v vec) r(i int) string { return fmt.Sprintf("%s%d", v.reg, i) }
func x(i int) string         { return fmt.Sprintf("X%d", i) }
func y(i int) string         { return fmt.Sprintf("Y%d", i) }
func z(i int) string         { return fmt.Sprintf("Z%d", i) }

// sseNames are Go's names of SSE2 instructions that differ from Intel's.
var sseNames = map[string]string{
	"PSRLD": "PSRLL", "PSLLD": "PSLLL", "PSRAD": "PSRAL", "PADDD": "PADDL", "PSUBD": "PSUBL", "PMADDWD": "PMADDWL",
	"PUNPCKLDQ": "PUNPCKLLQ", "PUNPCKHDQ": "PUNPCKHLQ", "PCMPGTD": "PCMPGTL", "CVTDQ2PS": "CVTPL2PS",
}

// mnemonic turns the VEX name into the one of the level.
func (v vec) mnemonic(name string) string {
	switch v.size {
	case 16:
		name = strings.TrimPrefix(name, "V")
		if s, ok := sseNames[name]; ok {
			return s
		}
	case 64:
		switch name {
		case "VPAND", "VPOR", "VPXOR", "VPANDN":
			return name + "D"
		}
	}
	return name
}

// op emits dst = b op a (a is Intel's last source); all are registers.
func (v vec) op(name string, a, b, dst int) {
	if v.size > 16 {
		v.ins("%s %s, %s, %s", v.mnemonic(name), v.r(a), v.r(b), v.r(dst))
		return
	}
	if dst == a && a != b {
		panic("SSE2 would overwrite " + v.r(a))
	}
	v.move(b, dst)
	v.ins("%s %s, %s", v.mnemonic(name), v.r(a), v.r(dst))
}

// opc emits dst = b op constant, the constant being a 32-bit word for every lane.
func (v vec) opc(name string, c uint32, b, dst int) {
	k := v.data(fmt.Sprintf("k%08x", c), 32, uint64(c))
	switch v.size {
	case 64:
		v.ins("%s.BCST %s, %s, %s", v.mnemonic(name), k, v.r(b), v.r(dst))
	case 32:
		v.ins("%s %s, %s, %s", name, k, v.r(b), v.r(dst))
	default:
		v.move(b, dst)
		v.ins("%s %s, %s", v.mnemonic(name), k, v.r(dst))
	}
}

// shift emits dst = src shifted by n bits.
func (v vec) shift(name string, n, src, dst int) {
	if n == 0 {
		v.move(src, dst)
		return
	}
	if v.size > 16 {
		v.ins("%s $%d, %s, %s", name, n, v.r(src), v.r(dst))
		return
	}
	v.move(src, dst)
	v.ins("%s $%d, %s", v.mnemonic(name), n, v.r(dst))
}

// move copies a register.
func (v vec) move(src, dst int) {
	switch {
	case src == dst:
	case v.size == 64:
		v.ins("VMOVDQA64 %s, %s", v.r(src), v.r(dst))
	case v.size == 32:
		v.ins("VMOVDQA %s, %s", v.r(src), v.r(dst))
	default:
		v.ins("MOVO %s, %s", v.r(src), v.r(dst))
	}
}

func (v vec) zero(r int) { v.op("VPXOR", r, r, r) }

// load and store move a whole unaligned vector.
func (v vec) load(mem string, r int)  { v.ins("%s %s, %s", v.moveName(), mem, v.r(r)) }
func (v vec) store(r int, mem string) { v.ins("%s %s, %s", v.moveName(), v.r(r), mem) }

func (v vec) moveName() string {
	return map[int]string{16: "MOVOU", 32: "VMOVDQU", 64: "VMOVDQU32"}[v.size]
}

// unary emits dst = name(src).
func (v vec) unary(name string, src, dst int) {
	v.ins("%s %s, %s", v.mnemonic(name), v.r(src), v.r(dst))
}

// broadcast32 fills a register with a 32-bit word of memory.
func (v vec) broadcast32(mem string, r int) {
	if v.size > 16 {
		v.ins("VPBROADCASTD %s, %s", mem, v.r(r))
		return
	}
	v.ins("MOVL %s, %s", mem, v.r(r))
	v.ins("PSHUFD $0, %s, %s", v.r(r), v.r(r))
}

// ret ends a routine.
func (v vec) ret() {
	if v.size > 16 {
		v.ins("VZEROUPPER")
	}
	v.ins("RET")
}

func mem(off int, base string) string { return fmt.Sprintf("%d(%s)", off, base) }
