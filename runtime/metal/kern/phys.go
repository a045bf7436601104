//go:build linux && amd64

package kern

// physRange is usable RAM, [base, end), 2 MiB-aligned.
type physRange struct{ base, end uintptr }

const maxRanges = 128

// frames hands out physical memory in huge pages: a bump pointer over the boot
// ranges plus a list of returned pages, linked through their first word.
type frames struct {
	ranges [maxRanges]physRange
	n      int
	cur    int
	next   uintptr
	free   uintptr
	total  uintptr // bytes in all ranges
	used   uintptr // bytes handed out and not returned
}

// add records [base, base+size), shrunk to whole huge pages. Ranges too small or
// beyond the table are left unused.
func (f *frames) add(base, size uintptr) {
	start := alignUp(base, hugePage)
	end := (base + size) &^ (hugePage - 1)
	if end < base || start >= end || f.n == maxRanges {
		return
	}
	f.ranges[f.n] = physRange{start, end}
	f.n++
	f.total += end - start
}

// remove takes [base, base+size) out of the ranges, before the first get.
func (f *frames) remove(base, size uintptr) {
	lo := base &^ (hugePage - 1)
	hi := alignUp(base+size, hugePage)
	for i, n := 0, f.n; i < n; i++ {
		r := f.ranges[i]
		if hi <= r.base || lo >= r.end {
			continue
		}
		f.total -= min(hi, r.end) - max(lo, r.base)
		left, right := physRange{r.base, max(lo, r.base)}, physRange{min(hi, r.end), r.end}
		f.ranges[i] = left
		if left.base >= left.end {
			f.ranges[i] = right
		} else if right.base < right.end && f.n < maxRanges {
			f.ranges[f.n] = right
			f.n++
		}
		if r := &f.ranges[i]; r.base >= r.end {
			r.base, r.end = 0, 0
		}
	}
}

// get returns a huge page with unknown content, 0 when none is left.
func (f *frames) get(next func(uintptr) uintptr) uintptr {
	if p := f.free; p != 0 {
		f.free = next(p)
		f.used += hugePage
		return p
	}
	for f.cur < f.n {
		r := &f.ranges[f.cur]
		if f.next < r.base {
			f.next = r.base
		}
		if f.next+hugePage <= r.end {
			p := f.next
			f.next += hugePage
			f.used += hugePage
			return p
		}
		f.cur++
		f.next = 0
	}
	return 0
}

// getRun returns n consecutive huge pages that were never handed out.
func (f *frames) getRun(n uintptr) uintptr {
	size := n * hugePage
	for i := f.cur; i < f.n; i++ {
		r := &f.ranges[i]
		if i == f.cur && f.next > r.base {
			// The range in use: take from its end, the bump pointer keeps its place.
			if f.next+size <= r.end {
				r.end -= size
				f.used += size
				return r.end
			}
			continue
		}
		if r.base+size <= r.end {
			r.end -= size
			f.used += size
			return r.end
		}
	}
	return 0
}

func alignUp(v, a uintptr) uintptr { return (v + a - 1) &^ (a - 1) }
