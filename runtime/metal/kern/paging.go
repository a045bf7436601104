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
)

// noExec is pteNoExec on CPUs that have it.
var noExec uintptr

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

func nextFree(p uintptr) uintptr { return *(*uintptr)(unsafe.Pointer(p)) }

// tablePage returns a zeroed page for a page table.
func tablePage() uintptr {
	if pool == poolEnd {
		pool = phys.get(nextFree)
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

// lookup returns the physical address va is mapped to; ok is false when it is not.
func lookup(va uintptr) (pa uintptr, ok bool) {
	t := pml4
	for shift := uintptr(39); ; shift -= 9 {
		e := *entryAt(t, va>>shift)
		if e&ptePresent == 0 {
			return 0, false
		}
		size := uintptr(1) << shift
		if shift == 12 || e&pteHuge != 0 {
			return e&pteAddr&^(size-1) | va&(size-1), true
		}
		t = e & pteAddr
	}
}

// mapIdentity makes RAM at [base, base+size) accessible at its own address, by huge
// pages, leaving what is mapped already; mapDevice does it for registers, uncached.
func mapIdentity(base, size uintptr) { mapRange(base, size, 0) }
func mapDevice(base, size uintptr)   { mapRange(base, size, pteNoCache) }

func mapRange(base, size, flags uintptr) {
	end := alignUp(base+size, hugePage)
	for a := base &^ (hugePage - 1); a < end; a += hugePage {
		if _, ok := lookup(a); ok {
			continue
		}
		*pageDirEntry(a) = a | ptePresent | pteWrite | pteHuge | noExec | flags
	}
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
	flags := *e & (ptePresent | pteWrite | pteNoExec)
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

// populate gives the huge page around va zeroed memory; another CPU may have been
// faster.
func populate(va uintptr) {
	memLock.lock()
	pa := phys.get(nextFree)
	memLock.unlock()
	if pa == 0 {
		fatal("out of memory: every byte of RAM is in use")
	}
	zero(pa, hugePage)
	memLock.lock()
	e := pageDirEntry(va)
	if *e&ptePresent != 0 {
		*(*uintptr)(unsafe.Pointer(pa)) = phys.free
		phys.free = pa
		phys.used -= hugePage
	} else {
		*e = pa | ptePresent | pteWrite | pteHuge | noExec
	}
	memLock.unlock()
}

// clearMapped makes the mapped part of [a, a+n) read as zero, which is what munmap,
// MADV_DONTNEED and MAP_FIXED promise.
func clearMapped(a, n uintptr) {
	for end := a + n; a < end; {
		next := min((a+hugePage)&^(hugePage-1), end)
		if _, ok := lookup(a); ok {
			zero(a, next-a)
		}
		a = next
	}
}

// translate returns the physical address of va in the core image or in a populated
// page; identity-mapped addresses are their own.
func translate(va uintptr) (uintptr, bool) {
	memLock.lock()
	pa, ok := lookup(va)
	memLock.unlock()
	return pa, ok
}
