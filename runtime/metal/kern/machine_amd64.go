//go:build metal

package kern

import (
	"sync/atomic"
	"unsafe"
)

// The machine layer of amd64 (machine.go). x86 keeps loads in order, and stores in order;
// a load may pass an earlier store to another address, unless a locked instruction, as
// every read-modify-write and store of sync/atomic is, stands between them.

func currentCPU() *cpu

//go:noescape
func switchStack(from, to *uintptr)

//go:noescape
func resumeSignal(tf *trapFrame, fp uintptr)

func idleWait()
func pause()
func stopCPU()
func kernelG() uintptr
func copyWords(dst, src, n uintptr)
func zero(p, n uintptr)

// threadG reads the thread-local slot of the current thread, 8 bytes below FS.
func threadG() uintptr {
	const gInTLS = 8
	if fs := thisThread().fs; fs != 0 {
		return *word(fs - gInTLS)
	}
	return 0
}

func useKernelStack(c *cpu, top uintptr) { c.kstack = top }

func onBootStack(sp uintptr) bool {
	return within(sp, uintptr(unsafe.Pointer(&bootStack)), bootStackSize) ||
		within(sp, uintptr(unsafe.Pointer(&earlyStack)), earlyStackSize)
}

// message: in xAPIC mode the write of the command register is a store to uncached memory,
// before which earlier stores are visible; send has a fence for x2APIC mode.
func message(c *cpu, kind uint32) {
	const kinds = 3
	command := [kinds]uint32{messageWake: vecWake, messageTick: vecTimer, messageStop: icrNMI}[kind%kinds]
	if apicOn && atomic.LoadInt32(&c.away) == 0 {
		send(c.hwid, command|icrAssert)
	}
}

func armTimer(at, now int64) {
	const shortest = 2000 // ns
	d := min(max(at-now, shortest), idleNap)
	apicWrite(apicTimer, vecTimer)
	apicWrite(apicCount, uint32(min(max(uint64(d)*apicTicks/1e9, 1), 1<<32-1)))
}

func releaseInterrupts() {
	currentCPU().window = 1
	leaveAPIC()
}

func reclaimInterrupts() {
	enterAPIC()
	currentCPU().window = 0
}

func counter() uint64       { return ticks() }
func counterHz() uint64     { return tscHz }
func counterSource() string { return tscSources[tscFrom] }

func hardwareRandom() (v uint64, ok bool) {
	const rdrandThere = 1 << 30
	if _, _, c, _ := cpuid(1, 0); c&rdrandThere == 0 {
		return 0, false
	}
	v, good := rdrand()
	return v, good != 0
}

// direct: all memory we use lies below identityEnd and is mapped at its own address.
func direct(pa uintptr) uintptr { return pa }

// published: x86 walks tables as it loads, in order, and stores are seen in order.
func published() {}

// flushTLB: MOV to CR3 is serialising. Nothing of ours is mapped as global.
func flushTLB()            { writeCR3(readCR3()) }
func flushPage(va uintptr) { invlpg(va) }

// firmwareCall makes the call in fwArgs, or the BIOS call in biosBlock.
func firmwareCall(fn uintptr) uintptr {
	if fn == 0 {
		biosCall(boot().thunk, biosBlock(), stage2Tables)
		return 0
	}
	out8(0x21, uint32(fwPIC[0]))
	out8(0xa1, uint32(fwPIC[1]))
	status := efiCall(fn, &fwArgs)
	maskPIC()
	return status
}
