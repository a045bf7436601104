package main

// readFile emits a routine that reads memory and does nothing else, as fast as
// one thread can: four streams far apart, prefetched.
func readFile(level isa) *file {
	f := newFile("read_" + level.low())
	v := vec{level, f}
	op := v.fn("reads n bytes, a multiple of 512, in four streams.", "read"+level.name, "p *byte, n int", 0)
	v.ins("MOVQ %s, SI", op["p"])
	v.ins("MOVQ %s, CX", op["n"])
	v.ins("SHRQ $2, CX")
	v.ins("LEAQ (SI)(CX*1), R8")
	v.ins("LEAQ (SI)(CX*2), R9")
	v.ins("LEAQ (R8)(CX*2), R10")
	v.ins("SHRQ $7, CX")
	for i := range 4 {
		v.zero(i)
	}
	v.ins("loop:")
	for i, r := range []string{"SI", "R8", "R9", "R10"} {
		v.ins("PREFETCHT0 2048(%s)", r)
		v.ins("PREFETCHT0 2112(%s)", r)
		for k := range 4 {
			v.ins("VPOR %s, %s, %s", mem(32*k, r), y(i), y(i))
		}
		v.ins("ADDQ $128, %s", r)
	}
	v.ins("DECQ CX")
	v.ins("JNZ loop")
	v.ret()
	return f
}
