package kern

// Page table entry bits (SDM volume 3A section 4.5).
const (
	ptePresent = 1 << 0
	pteWrite   = 1 << 1
	pteDevice  = 1<<4 | 1<<3 // PCD, PWT
	pteHuge    = 1 << 7
	pteAddr    = 0x000ffffffffff000
	pteNoExec  = 1 << 63

	pteTable = ptePresent | pteWrite
	pteBlock = ptePresent | pteWrite | pteHuge
	ptePage  = ptePresent | pteWrite

	// Bits the CPU ignores: a page that must keep its memory, and an absent page whose
	// memory is being taken back (reclaim.go).
	ptePinned  = 1 << 9
	pteRetired = 1 << 10

	// Bits 52 to 61 of an absent entry are free.
	maxRetired = 1024
	pteSlot    = 52
)

// noExec is pteNoExec on CPUs that have it.
var noExec uintptr

// isHuge reports whether e, of an upper table, maps memory itself, or did when retired.
func isHuge(e uintptr) bool { return e&pteHuge != 0 }

// initPaging turns on no-execute pages (SDM volume 3A section 4.6) if there are any,
// and looks for 1 GiB pages.
func initPaging() {
	const nx, pdpe1gb = 1 << 20, 1 << 26
	_, _, _, d := cpuid(0x80000001, 0)
	giantPages = d&pdpe1gb != 0
	if d&nx != 0 {
		wrmsr(msrEFER, rdmsr(msrEFER)|eferNXE)
		noExec = pteNoExec
	}
}

// protectCore maps the core again, by 4 KiB pages with the rights of its ELF
// segments: nothing is both writable and executable.
func protectCore() {
	pdpt, pd := tablePage(), tablePage()
	*entryAt(pdpt, 0) = pd | pteTable
	for a := uintptr(0); a < info.coreSize; a += pageSize {
		*entryAt(child(pd, a>>21), a>>12) = info.corePA + a | rights(coreBase+a)
	}
	*entryAt(tableRoot, coreBase>>39) = pdpt | pteTable
	if fwTop != 0 {
		*entryAt(fwTop, coreBase>>39) = pdpt | pteTable
	}
	writeCR3(readCR3())
}

func segmentRights(flags uint32) uintptr {
	r := uintptr(ptePresent)
	if flags&elfWrite != 0 {
		r |= pteWrite
	}
	if flags&elfExec == 0 {
		r |= noExec
	}
	return r
}

// makeExecutable allows code in a page of the first 2 MiB, whose tables are our own
// after dropPageZero.
func makeExecutable(va uintptr) {
	if va != 0 && va < hugePage {
		*entryAt(child(child(child(tableRoot, 0), 0), 0), va>>12) &^= pteNoExec
		flushPage(va)
	}
}
