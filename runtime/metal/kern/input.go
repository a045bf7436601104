package kern

import "unsafe"

// input is the byte queue behind descriptor 0. A goroutine of the board fills it
// (Feed); readers wait in the kernel.
var input struct {
	ring       [4096]byte
	head, tail uint32
	closed     bool
}

// Feed appends bytes to standard input as far as they fit and returns how many that
// were. Feeding nothing marks the end of input.
func Feed(b []byte) int {
	if len(b) == 0 {
		return int(sysCall(sysFeed, 0, 0, 0))
	}
	return int(sysCall(sysFeed, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b)), 0))
}

func feed(p, n uintptr) uintptr {
	if n != 0 {
		touch(p)
		touch(p + n - 1)
	}
	addr := uintptr(unsafe.Pointer(&input))
	b := bucketOf(addr)
	b.lock()
	k := uintptr(0)
	for ; k < n && input.tail-input.head < uint32(len(input.ring)); k++ {
		input.ring[input.tail%uint32(len(input.ring))] = *bytePtr(p + k)
		input.tail++
	}
	if n == 0 {
		input.closed = true
	}
	b.wake(addr, maxThread)
	b.unlock()
	return k
}

// readInput is read(2) on descriptor 0: blocks until there is at least one byte.
func readInput(p, n uintptr) uintptr {
	if n == 0 {
		return 0
	}
	touch(p)
	touch(p + n - 1)
	addr := uintptr(unsafe.Pointer(&input))
	b := bucketOf(addr)
	b.lock()
	for input.head == input.tail && !input.closed {
		b.sleep(addr, -1)
	}
	k := uintptr(0)
	for ; k < n && input.head != input.tail; k++ {
		*bytePtr(p + k) = input.ring[input.head%uint32(len(input.ring))]
		input.head++
	}
	b.unlock()
	return k
}
