//go:build linux && amd64

package kern

import "unsafe"

// info is our copy of the boot information: the original lies in page 0 or in
// memory we may reuse.
var info bootInfo

var efiMap [128 << 10]byte

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
	initNoExec()
	if UEFI() {
		bootService(bsWatchdog, 0, 0, 0, 0, 0)
		takeFirmwareMemory()
		pml4 = readCR3() & pteAddr
		if readCR4()&cr4LA57 != 0 {
			pml4 = *word(pml4) & pteAddr
		}
		keepFirmwareMap()
	} else {
		takeE820()
		buildTables()
	}
	dropPageZero()
	protectCore()
	guardStacks()
	initClock()
	initAPIC()
	t := &threads[0]
	t.state, t.cpu, t.tid = threadRunning, -1, nextTID
	nextTID++
	t.kstop = stackTop(0)
	c := &cpus[0]
	c.cur = uintptr(unsafe.Pointer(t))
	c.kstack = t.kstop
	low := trampolinePages()
	makeExecutable(low)
	startProcessors(low)
	apicOn = true
	buildUserStack()
	armTimer(nanotime() + slice)
}

// takeE820 collects usable RAM above 1 MiB, low memory first: page tables come from
// the front and must be reachable while only 4 GiB are mapped.
func takeE820() {
	const low, fourGiB = 1 << 20, 1 << 32
	for pass := 0; pass < 2; pass++ {
		for i := uintptr(0); i < uintptr(info.e820n); i++ {
			e := (*e820Entry)(unsafe.Pointer(info.e820 + i*24))
			if e.typ != e820Usable || (e.base < fourGiB) != (pass == 0) || e.base+e.length < e.base {
				continue
			}
			if base := max(uintptr(e.base), low); base < uintptr(e.base+e.length) {
				phys.add(base, uintptr(e.base+e.length)-base)
			}
		}
	}
	// Entries that say "reserved" win over overlapping usable ones.
	for i := uintptr(0); i < uintptr(info.e820n); i++ {
		if e := (*e820Entry)(unsafe.Pointer(info.e820 + i*24)); e.typ != e820Usable && e.length != 0 {
			phys.remove(uintptr(e.base), uintptr(e.length))
		}
	}
	phys.remove(info.corePA, info.coreSize)
	if phys.total == 0 {
		fatal("no usable RAM")
	}
}

// buildTables makes the kernel's own tables: the first 4 GiB and all RAM at their
// own addresses, the core where it is linked. Stage 2's stay for BIOS calls.
func buildTables() {
	pml4 = readCR3() // stage 2's, until ours are complete
	top := tablePage()
	*entryAt(top, coreBase>>39) = *entryAt(pml4, coreBase>>39)
	pml4 = top
	*pageDirEntry(0) = ptePresent | pteWrite | pteHuge // code of the AP start lies here
	mapIdentity(0, 1<<32)
	for i := 0; i < phys.n; i++ {
		mapIdentity(phys.ranges[i].base, phys.ranges[i].end-phys.ranges[i].base)
	}
	writeCR3(top)
}

// Memory left to the firmware, whose drivers allocate while we read the disk.
const firmwareReserve = 64 << 20

// takeFirmwareMemory allocates the large free regions from the boot services, which
// stay alive.
func takeFirmwareMemory() {
	const conventional, loaderData, allocateAddress = 7, 2, 2
	size, desc := uintptr(len(efiMap)), uintptr(0)
	var key uintptr
	var version uint32
	buf := uintptr(unsafe.Pointer(&efiMap))
	if bootService(bsGetMemoryMap, uintptr(unsafe.Pointer(&size)), buf, uintptr(unsafe.Pointer(&key)),
		uintptr(unsafe.Pointer(&desc)), uintptr(unsafe.Pointer(&version))) != 0 || desc < 40 {
		fatal("the firmware gives no memory map")
	}
	keep := uintptr(firmwareReserve)
	for end := buf + size; buf+desc <= end; buf += desc {
		if get32(buf) != conventional {
			continue
		}
		base, n := uintptr(get64(buf+8)), uintptr(get64(buf+24))*pageSize
		start, stop := alignUp(max(base, 1<<20), hugePage), (base+n)&^(hugePage-1)
		if stop <= start {
			continue
		}
		if stop-start > 2*keep && base < 1<<32 { // once, from the first region that can bear it
			stop -= keep
			keep = 0
		}
		addr := start
		if bootService(bsAllocatePages, allocateAddress, loaderData, (stop-start)/pageSize, uintptr(unsafe.Pointer(&addr)), 0) == 0 {
			phys.add(start, stop-start)
		}
	}
	if phys.total == 0 {
		fatal("the firmware gives no memory")
	}
}

// trampolinePages returns two pages below 1 MiB for ap.asm, 0 if there are none.
func trampolinePages() uintptr {
	if !UEFI() {
		return info.lowPages
	}
	const maxAddress, loaderData = 1, 2
	addr := uintptr(0x9ffff)
	if bootService(bsAllocatePages, maxAddress, loaderData, apPages, uintptr(unsafe.Pointer(&addr)), 0) != 0 {
		return 0
	}
	return addr
}

// buildUserStack lays out argc, argv, envp and auxv as execve does (System V ABI
// AMD64 section 3.4.1).
func buildUserStack() {
	const atPagesz, atRandom = 6, 25
	top := userStackStart() + userStackSize - 4096
	data := top + 1024
	at := top
	put := func(v uintptr) { *word(at) = v; at += 8 }
	str := func(s string) uintptr {
		p := data
		for i := 0; i < len(s); i++ {
			*bytePtr(data) = s[i]
			data++
		}
		*bytePtr(data) = 0
		data++
		return p
	}
	seed := data
	for i := uintptr(0); i < 16; i += 8 {
		*word(seed + i) = uintptr(random())
	}
	data += 16
	put(1)
	put(str("llamafile"))
	put(0)
	put(str("HOME=/"))
	put(0)
	put(atPagesz)
	put(pageSize)
	put(atRandom)
	put(seed)
	put(0)
	put(0)
	userSP = top
}
