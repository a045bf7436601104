//go:build linux && amd64

package kern

import (
	"sync/atomic"
	"unsafe"
)

// sched guards thread states, the run queue, waiting and signals of other threads.
var (
	sched   spinlock
	queue   runQueue
	nextTID int32 = 1
	// threadEnd bounds the indices that were ever used, so that searches stay short.
	threadEnd int32 = 1
)

// runQueue holds the indices of ready threads, first in first out.
type runQueue struct {
	ring       [maxThread]int32
	head, tail uint32
}

func (q *runQueue) push(i int32) {
	q.ring[q.tail%maxThread] = i
	q.tail++
}

// pop removes the first thread that may run on CPU id, -1 if there is none.
func (q *runQueue) pop(id int32, affinity func(int32) int32) int32 {
	for k := q.head; k != q.tail; k++ {
		i := q.ring[k%maxThread]
		if a := affinity(i); a >= 0 && a != id {
			continue
		}
		for ; k != q.head; k-- { // close the gap, keeping the order
			q.ring[k%maxThread] = q.ring[(k-1)%maxThread]
		}
		q.head++
		return i
	}
	return -1
}

func affinity(i int32) int32 { return threads[i].cpu }

func thisThread() *thread { return (*thread)(unsafe.Pointer(currentCPU().cur)) }

func unlockSched() { sched.unlock() }

func threadIndex(t *thread) int32 {
	return int32((uintptr(unsafe.Pointer(t)) - uintptr(unsafe.Pointer(&threads))) / unsafe.Sizeof(thread{}))
}

// ready makes thread i runnable and wakes an idle CPU that may run it. sched held.
func ready(i int32) {
	threads[i].state = threadReady
	queue.push(i)
	want := threads[i].cpu
	for k := int32(0); k < ncpu; k++ {
		c := &cpus[k]
		if c.idling == 1 && (want < 0 || want == k) {
			c.idling = 2
			message(c, vecWake)
			return
		}
	}
}

// expire readies threads whose deadline has passed and returns the next deadline.
func expire(now int64) (next int64) {
	next = 1<<63 - 1
	for i := int32(0); i < threadEnd; i++ {
		t := &threads[i]
		if t.state != threadWaiting || t.deadline == 0 {
			continue
		}
		if t.deadline > now {
			next = min(next, t.deadline)
			continue
		}
		t.deadline, t.futex, t.woken = 0, 0, 0
		ready(i)
	}
	return next
}

// switchTo runs n on this CPU; returns when t is chosen again. sched held.
func switchTo(c *cpu, t, n *thread) {
	c.cur = uintptr(unsafe.Pointer(n))
	c.kstack = n.kstop
	if n.state == threadReady {
		n.state = threadRunning
	}
	switchStack(&t.ksp, &n.ksp)
}

// block gives the CPU to another thread; the state of the current one is set
// already. Returns, possibly on another CPU, when it is chosen again. sched held.
func block() {
	c := currentCPU()
	t := (*thread)(unsafe.Pointer(c.cur))
	expire(nanotime())
	i := queue.pop(c.id, affinity)
	switch {
	case i < 0:
		switchTo(c, t, (*thread)(unsafe.Pointer(c.idle)))
	case &threads[i] == t:
		t.state = threadRunning
	default:
		armTimer(nanotime() + slice)
		switchTo(c, t, &threads[i])
	}
}

// yield lets another ready thread run. sched held.
func yield() {
	t := thisThread()
	t.state = threadReady
	queue.push(threadIndex(t))
	block()
}

// idleLoop is the idle thread of one CPU.
func idleLoop() {
	for {
		c := currentCPU()
		sched.lock()
		next := expire(nanotime())
		if i := queue.pop(c.id, affinity); i >= 0 {
			c.idling = 0
			armTimer(nanotime() + slice)
			switchTo(c, (*thread)(unsafe.Pointer(c.idle)), &threads[i])
			sched.unlock()
			continue
		}
		c.idling = 1
		sched.unlock()
		armTimer(next)
		halt()
		c.idling = 0
	}
}

// tick runs on the interrupted thread's kernel stack.
func tick(f *trapFrame, fp uintptr) {
	sched.lock()
	now := nanotime()
	expire(now)
	armTimer(now + slice)
	if queue.head != queue.tail {
		yield()
	}
	sched.unlock()
	if sig := takeSignal(thisThread()); sig != 0 {
		pushSignal(f, fp, sig, siTkill, 0)
	}
}

// onBootCPU moves the current thread to CPU 0, where firmware must be called, and
// keeps it there until the returned affinity is restored.
func onBootCPU() (old int32) {
	t := thisThread()
	old, t.cpu = t.cpu, 0
	if currentCPU().id != 0 {
		sched.lock()
		yield()
		sched.unlock()
	}
	return old
}

// wait blocks the current thread on addr for at most ns (forever if negative) and
// reports whether it was woken. sched held.
func wait(addr uintptr, ns int64) bool {
	t := thisThread()
	t.futex, t.woken, t.deadline = addr, 0, 0
	if ns >= 0 {
		t.deadline = nanotime() + ns
	}
	t.state = threadWaiting
	block()
	return t.woken != 0
}

// wake readies at most n threads that wait on addr. sched held.
func wake(addr uintptr, n int) int {
	k := 0
	for i := int32(0); i < threadEnd && k < n; i++ {
		t := &threads[i]
		if t.state == threadWaiting && t.futex == addr {
			t.futex, t.deadline, t.woken = 0, 0, 1
			ready(i)
			k++
		}
	}
	return k
}

// futex serves FUTEX_WAIT and FUTEX_WAKE (futex(2)): compare and enqueue happen
// under one lock, so no wake-up is lost.
func futex(addr, op uintptr, val uint32, timeout uintptr) uintptr {
	switch op & 127 {
	case 0: // FUTEX_WAIT
		ns := int64(-1)
		if timeout != 0 {
			ns = (*timespec)(unsafe.Pointer(timeout)).nano()
		}
		touch(addr) // a page fault must not happen under the lock
		sched.lock()
		if atomic.LoadUint32((*uint32)(unsafe.Pointer(addr))) != val {
			sched.unlock()
			return errAgain
		}
		woken := wait(addr, ns)
		sched.unlock()
		if !woken {
			return errTimedOut
		}
		return 0
	case 1: // FUTEX_WAKE
		sched.lock()
		k := wake(addr, int(int32(val)))
		sched.unlock()
		return uintptr(k)
	}
	return errNoSys
}

// clone starts a thread (clone(2) with the flags of Go's newosproc).
func clone(f *frame, flags, stack, tls uintptr) uintptr {
	const cloneSetTLS = 0x80000
	sched.lock()
	for i := int32(0); i < maxThread; i++ {
		t := &threads[i]
		if t.state != threadFree {
			continue
		}
		threadEnd = max(threadEnd, i+1)
		t.tid = nextTID
		nextTID++
		t.kstop = stackTop(int(i))
		fr := (*frame)(unsafe.Pointer(t.kstop - unsafe.Sizeof(frame{})))
		*fr = *f
		fr.ax, fr.sp = 0, stack
		t.fs = 0
		if flags&cloneSetTLS != 0 {
			t.fs = tls
		}
		t.sigStack, t.futex, t.deadline, t.pending = 0, 0, 0, 0
		t.sigMask = thisThread().sigMask
		t.cpu = -1
		t.ksp = pushReturn(uintptr(unsafe.Pointer(fr)), codeAddr(addrChild))
		tid := t.tid
		ready(i)
		sched.unlock()
		return uintptr(tid)
	}
	sched.unlock()
	return errAgain
}

// exitThread ends the current thread; its stack is reused only after the switch.
func exitThread() {
	sched.lock()
	thisThread().state = threadFree
	block()
	fatal("ended thread runs again")
}
