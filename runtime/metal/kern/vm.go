//go:build linux && amd64

package kern

// Address space of the Go program: demand-zero everywhere that may be accessed. Below
// 4 TiB lie the identity map, the core and the kernel's stacks, so hints there are
// refused; mmap without a hint takes increasing addresses from anonBase.
const (
	userLow  = 4 << 40
	anonBase = 0x7000_0000_0000
	userHigh = 0x7fff_0000_0000
)

const maxRegions = 1024

// region is a stretch [start, end).
type region struct{ start, end uintptr }

// regions is a sorted list of disjoint, non-adjacent regions.
type regions struct {
	list [maxRegions]region
	n    int
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

// contains reports whether a lies in a region.
func (r *regions) contains(a uintptr) bool {
	i := r.find(a)
	return i < r.n && r.list[i].start <= a
}

// overlaps reports whether any part of [start, end) lies in a region.
func (r *regions) overlaps(start, end uintptr) bool {
	i := r.find(start)
	return i < r.n && r.list[i].start < end
}

// add puts [start, end) in, joining neighbours; false when the table is full.
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
	if !r.splice(i, j, 1) {
		return false
	}
	r.list[i] = region{start, end}
	return true
}

// remove takes [start, end) out; false when the table is full.
func (r *regions) remove(start, end uintptr) bool {
	i := r.find(start)
	if i < r.n && r.list[i].start < start && r.list[i].end > end { // a hole in one
		if !r.splice(i+1, i+1, 1) {
			return false
		}
		r.list[i+1] = region{end, r.list[i].end}
		r.list[i].end = start
		return true
	}
	if i < r.n && r.list[i].start < start {
		r.list[i].end = start
		i++
	}
	j := i
	for j < r.n && r.list[j].end <= end {
		j++
	}
	r.splice(i, j, 0)
	if i < r.n && r.list[i].start < end {
		r.list[i].start = end
	}
	return true
}

// splice makes room for n regions where [i, j) are; false when the table is full.
func (r *regions) splice(i, j, n int) bool {
	grow := n - (j - i)
	if r.n+grow > maxRegions {
		return false
	}
	if grow > 0 {
		for k := r.n - 1; k >= j; k-- {
			r.list[k+grow] = r.list[k]
		}
	} else {
		for k := j; k < r.n; k++ {
			r.list[k+grow] = r.list[k]
		}
	}
	r.n += grow
	return true
}

// addressSpace is what mmap(2) and munmap(2) work on.
type addressSpace struct {
	spinlock
	taken  regions // reserved or mapped
	usable regions // may be accessed: a page fault there gets memory
	next   uintptr // where mmap without a hint looks
}

var space addressSpace

// place chooses addresses for size bytes: the hint when it is free, else new ones; 0
// when there are none left.
func (s *addressSpace) place(hint, size uintptr) uintptr {
	if hint >= userLow && hint+size > hint && hint+size <= anonBase && !s.taken.overlaps(hint, hint+size) {
		return hint
	}
	a := max(s.next, anonBase)
	if size >= hugePage {
		a = alignUp(a, hugePage)
	} // small ones share huge pages: Go takes its own records in many pieces of 256 KiB
	if size > userHigh-a {
		return 0
	}
	s.next = a + alignUp(size, pageSize)
	return a
}

// accessible reports whether a fault at a is the first touch of memory.
func (s *addressSpace) accessible(a uintptr) bool {
	s.lock()
	ok := s.usable.contains(a)
	s.unlock()
	return ok
}

// mmap serves mmap(2) for private anonymous memory.
func mmap(hint, size, prot, flags uintptr) uintptr {
	const fixed, anonymous = 0x10, 0x20
	size = alignUp(size, pageSize)
	if size == 0 || flags&anonymous == 0 {
		return errInval
	}
	if flags&fixed != 0 {
		if hint < userLow || hint+size > userHigh || hint+size < hint || hint%pageSize != 0 {
			return errInval
		}
		clearMapped(hint, size)
	}
	space.lock()
	a := hint
	if flags&fixed == 0 {
		a = space.place(hint, size)
	}
	ok := a != 0 && space.taken.add(a, a+size)
	switch {
	case !ok:
	case prot != 0:
		ok = space.usable.add(a, a+size)
	case flags&fixed != 0:
		ok = space.usable.remove(a, a+size)
	}
	space.unlock()
	if !ok {
		return errNoMem
	}
	return a
}

// munmap serves munmap(2). Memory is protected by huge pages: what shares one with
// something in use reads as zero instead of faulting.
func munmap(a, size uintptr) uintptr {
	size = alignUp(size, pageSize)
	if a < userLow || a+size > userHigh || a+size < a || a%pageSize != 0 || size == 0 {
		return errInval
	}
	clearMapped(a, size)
	space.lock()
	ok := space.usable.remove(a, a+size) && space.taken.remove(a, a+size)
	space.unlock()
	if !ok {
		return errNoMem
	}
	return 0
}
