package kern

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// initBoot takes the machine over: memory, page tables, clock, processors, and the
// first thread. It runs on the boot stack, before Go's runtime.
func initBoot() {
	info = *boot()
	bootInfoPtr = uintptr(unsafe.Pointer(&info))
	fwSP = (uintptr(unsafe.Pointer(&fwStack)) - coreBase + info.corePA + fwStackSize - 64) &^ 15
	fwCR3, kernelCR3 = readCR3(), readCR3()
	hardwareInit()
	puts("llamaboot: core\n")
	rsdp = findRSDP()
	maskPIC()
	initPaging()
	initPAT()
	enableMachineCheck()
	if UEFI() {
		EarlyEFI(bootServices().SetWatchdogTimer, efi.Args{}) // off
		takeFirmwareMemory()
		tableRoot = readCR3() & pteAddr
		if readCR4()&cr4LA57 != 0 {
			tableRoot = *word(tableRoot) & pteAddr
		}
		keepFirmwareMap()
	} else {
		takeE820(info.e820, uintptr(info.e820n), &phys)
		phys.remove(info.corePA, info.corePA+info.coreSize)
		phys.round()
		if phys.total == 0 {
			fatal("no usable RAM")
		}
		buildTables()
	}
	dropPageZero()
	protectCore()
	initClock()
	hardwareReady()
	initAPIC()
	initStacks()
	low := trampolinePages()
	makeExecutable(low)
	startProcessors(low)
	apicOn = true
	buildUserStack()
	now := nanotime()
	arm(&cpus[0], now, slice)
}

// initStacks gives the boot processor and the first thread their stacks.
func initStacks() {
	addCPU(0)
	c := &cpus[0]
	t := newThread()
	t.state = threadRunning
	c.cur = uintptr(unsafe.Pointer(t))
	c.kstack = t.kstop
	c.busy = 1
	mapStack(userStack, userStackSize)
}

// buildTables makes the kernel's own tables: the first 4 GiB and all RAM at their
// own addresses, the core where it is linked. Stage 2's stay for BIOS calls.
func buildTables() {
	tableRoot = readCR3() // stage 2's, until ours are complete
	top := tablePage()
	*entryAt(top, coreBase>>39) = *entryAt(tableRoot, coreBase>>39)
	tableRoot = top
	*pageDirEntry(0) = pteBlock // code of the AP start lies here
	mapDirect(0, 1<<32)
	for i := range phys.Len() {
		r := phys.At(i)
		mapDirect(r.Start, r.End-r.Start)
	}
	writeCR3(top)
}

// trampolinePages returns two pages below 1 MiB for ap.asm, 0 if there are none.
func trampolinePages() uintptr {
	if !UEFI() {
		return info.lowPages
	}
	addr := uintptr(0x9ffff)
	if !allocatePages(efi.AllocateMaxAddress, apPages*efi.PageSize, &addr) {
		return 0
	}
	return addr
}
