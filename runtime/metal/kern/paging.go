//go:build linux && amd64

package kern

import "unsafe"

// Page table entry bits (SDM volume 3A section 4.5).
const (
	ptePresent = 1 << 0
	pteWrite   = 1 << 1
	pteNoCache = 1<<4 | 1<<3 // PCD, PWT
	pteHuge    = 1 << 7
	pteAddr    = 0x000ffffffffff000
	pteNoExec  = 1 << 63

	// Bits the CPU ignores: a page that must keep its memory, and an absent page whose
	// memory is being taken back (reclaim.go).
	ptePinned  = 1 << 9
	pteRetired = 1 << 10

	giantPage = 1 << 30
)

var (
	noExec     uintptr // pteNoExec on CPUs that have it
	giantPages bool    // the CPU has pages of 1 GiB
)

var (
	memLock spinlock
	phys    frames
	// pool is the huge page that page tables are cut from.
	pool, poolEnd uintptr
	pml4          uintptr // physical address of the table that covers the low 128 TiB
)

func entryAt(table, index uintptr) *uintptr {
	return (*uintptr)(unsafe.Pointer(table + index&511*8))
}

// tablePage returns a zeroed page for a page table.
func tablePage() uintptr {
	if pool == poolEnd {
		pool, _ = phys.get()
		if pool == 0 {
			fatal("out of memory for page tables")
		}
		poolEnd = pool + hugePage
	}
	p := pool
	pool += pageSize
	zero(p, pageSize)
	return p
}

// child returns the table below table[index], making it when absent.
func child(table, index uintptr) uintptr {
	e := entryAt(table, index)
	if *e&ptePresent == 0 {
		*e = tablePage() | ptePresent | pteWrite
	}
	return *e & pteAddr
}

// pageDirEntry returns the entry that maps the huge page of va.
func pageDirEntry(va uintptr) *uintptr {
	return entryAt(child(child(pml4, va>>39), va>>30), va>>21)
}

// pageEntry returns the entry that maps the 4 KiB page of va.
func pageEntry(va uintptr) *uintptr {
	return entryAt(child(child(child(pml4, va>>39), va>>30), va>>21), va>>12)
}

// leaf returns the entry that maps va and the size of its page, nil if no table
// leads there.
func leaf(va uintptr) (e *uintptr, size uintptr) {
	t := pml4
	for shift := uintptr(39); ; shift -= 9 {
		e = entryAt(t, va>>shift)
		if shift == 12 || shift <= 30 && *e&pteHuge != 0 {
			return e, 1 << shift
		}
		if *e&ptePresent == 0 {
			return nil, 0
		}
		t = *e & pteAddr
	}
}

// lookup returns the physical address va is mapped to; ok is false when it is not.
func lookup(va uintptr) (pa uintptr, ok bool) {
	e, size := leaf(va)
	if e == nil || *e&ptePresent == 0 {
		return 0, false
	}
	return *e&pteAddr&^(size-1) | va&(size-1), true
}

// mapIdentity makes RAM at [base, base+size) accessible at its own address, by huge
// pages, leaving what is mapped already; mapDevice does it for registers, uncached.
func mapIdentity(base, size uintptr) { mapRange(base, size, 0) }
func mapDevice(base, size uintptr)   { mapRange(base, size, pteNoCache) }

func mapRange(base, size, flags uintptr) {
	end := alignUp(base+size, hugePage)
	for a := base &^ (hugePage - 1); a < end; {
		if _, ok := lookup(a); ok {
			a += hugePage
			continue
		}
		if e := giantEntry(a, end); e != nil && *e == 0 {
			*e = a | ptePresent | pteWrite | pteHuge | noExec | flags
			a += giantPage
			continue
		}
		*pageDirEntry(a) = a | ptePresent | pteWrite | pteHuge | noExec | flags
		a += hugePage
	}
}

// giantEntry returns the entry of the 1 GiB page at va if one can serve up to end, else
// nil. Below 4 GiB RAM and registers lie side by side, with different caching, which
// one page must not cover (SDM volume 3A section 11.11.9).
func giantEntry(va, end uintptr) *uintptr {
	if !giantPages || va < 4<<30 || va%giantPage != 0 || end-va < giantPage {
		return nil
	}
	return entryAt(child(pml4, va>>39), va>>30)
}

// dropPageZero unmaps the first page, so that nil dereferences fault. Tables on the
// way are replaced by copies: the originals may be the firmware's, write-protected.
func dropPageZero() {
	t := copyTable(entryAt(pml4, 0))
	e := entryAt(t, 0)
	if *e&pteHuge != 0 {
		splitPage(e, 1<<30)
	}
	t = copyTable(e)
	e = entryAt(t, 0)
	if *e&pteHuge != 0 {
		splitPage(e, hugePage)
	}
	t = copyTable(e)
	*entryAt(t, 0) = 0
	invlpg(0)
}

// copyTable gives *e a private copy of the table it points to.
func copyTable(e *uintptr) uintptr {
	t := tablePage()
	copyWords(t, *e&pteAddr, pageSize)
	*e = t | *e&^pteAddr
	return t
}

// splitPage replaces the large page of *e by a table of pages 1/512 of its size.
func splitPage(e *uintptr, size uintptr) {
	base := *e & pteAddr &^ (size - 1)
	flags := *e & (ptePresent | pteWrite | pteNoCache | pteNoExec)
	small := size / 512
	if small > pageSize {
		flags |= pteHuge
	}
	t := tablePage()
	for i := uintptr(0); i < 512; i++ {
		*entryAt(t, i) = base + i*small | flags
	}
	*e = t | ptePresent | pteWrite
}
