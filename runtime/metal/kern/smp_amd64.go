package kern

import (
	_ "embed"
	"sync/atomic"
	"unsafe"
)

//go:generate nasm -f bin -o ap.bin ap.asm

//go:embed ap.bin
var apCode string

// Fields of ap.asm.
const (
	apCR3Low = 0x08
	apCR3    = 0x10
	apCR4    = 0x18
	apEFER   = 0x1c
	apEntryF = 0x20
	apCPU    = 0x28
	apFar    = 0x30
	apGDTR   = 0x3a
	apGDT    = 0x40
)

const (
	msrEFER  = 0xc0000080
	eferLME  = 1 << 8
	eferNXE  = 1 << 11
	cr4PAE   = 1 << 5
	cr4LA57  = 1 << 12
	apPages  = 2
	apWaitNS = 200e6 // an answer takes microseconds, in an emulator milliseconds
	apHangNS = 10e9
)

// startProcessors brings up the processors the MADT lists, before Go's runtime
// starts, so that it sees their number. low: two pages below 1 MiB.
func startProcessors(low uintptr) {
	list := madt()
	if list == 0 || low == 0 {
		return
	}
	code, tables := low, low+pageSize
	for i := 0; i < len(apCode); i++ {
		*bytePtr(code + uintptr(i)) = apCode[i]
	}
	*word(code + apCR3Low) = apTables(tables)
	*word(code + apCR3) = readCR3()
	put32(code+apCR4, uint32(readCR4()&(cr4PAE|cr4LA57)))
	put32(code+apEFER, uint32(rdmsr(msrEFER))&(eferLME|eferNXE))
	*word(code + apEntryF) = codeAddr(addrAP)
	longOff := *word(code + uintptr(len(apCode)) - 8)
	put32(code+apFar, uint32(code+longOff))
	put32(code+apGDTR, uint32(code+apGDT))

	shift := smtShift()
	cpus[0].core = 0
	eachProcessor(list, func(apic uint32) { // all at once: the wait is for the slowest
		if !known(apic) && reachable(apic) {
			send(apic, icrINIT|icrAssert)
		}
	})
	delay(10e6)
	eachProcessor(list, func(apic uint32) {
		switch {
		case known(apic):
		case ncpu == maxCPU, !reachable(apic), !startProcessor(code, apic, shift):
			failedCPUs++
		}
	})
}

// known reports whether a running CPU has that APIC ID: tables list some twice.
func known(apic uint32) bool {
	for k := range ncpu {
		if cpus[k].hwid == apic {
			return true
		}
	}
	return false
}

// reachable reports whether messages can be sent to apic.
func reachable(apic uint32) bool { return x2apic != 0 || apic < apicBroadcast }

// apTables returns page tables below 4 GiB equal to the kernel's; page is free for
// a copy of the top level.
func apTables(page uintptr) uintptr {
	cr3 := readCR3() & pteAddr
	if cr3 < 1<<32 {
		return cr3
	}
	copyWords(page, cr3, pageSize)
	return page
}

// startProcessor sends the start-up messages that follow INIT (SDM volume 3A section
// 8.4.4.1) and waits until a processor has taken the ticket and answers. That may be
// another than the one with this APIC ID: a processor that did not answer in time, and
// was given up, may still arrive and take the ticket. Either will do.
func startProcessor(code uintptr, apic, shift uint32) bool {
	addCPU(int(ncpu))
	c := &cpus[ncpu]
	c.alive = apAbsent
	ticket := (*uintptr)(unsafe.Pointer(code + apCPU))
	atomic.StoreUintptr(ticket, uintptr(unsafe.Pointer(c)))
	for try := 0; try < 2; try++ {
		send(apic, icrStartup|icrAssert|uint32(code>>12))
		if awaitProcessor(c, apWaitNS) {
			addProcessor(c, shift)
			return true
		}
	}
	if atomic.SwapUintptr(ticket, 0) != 0 {
		send(apic, icrINIT|icrAssert) // whatever it does, it stops
		return false
	}
	if !awaitProcessor(c, apHangNS) { // the ticket was taken, and its stack with it
		fatal("a processor was started and hangs")
	}
	addProcessor(c, shift)
	return true
}

// awaitProcessor waits for c's answer.
func awaitProcessor(c *cpu, ns int64) bool {
	for end := nanotime() + ns; nanotime() < end; {
		if atomic.LoadUint32(&c.alive) == apHere {
			return true
		}
		pause()
	}
	return false
}

// addProcessor lets c, which has answered, run threads.
func addProcessor(c *cpu, shift uint32) {
	c.skew = compareClocks(c)
	c.core = coreOf(cpus[:], c.id, shift)
	cpus[c.core].busy++
	ncpu++
	atomic.StoreUint32(&c.alive, apCounted)
}

// Values of cpu.alive, the only memory both sides change while a processor starts. The
// boot processor fills the record, then puts it where one processor takes it by an atomic
// exchange (ap.asm): the ticket. The new one stores apHere when its stacks and APIC work;
// the boot processor stores apAsked, the new one apClock and then apTold, again and again;
// last apCounted, with ncpu and core set before it, lets it run threads. All are stored
// and loaded through sync/atomic.
const (
	apAbsent = iota
	apHere
	apCounted
	apAsked // the boot processor wants the time
	apTold
)

// compareClocks returns what to add to c's time stamp counter to get ours, 0 if no difference
// can be seen. Firmware starts the counters together on practically every machine;
// where it does not, time would jump when a thread changes CPUs.
func compareClocks(c *cpu) uint64 {
	var best clockShot
	for i := range 20 {
		var s clockShot
		s.before = rdtsc()
		atomic.StoreUint32(&c.alive, apAsked)
		for atomic.LoadUint32(&c.alive) != apTold {
			if rdtsc()-s.before > tscHz { // dead? then it will not be missed here
				return 0
			}
		}
		s.after = rdtsc()
		s.there = apClock
		if i == 0 || s.after-s.before < best.after-best.before {
			best = s
		}
	}
	return best.offset()
}

// clockShot is a time on another CPU, and our times before and after it.
type clockShot struct{ before, there, after uint64 }

// offset is what to add to the other clock, 0 if its time may lie between ours.
func (s clockShot) offset() uint64 {
	if s.there-s.before <= s.after-s.before {
		return 0
	}
	return s.before + (s.after-s.before)/2 - s.there
}

// apClock is the answer of the processor whose clock is compared.
var apClock uint64

// apMain is an application processor's first Go code.
func apMain() {
	c := currentCPU()
	startAPIC()
	c.hwid = localID()
	initPAT()
	enableMachineCheck()
	atomic.StoreUint32(&c.alive, apHere)
	for atomic.LoadUint32(&c.alive) != apCounted {
		if atomic.LoadUint32(&c.alive) == apAsked {
			apClock = rdtsc()
			atomic.StoreUint32(&c.alive, apTold)
		}
	}
	idleLoop()
}
