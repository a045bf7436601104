package kern

import "unsafe"

// Interrupt stacks (SDM volume 3A section 6.14.5). Exceptions need a stack of
// their own because the interrupted code may have none; page faults have one apart,
// so that a bug in the others can still be reported.
const (
	istFault  = 1 + iota // #PF
	istOther             // other exceptions, interrupts
	istDouble            // #DF
	istNMI
	istMachine // #MC
	istCount   = 5
)

var (
	gdt  [3 + 2*maxCPU]uint64
	idt  [256][2]uint64
	gdtr [10]byte
	idtr [10]byte

	fwGDTR, fwIDTR   [10]byte
	fwCS, fwSS, fwDS uintptr
)

const (
	selCode = 0x08
	selData = 0x10
)

// initTables fills GDT, IDT, TSS and per-CPU records. It runs first, on the boot stack.
func initTables() {
	for v := uintptr(0); v < 256; v++ {
		handler, ist := codeAddr(addrWake), uint64(istOther)
		switch {
		case v < 32:
			handler = trapStub(v)
			switch v {
			case 2:
				ist = istNMI
			case 8:
				ist = istDouble
			case 14:
				ist = istFault
			case 18:
				ist = istMachine
			}
		case v == vecTimer:
			handler = codeAddr(addrTimer)
		case v == vecSpurious:
			handler = codeAddr(addrSpurious)
		}
		if v == 2 {
			handler = codeAddr(addrNMI)
		}
		idt[v] = gate(uint64(handler), ist)
	}
	gdt[1] = 0x00209a0000000000 // 64-bit code
	gdt[2] = 0x0000920000000000 // data
	initCPURecord(0)
	for k := range istCount {
		setIST(&cpus[0], k, uintptr(unsafe.Pointer(&earlyStack))+earlyStackTop)
	}
	putLimitBase(&gdtr, len(gdt)*8-1, uintptr(unsafe.Pointer(&gdt)))
	putLimitBase(&idtr, len(idt)*16-1, uintptr(unsafe.Pointer(&idt)))
}

// gate encodes a 64-bit interrupt gate (SDM volume 3A figure 6-8).
func gate(handler, ist uint64) [2]uint64 {
	return [2]uint64{
		handler&0xffff | selCode<<16 | ist<<32 | 0x8e<<40 | handler>>16&0xffff<<48,
		handler >> 32,
	}
}

func initCPURecord(i int) {
	c := &cpus[i]
	c.self = uintptr(unsafe.Pointer(c))
	c.id = int32(i)
	c.tr = uintptr((3 + 2*i) * 8)
	c.tss[0x66] = 104 // no I/O permission map
	t := uint64(uintptr(unsafe.Pointer(&c.tss)))
	gdt[3+2*i] = 103 | t&0xffffff<<16 | 0x89<<40 | t>>24&0xff<<56
	gdt[4+2*i] = t >> 32
}

// setIST sets TSS.IST(k+1) (SDM volume 3A figure 7-11).
func setIST(c *cpu, k int, top uintptr) {
	putWord32(&c.tss, 0x24+8*k, uint32(top))
	putWord32(&c.tss, 0x28+8*k, uint32(top>>32))
}

// addCPU makes record i ready for a CPU: stacks for its interrupts and an idle thread.
func addCPU(i int) {
	initCPURecord(i)
	c := &cpus[i]
	for k := range istCount {
		mapInterruptStack(i, k)
		setIST(c, k, istTop(i, k))
	}
	mapThreadStack(maxThread + i)
	t := &idles[i]
	t.tid = int32(-1 - i)
	t.cpu = int32(i)
	t.kstop = stackTop(maxThread + i)
	t.ksp = pushReturn(t.kstop, codeAddr(addrIdle))
	c.idle = uintptr(unsafe.Pointer(t))
	c.cur = c.idle
	c.kstack = t.kstop
}

func putWord32(b *[104]byte, off int, v uint32) {
	for i := 0; i < 4; i++ {
		b[off+i] = byte(v >> (8 * i))
	}
}

func putLimitBase(r *[10]byte, limit int, base uintptr) {
	r[0], r[1] = byte(limit), byte(limit>>8)
	for i := 0; i < 8; i++ {
		r[2+i] = byte(base >> (8 * i))
	}
}
