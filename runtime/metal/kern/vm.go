//go:build linux && amd64

package kern

// Address space of the Go program: huge-page granular, demand-zero everywhere that
// was mapped. Below 4 TiB lie the identity map and the core, so hints there are
// refused; mmap without a hint takes increasing addresses from anonBase.
const (
	userLow  = 4 << 40
	anonBase = 0x7000_0000_0000
	userHigh = 0x7fff_0000_0000
)

const maxRegions = 512

// region is a mapped stretch [start, end).
type region struct{ start, end uintptr }

// regions is a sorted list of disjoint, non-adjacent regions.
type regions struct {
	list [maxRegions]region
	n    int
	next uintptr // where mmap without a hint looks
}

// find returns the index of the first region that ends after a.
func (r *regions) find(a uintptr) int {
	lo, hi := 0, r.n
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if r.list[m].end > a {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// contains reports whether a is mapped.
func (r *regions) contains(a uintptr) bool {
	i := r.find(a)
	return i < r.n && r.list[i].start <= a
}

// overlaps reports whether any part of [start, end) is mapped.
func (r *regions) overlaps(start, end uintptr) bool {
	i := r.find(start)
	return i < r.n && r.list[i].start < end
}

// add maps [start, end), joining neighbours; false when the table is full.
func (r *regions) add(start, end uintptr) bool {
	i := r.find(start)
	if i > 0 && r.list[i-1].end == start {
		i--
	}
	j := i
	for j < r.n && r.list[j].start <= end {
		start, end = min(start, r.list[j].start), max(end, r.list[j].end)
		j++
	}
	if i == j { // nothing to join: make room for one
		if r.n == maxRegions {
			return false
		}
		for k := r.n; k > i; k-- {
			r.list[k] = r.list[k-1]
		}
		r.n++
	} else { // [i, j) become one
		for k := j; k < r.n; k++ {
			r.list[i+1+k-j] = r.list[k]
		}
		r.n -= j - i - 1
	}
	r.list[i] = region{start, end}
	return true
}

// place chooses addresses for size bytes: the hint when it is free, else new ones.
func (r *regions) place(hint, size uintptr) uintptr {
	if hint >= userLow && hint+size <= anonBase && !r.overlaps(hint, hint+size) {
		return hint
	}
	if r.next == 0 {
		r.next = anonBase
	}
	if size > userHigh-r.next {
		return 0
	}
	a := r.next
	r.next += alignUp(size, hugePage)
	return a
}
