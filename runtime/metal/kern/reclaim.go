package kern

import (
	"sync/atomic"
	"unsafe"
)

// Memory comes in huge pages, while Go gives it back in pieces of any size. A huge
// page that has become all zero is as good as one never touched, so it is taken back:
//
//  1. retire: its entry is marked absent; the address of the memory stays in it.
//     Other CPUs may go on using translations they remember.
//  2. A fault on a retired page just makes it present again. So does every part of the
//     kernel that wants the page: a CPU that remembers the translation does not fault.
//  3. reap: once every CPU has forgotten its translations (at a tick, a dispatch, the
//     end of idling or of a firmware call) nobody can reach the memory. If it still is
//     all zero, it is free; else the page is made present again.
//
// No CPU is interrupted or waited for. What devices or interrupt handlers use is
// pinned: it never leaves its place.
//
// Who tells whom, and by which order of memory. Entries and the ring are changed under
// memLock. unmapGen, cpu.seen, cpu.idling and cpu.away are read without it:
//
//	reaper (any CPU)                      CPU c
//	R1 mark the entry absent              C1 seen = g, after its flush
//	R2 unmapGen = gen, add                C2 idling or away = 0, swap
//	R3 load seen, idling, away of c       C3 load unmapGen; flush if it is not seen
//	R4 free the page if seen >= gen,      C4 use memory
//	   or c is idle or away
//
// R2 and C2 are read-modify-writes of sync/atomic, which are sequentially consistent:
// either R3 sees idling = 0, or C3 sees the new unmapGen and c flushes before C4. With a
// plain store at C2 both could miss the other, on amd64 too, where a load may pass an
// earlier store. The flush at C3 drops translations read
// before R1, as R1 comes before R2 (published) and C3 reads what R2 wrote; seen is stored
// after the flush, so that R3 sees it only when the translations are gone. Between idling
// or away = 1 and C2 the CPU touches no memory that can be retired: kernel stacks,
// statics and what is directly mapped stay.

// pteSlots are the bits of a retired page's entry that name its place in the ring, so
// that an old place is told from a new one.
const pteSlots = (maxRetired - 1) << pteSlot

// retired holds the pages between steps 1 and 3, oldest first. memLock held.
var retired struct {
	ring [maxRetired]struct {
		va  uintptr
		gen uint64
	}
	head, tail uint32
}

// unmapGen counts retired pages; cpu.seen is its value at a CPU's last flush.
var unmapGen uint64

// flushUnmapped forgets this CPU's translations if pages were retired since it last did.
func flushUnmapped(c *cpu) {
	if g := atomic.LoadUint64(&unmapGen); g != c.seen {
		flushTLB()
		atomic.StoreUint64(&c.seen, g)
	}
}

// flushed reports whether no CPU remembers translations from before gen. Idle CPUs
// and those in the firmware use none of them and flush when they come back.
func flushed(gen uint64) bool {
	for k := int32(0); k < ncpu; k++ {
		c := &cpus[k]
		if atomic.LoadUint64(&c.seen) < gen && atomic.LoadInt32(&c.idling) == 0 && atomic.LoadInt32(&c.away) == 0 {
			return false
		}
	}
	return true
}

// allZero reports whether n bytes at a, a multiple of 64, are zero.
func allZero(a, n uintptr) bool {
	for end := a + n; a < end; a += 64 {
		w := (*[8]uint64)(unsafe.Pointer(a))
		if w[0]|w[1]|w[2]|w[3]|w[4]|w[5]|w[6]|w[7] != 0 {
			return false
		}
	}
	return true
}

// retire starts to take back the huge page of va, if it is all zero.
func retire(va uintptr) {
	va &^= hugePage - 1
	memLock.lock()
	e, size := leaf(va)
	ok := e != nil && size == hugePage && *e&(ptePresent|ptePinned) == ptePresent && retired.tail-retired.head < maxRetired
	memLock.unlock()
	if !ok || !allZero(va, hugePage) { // a first look, without the lock
		return
	}
	memLock.lock()
	if *e&(ptePresent|ptePinned) == ptePresent && retired.tail-retired.head < maxRetired {
		slot := retired.tail % maxRetired
		*e = *e&^ptePresent | pteRetired | uintptr(slot)<<pteSlot
		r := &retired.ring[slot]
		published()
		r.va, r.gen = va, atomic.AddUint64(&unmapGen, 1)
		retired.tail++
	}
	memLock.unlock()
}

// reap frees the memory of retired pages nobody can reach any more, at most n.
// memLock held.
func reap(n int) {
	for ; n > 0 && retired.head != retired.tail; n-- {
		slot := retired.head % maxRetired
		r := &retired.ring[slot]
		if !flushed(r.gen) {
			return
		}
		retired.head++
		e, _ := leaf(r.va)
		if e == nil || *e&pteRetired == 0 || *e&pteSlots != uintptr(slot)<<pteSlot { // used again meanwhile
			continue
		}
		pa := *e & pteAddr &^ (hugePage - 1)
		if !allZero(direct(pa), hugePage) {
			restore(e)
			continue
		}
		*e = 0
		phys.put(pa)
	}
}

// restore makes a retired page present again.
func restore(e *uintptr) {
	*e = *e&^(pteRetired|pteSlots) | ptePresent
	published()
}

// reapSome frees a few pages; every return of memory does that, so that the ring
// empties as fast as it fills.
func reapSome() {
	const some = 4
	memLock.lock()
	reap(some)
	memLock.unlock()
}

// getPage takes a huge page; dirty says that its content is unknown. When none is
// left it waits for those on their way back.
func getPage() (pa uintptr, dirty bool) {
	const (
		patience = 100e6 // ns; CPUs forget translations within a slice
		batch    = 16    // pages looked through under one hold of the lock
	)
	for until := int64(0); ; {
		memLock.lock()
		pa, dirty = phys.get()
		if pa == 0 {
			reap(batch)
			pa, dirty = phys.get()
		}
		left := retired.head != retired.tail
		memLock.unlock()
		now := nanotime()
		if until == 0 {
			until = now + patience
		}
		if pa != 0 || !left || now > until {
			return pa, dirty
		}
		flushUnmapped(currentCPU())
		pause()
	}
}

// populate gives the huge page around va zeroed memory; another CPU may have been
// faster.
func populate(va uintptr) {
	if revive(va) {
		return
	}
	pa, dirty := getPage()
	if pa == 0 {
		fatalMemory()
	}
	if dirty {
		zero(direct(pa), hugePage)
	}
	memLock.lock()
	if e := pageDirEntry(va); *e&ptePresent != 0 {
		phys.put(pa)
	} else if *e&pteRetired != 0 {
		restore(e)
		phys.put(pa)
	} else {
		*e = pa | pteBlock | noExec
		published()
	}
	memLock.unlock()
}

// restored returns the entry of va's page, present again if it was retired; nil if the
// page has no memory. memLock held.
func restored(va uintptr) *uintptr {
	e, _ := leaf(va)
	if e == nil || *e&(ptePresent|pteRetired) == 0 {
		return nil
	}
	if *e&pteRetired != 0 {
		restore(e)
	}
	return e
}

// revive makes the page of va present again if it is retired, and reports whether the
// page has memory.
func revive(va uintptr) bool {
	memLock.lock()
	e := restored(va)
	memLock.unlock()
	return e != nil
}

// pin makes the memory of va present and keeps it in its place for good.
func pin(va uintptr) {
	for !keep(va) {
		touch(va) // faults: an entry without memory is remembered by no CPU
	}
}

// keep pins the page of va if it has memory. It revives a retired page itself: a CPU that
// remembers the translation would touch it without a fault, again and again.
func keep(va uintptr) bool {
	memLock.lock()
	e := restored(va)
	if e != nil && va >= userLow {
		*e |= ptePinned
	}
	memLock.unlock()
	return e != nil
}

// clearMapped makes the mapped part of [a, a+n) read as zero, which is what munmap,
// MADV_DONTNEED and MAP_FIXED promise, and takes back what is all zero then.
func clearMapped(a, n uintptr) {
	for end := a + n; a < end; {
		next := min((a+hugePage)&^(hugePage-1), end)
		if clearPage(a, next-a) {
			retire(a)
			reapSome()
			breathe() // gigabytes take a while, and interrupts are off
		}
		a = next
	}
}

// clearPage zeroes [a, a+n), which lies in one page, and reports whether the page has
// memory. A retired page does: CPUs may have written to it through old translations.
func clearPage(a, n uintptr) bool {
	if !revive(a) {
		return false
	}
	zero(a, n)
	return true
}

// translate returns the physical address of va, which keeps it: in the core image or
// in a page of the heap. Identity-mapped addresses are their own.
func translate(va uintptr) (uintptr, bool) {
	pin(va)
	memLock.lock()
	pa, ok := lookup(va)
	memLock.unlock()
	return pa, ok
}
