//go:build !(amd64 && metal)

package kern

import (
	"runtime"
	"time"
)

// The machine that tests see on every host: one processor at a time, whose interrupts
// arrive when it waits for them. Page tables are ordinary memory nobody walks.

// hosted is what tests set and look at; functions that are nil do nothing.
var hosted struct {
	cpu    *cpu           // the processor that runs; nil: cpus[0]
	memory []hostedMemory // physical memory; all other addresses are the host's
	flush  int            // calls of flushTLB

	step    func() // called often: a moment at which other processors may run
	swap    func(from, to *uintptr)
	message func(c *cpu, kind uint32)
	arm     func(at int64)
	wait    func()        // idleWait
	clock   func() uint64 // counter; nil: the host's
}

// hostedMemory appears at physical address pa and is the host's at addr.
type hostedMemory struct{ pa, size, addr uintptr }

func currentCPU() *cpu {
	if hosted.step != nil {
		hosted.step()
	}
	if hosted.cpu != nil {
		return hosted.cpu
	}
	return &cpus[0]
}

func kernelG() uintptr { return 0 }
func threadG() uintptr { return 0 }

func switchStack(from, to *uintptr) { hosted.swap(from, to) }

func useKernelStack(c *cpu, top uintptr) {}

func onBootStack(sp uintptr) bool { return false }

func message(c *cpu, kind uint32) {
	if hosted.message != nil {
		hosted.message(c, kind)
	}
}

func armTimer(at, now int64) {
	if hosted.arm != nil {
		hosted.arm(at)
	}
}

func idleWait() { hosted.wait() }

func releaseInterrupts() {}
func reclaimInterrupts() {}

func pause() {
	if hosted.step != nil {
		hosted.step()
	} else {
		runtime.Gosched()
	}
}

func stopCPU() { panic("kern: the processor stops") }

// The counter counts nanoseconds.
var hostedStart = time.Now()

func counter() uint64 {
	if hosted.clock != nil {
		return hosted.clock()
	}
	return uint64(time.Since(hostedStart))
}

func counterHz() uint64     { return 1e9 }
func counterSource() string { return "the host" }

func hardwareRandom() (v uint64, ok bool) { return 0, false }

func direct(pa uintptr) uintptr {
	for _, m := range hosted.memory {
		if within(pa, m.pa, m.size) {
			return pa - m.pa + m.addr
		}
	}
	return pa
}

func published()           {}
func flushTLB()            { hosted.flush++ }
func flushPage(va uintptr) {}

func copyWords(dst, src, n uintptr) {
	for i := uintptr(0); i < n; i += 8 {
		*word(dst + i) = *word(src + i)
	}
}

func zero(p, n uintptr) {
	for end := p + n; p < end; p += 8 {
		*word(p) = 0
	}
}

// resumeSignal ends the kernel's part of the test by a panic with f.
func resumeSignal(tf *trapFrame, fp uintptr) {
	f := *tf
	panic(&f)
}

func firmwareCall(fn uintptr) uintptr { return 0 }
