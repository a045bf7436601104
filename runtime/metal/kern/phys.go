package kern

import "github.com/llamaboot/llamaboot/runtime/metal/kern/ranges"

// frames hands out physical memory in huge pages: a bump pointer over the boot
// ranges plus a list of returned pages, which are zero but for their first word, the
// link. add and remove come before round, the rest after.
type frames struct {
	ranges.Set
	cur   int
	next  uintptr
	free  uintptr
	total uintptr // bytes in all ranges
	used  uintptr // bytes handed out and not returned
	lost  uintptr // bytes left out because the set was full
}

// add records [base, end), which may overlap and touch what is there.
func (f *frames) add(base, end uintptr) {
	if base < end && !f.Add(base, end) {
		f.lost += end - base
	}
}

// remove takes [base, end) out. Without room for a hole the rest of the range goes too:
// what is reserved is never handed out.
func (f *frames) remove(base, end uintptr) {
	if base >= end || f.Remove(base, end) {
		return
	}
	rest := f.At(f.Find(base)).End
	f.lost += rest - end
	f.Remove(base, rest)
}

// round shrinks the ranges to whole huge pages.
func (f *frames) round() {
	for i := f.Len() - 1; i >= 0; i-- {
		r := f.At(i)
		start, end := alignUp(r.Start, hugePage), r.End&^(hugePage-1)
		if start < end {
			f.total += end - start
		}
		f.Trim(i, start, end)
	}
}

// get returns a huge page, 0 when none is left. The content is unknown if dirty, else
// zero.
func (f *frames) get() (p uintptr, dirty bool) {
	if p := f.free; p != 0 {
		link := word(direct(p))
		f.free, *link = *link, 0
		f.used += hugePage
		return p, false
	}
	for ; f.cur < f.Len(); f.cur++ {
		r := f.At(f.cur)
		f.next = max(f.next, r.Start)
		if f.next < r.End {
			p := f.next
			f.next += hugePage
			f.used += hugePage
			return p, true
		}
	}
	return 0, false
}

// put takes a huge page back whose content is zero.
func (f *frames) put(p uintptr) {
	*word(direct(p)) = f.free
	f.free = p
	f.used -= hugePage
}

// getRun returns n consecutive huge pages that were never handed out, 0 if there are
// none: from the end of the first range with room, where the bump pointer comes last.
func (f *frames) getRun(n uintptr) uintptr {
	size := n * hugePage
	if n == 0 || size/hugePage != n {
		return 0
	}
	for i := f.cur; i < f.Len(); i++ {
		r := f.At(i)
		if low := max(f.next, r.Start); low < r.End && r.End-low >= size {
			f.Remove(r.End-size, r.End)
			f.used += size
			return r.End - size
		}
	}
	return 0
}

func alignUp(v, a uintptr) uintptr { return (v + a - 1) &^ (a - 1) }
