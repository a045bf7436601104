package kern

import (
	"sync/atomic"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// fwArgs holds the arguments of the call under way; calls are made one at a time.
var fwArgs efi.Args

// systemTable and bootServices are tables of the UEFI firmware.
func systemTable() *efi.SystemTable   { return efi.Ptr[efi.SystemTable](boot().systab).At() }
func bootServices() *efi.BootServices { return systemTable().BootServices.At() }

// EarlyEFI calls a UEFI service before threads exist.
func EarlyEFI(fn efi.Func, args efi.Args) efi.Status {
	fwArgs = args
	return efi.Status(firmwareCall(uintptr(fn)))
}

// EFI calls a UEFI service and returns its status. Buffers the firmware hands to devices
// must be identity-mapped (Contiguous).
func EFI(fn efi.Func, args efi.Args) efi.Status {
	// Not through sysCall: a status has the top bit set and looks like an errno.
	var status uintptr
	call := [2]uintptr{uintptr(unsafe.Pointer(&args)), uintptr(unsafe.Pointer(&status))}
	rawCall(sysFirmware, uintptr(fn), uintptr(unsafe.Pointer(&call)))
	return efi.Status(status)
}

// firmware serves sysFirmware on the boot processor: service fn with args = {*efi.Args,
// *status}. The caller's memory is read before and written after the time away, in which
// this CPU does not count as one that may use it (reclaim.go).
func firmware(fn, args uintptr) uintptr {
	touch(args)
	in, out := *word(args), *word(args + 8)
	touch(in)
	touch(in + unsafe.Sizeof(fwArgs) - 1)
	touch(out)
	old := runOn(0)
	fwArgs = *(*efi.Args)(unsafe.Pointer(in))
	leave()
	status := firmwareCall(fn)
	comeBack()
	*word(out) = status
	runOn(old)
	return 0
}

// leave takes the boot processor out of the kernel's hands for a call of the firmware,
// comeBack puts it in again.
func leave() {
	c := currentCPU()
	sched.lock()
	setAway(c, 1)
	handTimerOver(c)
	unlockSched()
	releaseInterrupts()
}

func comeBack() {
	c := currentCPU()
	reclaimInterrupts()
	sched.lock()
	setAway(c, 0)
	flushUnmapped(c)
	arm(c, nanotime(), slice)
	unlockSched()
}

// setAway records whether the firmware has c. sched held. It is swapped and not stored:
// the next load, of unmapGen, must not pass it (reclaim.go).
func setAway(c *cpu, away int32) { atomic.SwapInt32(&c.away, away) }

// handTimerOver has another CPU look after the next deadline, if this one did and
// there is an idle one; busy ones look at their next tick. sched held.
func handTimerOver(c *cpu) {
	if timers.armedBy != c.id {
		return
	}
	timers.armedAt = 0
	if k := idleCPU(-1); k >= 0 && nextDeadline() != never {
		message(&cpus[k], messageWake)
	}
}
