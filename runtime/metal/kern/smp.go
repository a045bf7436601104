//go:build linux && amd64

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
	apWaitNS = 200e6
)

// apFailed counts processors that were asked to start and did not.
var apFailed int32

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

	eachProcessor(list, func(apic uint32) {
		if apic == cpus[0].apic || ncpu == maxCPU {
			return
		}
		if !startProcessor(code, apic) {
			apFailed++
		}
	})
}

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

// startProcessor sends INIT and start-up messages (SDM volume 3A section 8.4.4.1)
// and waits for the answer.
func startProcessor(code uintptr, apic uint32) bool {
	c := &cpus[ncpu]
	c.cur = c.idle
	c.apic = apic
	*word(code + apCPU) = uintptr(unsafe.Pointer(c))
	send(apic, icrINIT|icrAssert)
	delay(10e6)
	for try := 0; try < 2; try++ {
		send(apic, icrStartup|icrAssert|uint32(code>>12))
		for end := nanotime() + apWaitNS; nanotime() < end; {
			if atomic.LoadUint32(&c.alive) != 0 {
				ncpu++
				atomic.StoreUint32(&c.alive, 2)
				return true
			}
			pause()
		}
	}
	send(apic, icrINIT|icrAssert) // whatever it does, it stops
	return false
}

// apMain is an application processor's first Go code.
func apMain() {
	c := currentCPU()
	if x2apic != 0 {
		wrmsr(msrAPICBase, rdmsr(msrAPICBase)|apicEnable|apicX2Enable)
	}
	startAPIC()
	atomic.StoreUint32(&c.alive, 1)
	for atomic.LoadUint32(&c.alive) != 2 { // until counted
		pause()
	}
	idleLoop()
}

func put32(a uintptr, v uint32) { *(*uint32)(unsafe.Pointer(a)) = v }
func get32(a uintptr) uint32    { return *(*uint32)(unsafe.Pointer(a)) }
func get16(a uintptr) uint16    { return *(*uint16)(unsafe.Pointer(a)) }
func get64(a uintptr) uint64    { return *(*uint64)(unsafe.Pointer(a)) }
