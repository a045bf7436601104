package kern

import (
	"sync/atomic"
	"time"
	"unsafe"
)

// Stats is a snapshot of the machine for humans and for memory decisions.
type Stats struct {
	CPUs, FailedCPUs int
	RAM, Used        uint64 // bytes the kernel may hand out, and has
	TSCHz            uint64
	TSCSource        string
	Unknown          []int // system calls nobody serves that were asked for; mostSyscalls stands for it and all above
	LostTicks        int   // timers that fell silent and were started again
	NMIs             int   // non-maskable interrupts nobody asked for
	SkewedCPUs       int   // CPUs whose clock had to be corrected
}

// ReadStats returns the current figures.
func ReadStats() Stats {
	s := Stats{
		CPUs: int(ncpu), FailedCPUs: int(failedCPUs),
		RAM: uint64(phys.total), Used: uint64(phys.used),
		TSCHz: counterHz(), TSCSource: counterSource(),
		LostTicks: int(atomic.LoadUint32(&lostTicks)), NMIs: int(atomic.LoadUint32(&strayNMIs)),
	}
	for k := range ncpu {
		if cpus[k].skew != 0 {
			s.SkewedCPUs++
		}
	}
	for nr, n := range unknown {
		if n != 0 {
			s.Unknown = append(s.Unknown, nr)
		}
	}
	return s
}

// SetWallClock sets CLOCK_REALTIME.
func SetWallClock(now time.Time) { wallBase = uint64(now.UnixNano() - nanotime()) }

// Contiguous returns n bytes of physically contiguous, directly mapped, zeroed
// memory for devices, in units of 2 MiB; nil when there is none. It is never freed.
func Contiguous(n int) []byte {
	pages := (uintptr(n) + hugePage - 1) / hugePage
	p := sysCall(sysPhysRun, pages, 0, 0)
	if p == 0 {
		return nil
	}
	b := unsafe.Slice(bytePtr(direct(p)), pages*hugePage)
	clear(b)
	return b
}

// MapDevice makes device memory accessible at its physical address.
func MapDevice(pa, size uintptr) { sysCall(sysMapDevice, pa, size, 0) }

// PhysicalAddress translates an address of this program, touching its page.
func PhysicalAddress(p unsafe.Pointer) uintptr {
	touch(uintptr(p))
	return sysCall(sysTranslate, uintptr(p), 0, 0)
}

// RootPointer is the address of ACPI's root system description pointer, 0 if the
// firmware has none.
func RootPointer() uintptr { return rsdp }

// Nanotime is the monotonic time in nanoseconds.
func Nanotime() int64 { return nanotime() }

// Random returns 64 random bits.
func Random() uint64 { return random() }
