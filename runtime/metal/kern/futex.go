package kern

import (
	"sync/atomic"
	"unsafe"
)

// Waiting on addresses (futex(2)). Waiters hang in buckets, each with its own lock,
// so that unrelated waits do not meet. Order of locks: bucket, then scheduler.
const bucketCount = 256 // power of two

// bucket is the list of threads that wait on the addresses that fall to it, first
// come first served. Data of the kernel that threads wait for (input, the poller's
// event) is guarded by the lock of its address's bucket.
type bucket struct {
	spinlock
	head, tail int32     // 1 + thread, 0: none
	_          [13]int32 // a cache line each
}

var buckets [bucketCount]bucket

func bucketOf(addr uintptr) *bucket {
	const golden = 0x9e3779b97f4a7c15 // 2^64 / golden ratio: spreads neighbours
	return &buckets[addr*golden>>(64-8)]
}

// sleep blocks the current thread on addr for at most ns (forever if negative) and
// reports whether it was woken. The bucket is locked before and after, not between.
func (b *bucket) sleep(addr uintptr, ns int64) (woken bool) {
	t := thisThread()
	t.futex, t.woken = addr, 0
	b.append(t)
	b.unlock()
	sched.lock()
	if t.woken == 0 { // else somebody was faster
		suspend(t, ns)
	}
	unlockSched()
	b.lock()
	if t.futex == 0 {
		return true
	}
	b.remove(t)
	return false
}

// wake readies at most n threads that wait on addr. The bucket is locked.
func (b *bucket) wake(addr uintptr, n int) (k int) {
	if b.head == 0 {
		return 0
	}
	sched.lock()
	for i := b.head; i != 0 && k < n; {
		t := &threads[i-1]
		i = t.next
		if t.futex != addr {
			continue
		}
		b.remove(t)
		t.woken = 1
		k++
		if t.state == threadWaiting {
			stopTimer(t)
			ready(threadIndex(t))
		}
	}
	unlockSched()
	return k
}

func (b *bucket) append(t *thread) {
	i := threadIndex(t) + 1
	t.next = 0
	if b.tail == 0 {
		b.head = i
	} else {
		threads[b.tail-1].next = i
	}
	b.tail = i
}

// remove takes t, which is in the bucket, out of it.
func (b *bucket) remove(t *thread) {
	me, before := threadIndex(t)+1, int32(0)
	for i := b.head; i != me; i = threads[i-1].next {
		before = i
	}
	if before == 0 {
		b.head = t.next
	} else {
		threads[before-1].next = t.next
	}
	if b.tail == me {
		b.tail = before
	}
	t.futex, t.next = 0, 0
}

// futex serves FUTEX_WAIT and FUTEX_WAKE: compare and enqueue happen under one lock,
// so no wake-up is lost.
func futex(addr, op uintptr, val uint32, timeout uintptr) uintptr {
	b := bucketOf(addr)
	switch op & 127 {
	case 0: // FUTEX_WAIT
		ns := int64(-1)
		if timeout != 0 {
			ns = (*timespec)(unsafe.Pointer(timeout)).nano()
		}
		b.lock()
		if atomic.LoadUint32((*uint32)(unsafe.Pointer(addr))) != val {
			b.unlock()
			return errAgain
		}
		woken := b.sleep(addr, ns)
		b.unlock()
		if !woken {
			return errTimedOut
		}
		return 0
	case 1: // FUTEX_WAKE
		b.lock()
		k := b.wake(addr, int(int32(val)))
		b.unlock()
		return uintptr(k)
	}
	return errNoSys
}

// nanosleep serves nanosleep(2).
func nanosleep(ns int64) {
	sched.lock()
	suspend(thisThread(), ns)
	unlockSched()
}
