//go:build linux && amd64

package kern

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// info is our copy of the boot information: the original lies in page 0 or in
// memory we may reuse.
var info bootInfo

var efiMap [256 << 10]byte

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
		pml4 = readCR3() & pteAddr
		if readCR4()&cr4LA57 != 0 {
			pml4 = *word(pml4) & pteAddr
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

// identityEnd is the end of the identity map; RAM beyond, which only large servers
// have, is left out.
const identityEnd = address.IdentityEnd

// takeE820 collects usable RAM above 1 MiB. Entries may come in any order, overlap
// and be empty; what one of them calls reserved is not used whatever others say
// (ACPI 6.5 section 15.4). Page tables come from the front, which must be reachable
// while only 4 GiB are mapped: phys is sorted.
func takeE820(list, n uintptr, f *frames) {
	const low = 1 << 20
	for pass := 0; pass < 2; pass++ {
		for i := uintptr(0); i < n; i++ {
			e := (*e820Entry)(unsafe.Pointer(list + i*e820EntrySize))
			end := uintptr(e.base + e.length)
			if e.base+e.length < e.base {
				end = ^uintptr(0)
			}
			switch base := uintptr(e.base); {
			case e.typ != e820Usable && pass == 1:
				f.remove(base, end)
			case e.typ == e820Usable && pass == 0:
				f.add(max(base, low), min(end, identityEnd))
			}
		}
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

// Memory left to the firmware, whose drivers allocate while we read the disk: this
// much, or a sixth of the largest region below 4 GiB where that is less.
const firmwareReserve = 64 << 20

// efiRegion is the free memory of a memory map entry at d, in huge pages (UEFI 2.10
// section 7.2.3).
func efiRegion(d uintptr) (start, end uintptr) {
	m := efi.Ptr[efi.MemoryDescriptor](d).At()
	if m.Type != efi.ConventionalMemory || m.Attribute&efi.MemorySpecialPurpose != 0 {
		return 0, 0
	}
	base := uintptr(m.PhysicalStart)
	end = min(base+uintptr(m.NumberOfPages)*efi.PageSize, identityEnd) &^ (hugePage - 1)
	start = alignUp(max(base, 1<<20), hugePage)
	return start, max(start, end)
}

// takeFirmwareMemory allocates the large free regions from the boot services, which
// stay alive.
func takeFirmwareMemory() {
	size, desc := uintptr(len(efiMap)), uintptr(0)
	var key uintptr
	var version uint32
	first := uintptr(unsafe.Pointer(&efiMap))
	args := efi.Args{uintptr(unsafe.Pointer(&size)), first, uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&desc)), uintptr(unsafe.Pointer(&version))}
	if EarlyEFI(bootServices().GetMemoryMap, args) != efi.Success || desc < unsafe.Sizeof(efi.MemoryDescriptor{}) {
		fatal("the firmware gives no memory map")
	}
	largest := largestLow(first, size, desc)
	for d := first; d+desc <= first+size; d += desc {
		start, end := efiRegion(d)
		if d == largest {
			end -= min(firmwareReserve, (end-start)/6) &^ (hugePage - 1)
		}
		addr := start
		if end > start && allocatePages(efi.AllocateAddress, end-start, &addr) {
			phys.add(start, end)
		}
	}
	phys.round()
	if phys.total == 0 {
		fatal("the firmware gives no memory")
	}
}

// allocatePages takes memory from the firmware, at or below *addr (UEFI 2.10 section 7.2.1).
func allocatePages(how, size uintptr, addr *uintptr) bool {
	args := efi.Args{how, efi.LoaderData, size / efi.PageSize, uintptr(unsafe.Pointer(addr))}
	return EarlyEFI(bootServices().AllocatePages, args) == efi.Success
}

// largestLow returns the entry of the memory map with the most free memory below 4 GiB.
func largestLow(first, size, desc uintptr) (largest uintptr) {
	most := uintptr(0)
	for d := first; d+desc <= first+size; d += desc {
		if start, end := efiRegion(d); end <= 1<<32 && end-start > most {
			largest, most = d, end-start
		}
	}
	return largest
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

// buildUserStack lays out argc, argv, envp and auxv as execve does (System V ABI
// AMD64 section 3.4.1).
func buildUserStack() {
	const atPagesz, atRandom = 6, 25
	top := uintptr(userStack + userStackSize - 4096)
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
