package kern

import "unsafe"

const giantPage = 1 << 30

// giantPages reports whether the CPU has pages of 1 GiB.
var giantPages bool

// memLock guards page tables and phys. Entries are read by the CPUs' table walks without
// it: each is stored whole, and a table before the entry that leads to it (published).
var (
	memLock spinlock
	phys    frames
	// pool is the huge page that page tables are cut from.
	pool, poolEnd uintptr
	tableRoot     uintptr // physical address of the table that covers the low 128 TiB
)

func entryAt(table, index uintptr) *uintptr {
	return (*uintptr)(unsafe.Pointer(direct(table) + index&511*8))
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
	zero(direct(p), pageSize)
	return p
}

// child returns the table below table[index], making it when absent.
func child(table, index uintptr) uintptr {
	e := entryAt(table, index)
	if *e&ptePresent == 0 {
		t := tablePage()
		published() // cleared before it is linked
		*e = t | pteTable
	}
	return *e & pteAddr
}

// pageDirEntry returns the entry that maps the huge page of va.
func pageDirEntry(va uintptr) *uintptr {
	return entryAt(child(child(tableRoot, va>>39), va>>30), va>>21)
}

// pageEntry returns the entry that maps the 4 KiB page of va.
func pageEntry(va uintptr) *uintptr {
	return entryAt(child(child(child(tableRoot, va>>39), va>>30), va>>21), va>>12)
}

// leaf returns the entry that maps va and the size of its page, nil if no table
// leads there.
func leaf(va uintptr) (e *uintptr, size uintptr) {
	t := tableRoot
	for shift := uintptr(39); ; shift -= 9 {
		e = entryAt(t, va>>shift)
		if shift == 12 || shift <= 30 && isHuge(*e) {
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

// mapDirect makes RAM at [base, base+size) accessible at its direct address, by huge
// pages, leaving what is mapped already; mapDevice does it for registers, uncached.
func mapDirect(base, size uintptr) { mapRange(base, size, 0) }
func mapDevice(base, size uintptr) { mapRange(base, size, pteDevice) }

func mapRange(base, size, flags uintptr) {
	end := alignUp(base+size, hugePage)
	for a := base &^ (hugePage - 1); a < end; {
		va := direct(a)
		if _, ok := lookup(va); ok {
			a += hugePage
			continue
		}
		if e := giantEntry(a, end); e != nil && *e == 0 {
			*e = a | pteBlock | noExec | flags
			a += giantPage
			continue
		}
		*pageDirEntry(va) = a | pteBlock | noExec | flags
		a += hugePage
	}
	published()
}

// giantEntry returns the entry of the 1 GiB page that maps physical memory at pa if one
// can serve up to end, else nil. Below 4 GiB RAM and registers lie side by side, with
// different caching, which one page must not cover (SDM volume 3A section 11.11.9).
func giantEntry(pa, end uintptr) *uintptr {
	if !giantPages || pa < 4<<30 || pa%giantPage != 0 || end-pa < giantPage {
		return nil
	}
	va := direct(pa)
	return entryAt(child(tableRoot, va>>39), va>>30)
}
