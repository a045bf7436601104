package kern

import (
	"testing"
	"unsafe"
)

// ownTables gives the page table code memory of the host to build tables in, which
// nobody walks, and n huge pages that map themselves.
func ownTables(t *testing.T, n int) (pages uintptr) {
	t.Helper()
	base := hostMemory(t, n+1)
	oldPML4, oldPool, oldEnd, oldPhys := tableRoot, pool, poolEnd, phys
	t.Cleanup(func() { tableRoot, pool, poolEnd, phys = oldPML4, oldPool, oldEnd, oldPhys })
	pool, poolEnd = base, base+hugePage
	tableRoot = tablePage()
	phys = frames{}
	return base + hugePage
}

func TestMapRange(t *testing.T) {
	defer func(old bool) { giantPages = old }(giantPages)
	for _, giant := range []bool{false, true} {
		ownTables(t, 0)
		giantPages = giant
		const start, end = 3 << 30, 9<<30 + 3*hugePage
		mapDirect(start+5, end-start-pageSize)
		for _, a := range []uintptr{start, 5<<30 + 12345, end - 1} {
			if pa, ok := lookup(a); !ok || pa != a {
				t.Errorf("giant %v: %#x is at %#x, %v", giant, a, pa, ok)
			}
		}
		for _, a := range []uintptr{0, start - 1, end, 1 << 39} {
			if pa, ok := lookup(a); ok {
				t.Errorf("giant %v: %#x is mapped to %#x", giant, a, pa)
			}
		}
		for va, want := range map[uintptr]uintptr{start: hugePage, 4 << 30: giantPage, 8 << 30: giantPage, 9 << 30: hugePage} {
			if !giant {
				want = hugePage
			}
			if _, size := leaf(va); size != want {
				t.Errorf("giant %v: page of %#x at %#x, want %#x", giant, size, va, want)
			}
		}
		if giant { // registers in the middle of a mapped giant page stay as they are
			mapDevice(5<<30, pageSize)
			if _, size := leaf(5 << 30); size != giantPage {
				t.Errorf("the giant page became one of %#x", size)
			}
		}
	}
}

func TestStackGuards(t *testing.T) {
	ownTables(t, 0)
	mapThreadStack(3)
	if _, ok := lookup(stackTop(3)); !ok {
		t.Error("no memory below the top of the stack")
	}
	if _, ok := lookup(stackStart(3)); ok || !guarded(stackStart(3)) {
		t.Error("the guard page has memory")
	}
}

// TestReclaim takes pages back and gives them out again, with a second CPU that
// remembers translations.
func TestReclaim(t *testing.T) {
	const n = 3
	base := ownTables(t, n)
	oldCPUs, oldGen := ncpu, unmapGen
	retired.head, retired.tail = 0, 0
	ncpu = 2
	t.Cleanup(func() { ncpu, unmapGen, cpus[0].seen, cpus[1].seen, cpus[1].idling = oldCPUs, oldGen, 0, 0, 0 })
	page := func(i int) uintptr { return base + uintptr(i)*hugePage }
	state := func(i int) string {
		e, _ := leaf(page(i))
		switch {
		case e == nil || *e == 0:
			return "free"
		case *e&ptePresent != 0:
			return "present"
		}
		return "retired"
	}
	for i := range n {
		*pageDirEntry(page(i)) = page(i) | pteBlock
	}
	phys.used = n * hugePage
	check := func(when string, want ...string) {
		t.Helper()
		for i, w := range want {
			if got := state(i); got != w {
				t.Errorf("%s: page %d is %s, want %s", when, i, got, w)
			}
		}
	}

	*word(page(1) + 4096) = 1
	for i := range n {
		retire(page(i) + 12345)
	}
	check("page 1 is in use", "retired", "present", "retired")
	cpus[0].seen = unmapGen
	reap(10)
	check("CPU 1 remembers", "retired", "present", "retired")
	*word(page(2)) = 7 // through its old translation
	if !revive(page(0)) {
		t.Error("page 0 cannot be revived")
	}
	check("page 0 was touched", "present", "present", "retired")
	cpus[1].seen = unmapGen
	reap(10)
	check("page 2 was written to", "present", "present", "present")

	*word(page(2)) = 0
	retire(page(0))
	revive(page(0))
	retire(page(0)) // twice in the ring: only the second may free it
	cpus[0].seen, cpus[1].seen = unmapGen-1, unmapGen-1
	reap(10)
	check("seen the first retirement only", "retired", "present", "present")
	cpus[0].seen, cpus[1].idling = unmapGen, 1
	reap(10)
	check("an idle CPU counts as flushed", "free", "present", "present")
	if phys.used != (n-1)*hugePage || phys.free != page(0) {
		t.Errorf("used %#x, free list %#x", phys.used, phys.free)
	}
	if pa, dirty := phys.get(); pa != page(0) || dirty || !allZero(pa, hugePage) {
		t.Errorf("got %#x, dirty %v", pa, dirty)
	}

	*pageDirEntry(page(2)) |= ptePinned
	retire(page(2))
	check("a pinned page", "free", "present", "present")
	if revive(page(0)) {
		t.Error("a freed page was revived")
	}
	*pageDirEntry(page(1)) = 0
	for range 2 * maxRetired { // the ring fills and refuses
		*pageDirEntry(page(1)) = page(1) | pteBlock
		*(*uint64)(unsafe.Pointer(page(1) + 4096)) = 0
		cpus[0].seen = 0
		retire(page(1))
	}
	if retired.tail-retired.head > maxRetired {
		t.Errorf("%d pages in a ring of %d", retired.tail-retired.head, maxRetired)
	}
}

// TestPinRetired: pinning a page on its way back keeps it, whether or not the CPU that
// asks still has a translation for it. The host's memory is always there, as if it had
// one: touching it does not fault.
func TestPinRetired(t *testing.T) {
	va := ownTables(t, 1)
	retired.head, retired.tail = 0, 0
	e := pageDirEntry(va)
	*e = va | pteBlock
	retire(va)
	if *e&ptePresent != 0 {
		t.Fatal("the page was not retired")
	}
	pin(va + 5)
	want := va | pteBlock
	if va >= userLow { // else it would never be taken back; the host puts its heap anywhere
		want |= ptePinned
	}
	if *e != want {
		t.Errorf("entry %#x after pin, want %#x", *e, want)
	}
}

// TestClearRetired: a page that another CPU wrote to through an old translation reads
// as zero once it is cleared, although it is retired.
func TestClearRetired(t *testing.T) {
	va := ownTables(t, 1)
	retired.head, retired.tail = 0, 0
	*pageDirEntry(va) = va | pteBlock
	retire(va)
	*word(va + pageSize) = 7
	clearPage(va, hugePage)
	if got := *word(va + pageSize); got != 0 {
		t.Errorf("cleared memory holds %d", got)
	}
}
