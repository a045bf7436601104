package kern

import "unsafe"

// Page tables while the firmware runs and while we do. The firmware's map has page 0,
// which some drivers read, and not the heap: what it gets pointers to must be static
// or identity-mapped.
var fwCR3, kernelCR3 uintptr

// fwTop is the table of fwCR3 that pml4 corresponds to, 0 under BIOS.
var fwTop uintptr

// keepFirmwareMap copies the top of the page tables as they are now for fwCR3.
func keepFirmwareMap() {
	fwTop = tablePage()
	copyWords(direct(fwTop), direct(tableRoot), pageSize)
	fwCR3 = fwTop
	if cr3 := readCR3() & pteAddr; cr3 != tableRoot { // 5-level: one more table above
		fwCR3 = tablePage()
		copyWords(direct(fwCR3), direct(cr3), pageSize)
		*entryAt(fwCR3, 0) = fwTop | pteTable
	}
}

// Registers are the inputs and outputs of a BIOS call (thunk64 in stub).
type Registers struct {
	EAX, EBX, ECX, EDX, ESI, EDI uint32
	DS, ES                       uint16
	Flags                        uint16 // out
	Int                          uint16 // interrupt number
}

const registersSize = 32

// Carry is the flag by which BIOS calls report errors.
const Carry = 1

// BIOS calls the BIOS interrupt r.Int. Buffers must lie in LowBuffer.
func BIOS(r *Registers) {
	rawCall(sysBIOS, uintptr(unsafe.Pointer(r)), 0)
}

// LowBuffer is memory below 1 MiB that BIOS calls can address; nil under UEFI.
func LowBuffer() (pa uintptr, b []byte) {
	bi := boot()
	if bi.buf == 0 {
		return 0, nil
	}
	return bi.buf, unsafe.Slice((*byte)(unsafe.Pointer(bi.buf)), bi.bufSize)
}

// bios serves sysBIOS on the boot processor, as firmware does: the call's registers are
// copied to and from memory the BIOS can reach.
func bios(args uintptr) uintptr {
	touch(args)
	touch(args + registersSize - 1)
	old := runOn(0)
	copyWords(biosBlock(), args, registersSize)
	leave()
	firmwareCall(0)
	comeBack()
	copyWords(args, biosBlock(), registersSize)
	runOn(old)
	return 0
}

// biosBlock is where the registers of a BIOS call lie.
func biosBlock() uintptr { return boot().lowPages + lowBlock }

// lowBlock is where in the low pages the registers of a BIOS call lie: behind the code
// that starts processors, which one that was given up may still run.
const lowBlock = pageSize / 2

// stage2Tables is where stage 2 keeps the page tables thunk64 needs.
const stage2Tables = 0x70000

// fwPIC holds the firmware's 8259 masks; ours are all ones.
var fwPIC [2]byte

func maskPIC() {
	fwPIC[0], fwPIC[1] = byte(in8(0x21)), byte(in8(0xa1))
	out8(0x21, 0xff)
	out8(0xa1, 0xff)
}
