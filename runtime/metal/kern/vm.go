package kern

import "github.com/llamaboot/llamaboot/runtime/metal/kern/ranges"

// Address space of the Go program: demand-zero everywhere that may be accessed. Below
// 4 TiB lie the identity map, the core and the kernel's stacks, so hints there are
// refused; mmap without a hint takes increasing addresses from anonBase.
const (
	userLow  = 4 << 40
	anonBase = 0x7000_0000_0000
	userHigh = 0x7fff_0000_0000
)

// addressSpace is what mmap(2) and munmap(2) work on.
type addressSpace struct {
	spinlock
	taken  ranges.Set // reserved or mapped
	usable ranges.Set // may be accessed: a page fault there gets memory
	next   uintptr    // where mmap without a hint looks
}

var space addressSpace

// place chooses addresses for size bytes: the hint when it is free, else new ones; 0
// when there are none left.
func (s *addressSpace) place(hint, size uintptr) uintptr {
	if hint >= userLow && hint+size > hint && hint+size <= anonBase && !s.taken.Overlaps(hint, hint+size) {
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
	ok := s.usable.Contains(a)
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
	ok := a != 0 && space.taken.Add(a, a+size)
	switch {
	case !ok:
	case prot != 0:
		ok = space.usable.Add(a, a+size)
	case flags&fixed != 0:
		ok = space.usable.Remove(a, a+size)
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
	ok := space.usable.Remove(a, a+size) && space.taken.Remove(a, a+size)
	space.unlock()
	if !ok {
		return errNoMem
	}
	return 0
}
