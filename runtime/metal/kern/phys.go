//go:build linux && amd64

package kern

// physRange is usable RAM, [base, end).
type physRange struct{ base, end uintptr }

const maxRanges = 512

// frames hands out physical memory in huge pages: a bump pointer over the boot
// ranges plus a list of returned pages, which are zero but for their first word, the
// link. Ranges are sorted and apart; add and remove come before round, the rest after.
type frames struct {
	ranges [maxRanges]physRange
	n      int
	cur    int
	next   uintptr
	free   uintptr
	total  uintptr // bytes in all ranges
	used   uintptr // bytes handed out and not returned
	lost   uintptr // bytes left out because the table was full
}

// add records [base, end), which may overlap and touch what is there.
func (f *frames) add(base, end uintptr) {
	if base >= end {
		return
	}
	i := 0
	for i < f.n && f.ranges[i].end < base {
		i++
	}
	j := i
	for j < f.n && f.ranges[j].base <= end {
		base, end = min(base, f.ranges[j].base), max(end, f.ranges[j].end)
		j++
	}
	if f.splice(i, j, 1) {
		f.ranges[i] = physRange{base, end}
	} else {
		f.lost += end - base
	}
}

// remove takes [base, end) out.
func (f *frames) remove(base, end uintptr) {
	if base >= end {
		return
	}
	for i := 0; i < f.n; i++ {
		r := f.ranges[i]
		if end <= r.base || base >= r.end {
			continue
		}
		switch left, right := base > r.base, end < r.end; {
		case left && right:
			f.ranges[i].end = base
			if !f.splice(i+1, i+1, 1) {
				f.lost += r.end - end
				return
			}
			f.ranges[i+1] = physRange{end, r.end}
			return
		case left:
			f.ranges[i].end = base
		case right:
			f.ranges[i].base = end
		default:
			f.splice(i, i+1, 0)
			i--
		}
	}
}

// splice makes room for n ranges where [i, j) are; false if the table is too small.
func (f *frames) splice(i, j, n int) bool {
	grow := n - (j - i)
	if f.n+grow > maxRanges {
		return false
	}
	if grow > 0 {
		for k := f.n - 1; k >= j; k-- {
			f.ranges[k+grow] = f.ranges[k]
		}
	} else {
		for k := j; k < f.n; k++ {
			f.ranges[k+grow] = f.ranges[k]
		}
	}
	f.n += grow
	return true
}

// round shrinks the ranges to whole huge pages.
func (f *frames) round() {
	k := 0
	for i := range f.n {
		r := physRange{alignUp(f.ranges[i].base, hugePage), f.ranges[i].end &^ (hugePage - 1)}
		if r.base < r.end {
			f.ranges[k] = r
			f.total += r.end - r.base
			k++
		}
	}
	f.n = k
}

// get returns a huge page, 0 when none is left. The content is unknown if dirty, else
// zero.
func (f *frames) get() (p uintptr, dirty bool) {
	if p := f.free; p != 0 {
		f.free = *word(p)
		*word(p) = 0
		f.used += hugePage
		return p, false
	}
	for ; f.cur < f.n; f.cur++ {
		r := &f.ranges[f.cur]
		f.next = max(f.next, r.base)
		if f.next < r.end {
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
	*word(p) = f.free
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
	for i := f.cur; i < f.n; i++ {
		r := &f.ranges[i]
		if low := max(f.next, r.base); low < r.end && r.end-low >= size {
			r.end -= size
			f.used += size
			return r.end
		}
	}
	return 0
}

func alignUp(v, a uintptr) uintptr { return (v + a - 1) &^ (a - 1) }
