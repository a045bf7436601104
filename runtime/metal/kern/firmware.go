//go:build linux && amd64

package kern

import (
	"sync/atomic"
	"syscall"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// Page tables while the firmware runs and while we do. The firmware's map has page 0,
// which some drivers read, and not the heap: what it gets pointers to must be static
// or identity-mapped.
var fwCR3, kernelCR3 uintptr

// fwTop is the table of fwCR3 that pml4 corresponds to, 0 under BIOS.
var fwTop uintptr

// fwArgs holds the arguments of the call under way; calls are made one at a time.
var fwArgs efi.Args

// systemTable and bootServices are tables of the UEFI firmware.
func systemTable() *efi.SystemTable   { return efi.Ptr[efi.SystemTable](boot().systab).At() }
func bootServices() *efi.BootServices { return systemTable().BootServices.At() }

// EarlyEFI calls a UEFI service before threads exist.
func EarlyEFI(fn efi.Func, args efi.Args) efi.Status {
	fwArgs = args
	return efi.Status(efiCall(uintptr(fn), &fwArgs))
}

// keepFirmwareMap copies the top of the page tables as they are now for fwCR3.
func keepFirmwareMap() {
	fwTop = tablePage()
	copyWords(fwTop, pml4, pageSize)
	fwCR3 = fwTop
	if cr3 := readCR3() & pteAddr; cr3 != pml4 { // 5-level: one more table above
		fwCR3 = tablePage()
		copyWords(fwCR3, cr3, pageSize)
		*entryAt(fwCR3, 0) = fwTop | ptePresent | pteWrite
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
	syscall.RawSyscall(sysFirmware, 0, uintptr(unsafe.Pointer(r)), 0)
}

// EFI calls a UEFI service and returns its status. Buffers the firmware hands to devices
// must be identity-mapped (Contiguous).
func EFI(fn efi.Func, args efi.Args) efi.Status {
	// Not through sysCall: a status has the top bit set and looks like an errno.
	var status uintptr
	call := [2]uintptr{uintptr(unsafe.Pointer(&args)), uintptr(unsafe.Pointer(&status))}
	syscall.RawSyscall(sysFirmware, uintptr(fn), uintptr(unsafe.Pointer(&call)), 0)
	return efi.Status(status)
}

// LowBuffer is memory below 1 MiB that BIOS calls can address; nil under UEFI.
func LowBuffer() (pa uintptr, b []byte) {
	bi := boot()
	if bi.buf == 0 {
		return 0, nil
	}
	return bi.buf, unsafe.Slice((*byte)(unsafe.Pointer(bi.buf)), bi.bufSize)
}

// firmware serves sysFirmware on the boot processor: fn = 0 is a BIOS call with
// args = *Registers, else a UEFI service with args = {*efi.Args, *status}.
func firmware(fn, args uintptr) uintptr {
	touch(args)
	touch(args + registersSize - 1)
	if fn != 0 {
		touch(*word(args))
		touch(*word(args) + unsafe.Sizeof(fwArgs) - 1)
		touch(*word(args + 8))
	}
	old := runOn(0)
	// The caller's memory is read before and written after the time away, in which this
	// CPU does not count as one that may use it (reclaim.go).
	block, status := boot().lowPages+lowBlock, uintptr(0)
	if fn == 0 {
		copyWords(block, args, registersSize)
	} else {
		fwArgs = *(*efi.Args)(unsafe.Pointer(*word(args)))
	}
	leave()
	if fn == 0 {
		biosCall(boot().thunk, block, stage2Tables)
	} else {
		out8(0x21, uint32(fwPIC[0]))
		out8(0xa1, uint32(fwPIC[1]))
		status = efiCall(fn, &fwArgs)
		maskPIC()
	}
	comeBack()
	if fn == 0 {
		copyWords(args, block, registersSize)
	} else {
		*word(*word(args + 8)) = status
	}
	runOn(old)
	return 0
}

// leave takes the boot processor out of the kernel's hands for a call of the firmware,
// comeBack puts it in again.
func leave() {
	c := currentCPU()
	sched.lock()
	atomic.SwapInt32(&c.away, 1)
	handTimerOver(c)
	unlockSched()
	c.window = 1
	leaveAPIC()
}

func comeBack() {
	c := currentCPU()
	enterAPIC()
	c.window = 0
	sched.lock()
	atomic.SwapInt32(&c.away, 0) // before the load of unmapGen in flushUnmapped
	flushUnmapped(c)
	arm(c, nanotime(), slice)
	unlockSched()
}

// handTimerOver has another CPU look after the next deadline, if this one did and
// there is an idle one; busy ones look at their next tick. sched held.
func handTimerOver(c *cpu) {
	if timers.armedBy != c.id {
		return
	}
	timers.armedAt = 0
	if k := idleCPU(-1); k >= 0 && nextDeadline() != never {
		message(&cpus[k], vecWake)
	}
}

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
