package kern

// Write combining for framebuffers (SDM volume 3A sections 11.12 and 11.3.1): the CPU
// collects stores to neighbouring addresses instead of sending each over the bus,
// which makes drawing ten times faster and more.

const (
	msrPAT       = 0x277
	patCombining = 0x01
	patEntry     = 4       // selected by the PAT bit alone; firmware leaves it at its default and unused
	pteCombining = 1 << 12 // the PAT bit of a large page (bit 7 of small ones)
)

// combining says that entry 4 of the page attribute table means write combining.
var combining bool

// initPAT prepares the calling CPU; it runs on each.
func initPAT() {
	const pat = 1 << 16
	if _, _, _, d := cpuid(1, 0); d&pat == 0 {
		return
	}
	v := rdmsr(msrPAT)
	wrmsr(msrPAT, v&^(0xff<<(8*patEntry))|patCombining<<(8*patEntry))
	combining = true
}

// MapFramebuffer makes a framebuffer accessible at its physical address, with write
// combining where the CPU has it.
func MapFramebuffer(pa, size uintptr) { sysCall(sysMapFramebuffer, pa, size, 0) }

// EarlyMapFramebuffer is MapFramebuffer for the board's Hwinit1, which runs before
// there are system calls and other processors.
func EarlyMapFramebuffer(pa, size uintptr) { mapFramebuffer(pa, size) }

// mapFramebuffer maps whole huge pages with write combining, replacing what the
// firmware had there, and the rest as device memory. memLock held.
func mapFramebuffer(base, size uintptr) {
	end := base + size
	for a := alignUp(base, hugePage); combining && a+hugePage <= end; a += hugePage {
		if pa, ok := lookup(a); ok && pa != a {
			continue
		}
		*ownEntry(a) = a | pteBlock | noExec | pteCombining
		flushPage(a)
	}
	mapDevice(base, size)
}

// ownEntry returns the entry for the huge page at va in a table of ours: the
// firmware's tables may be write-protected, and its own map keeps them. Copying them
// is safe only while this is the one processor that uses the map.
func ownEntry(va uintptr) *uintptr {
	e := entryAt(tableRoot, va>>39)
	for shift := uintptr(30); ; shift -= 9 {
		switch {
		case *e&ptePresent == 0:
			*e = tablePage() | pteTable
		case isHuge(*e):
			splitPage(e, 1<<(shift+9))
		case fwTop != 0:
			copyTable(e)
		}
		e = entryAt(*e&pteAddr, va>>shift)
		if shift == 21 {
			return e
		}
	}
}
