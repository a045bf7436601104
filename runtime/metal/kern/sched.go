package kern

import (
	"math/bits"
	"sync/atomic"
	"unsafe"
)

// sched guards thread states, run queue, timers, idle CPUs and signals of other
// threads. Nothing is searched or sent to other CPUs while it is held (but for the
// boot processor, see ready), so that it is held for some tens of nanoseconds.
var (
	sched    spinlock
	queue    runQueue
	idleCPUs [maxCPU / 64]uint64
	// freeList holds ended threads (1 + index), threadEnd bounds those ever used.
	freeList  int32
	threadEnd int32
)

// runQueue holds the indices of ready threads, first in first out.
type runQueue struct {
	ring       [maxThread]int32
	head, tail uint32
}

func (q *runQueue) empty() bool { return q.head == q.tail }

func (q *runQueue) push(i int32) {
	q.ring[q.tail%maxThread] = i
	q.tail++
}

// pop removes the first thread, -1 if there is none.
func (q *runQueue) pop() int32 {
	if q.empty() {
		return -1
	}
	i := q.ring[q.head%maxThread]
	q.head++
	return i
}

// enqueue puts ready thread i where CPUs look for work: the queue of all, or the list
// of the only CPU it may run on.
func enqueue(i int32) {
	t := &threads[i]
	if t.cpu < 0 {
		queue.push(i)
		return
	}
	c := &cpus[t.cpu]
	t.link = 0
	if c.ownTail == 0 {
		c.own = i + 1
	} else {
		threads[c.ownTail-1].link = i + 1
	}
	c.ownTail = i + 1
}

// next removes the thread that c runs next, -1 if there is none.
func next(c *cpu) int32 {
	if c.own == 0 {
		return queue.pop()
	}
	i := c.own - 1
	c.own = threads[i].link
	if c.own == 0 {
		c.ownTail = 0
	}
	return i
}

func thisThread() *thread { return (*thread)(unsafe.Pointer(currentCPU().cur)) }

func threadIndex(t *thread) int32 {
	return int32((uintptr(unsafe.Pointer(t)) - uintptr(unsafe.Pointer(&threads))) / unsafe.Sizeof(thread{}))
}

// unlockSched gives the scheduler lock back and wakes the CPU ready chose.
func unlockSched() {
	c := currentCPU()
	k := c.kick
	c.kick = 0
	sched.unlock()
	if k != 0 {
		message(&cpus[k-1], messageWake)
	}
}

// ready makes thread i runnable and has an idle CPU woken that may run it. sched held.
func ready(i int32) {
	t := &threads[i]
	t.state = threadReady
	enqueue(i)
	me := currentCPU()
	k := idleCPU(t.cpu)
	if k < 0 {
		if t.cpu >= 0 && t.cpu != me.id {
			message(&cpus[t.cpu], messageTick) // preempt what runs there
		}
		return
	}
	setIdle(&cpus[k], 0) // chosen: the next ready takes another
	switch {
	case k == me.id:
	case k == 0, me.kick != 0:
		// The boot processor may call the firmware as soon as it runs, and a message
		// must not arrive there.
		message(&cpus[k], messageWake)
	default:
		me.kick = k + 1
	}
}

// idleCPU chooses an idle CPU for a thread that may run on CPU want (any if
// negative), -1 if there is none: of a core with nothing to do when there is one, as
// hyper-threads share the units that multiply.
func idleCPU(want int32) int32 {
	if want >= 0 {
		if idleCPUs[want/64]>>(want%64)&1 != 0 {
			return want
		}
		return -1
	}
	second := int32(-1)
	for w := range idleCPUs {
		for set := idleCPUs[w]; set != 0; set &= set - 1 {
			k := int32(w*64 + bits.TrailingZeros64(set))
			if cpus[cpus[k].core].busy == 0 {
				return k
			}
			if second < 0 {
				second = k
			}
		}
	}
	return second
}

// setIdle records whether c has nothing to run. sched held. The record is swapped and
// not stored: the CPU's next load, of unmapGen, must not pass it (reclaim.go).
func setIdle(c *cpu, idle int32) {
	if atomic.SwapInt32(&c.idling, idle) == idle {
		return
	}
	idleCPUs[c.id/64] ^= 1 << (c.id % 64)
	cpus[c.core].busy += 1 - 2*idle
}

// switchTo runs n on this CPU; returns when t is chosen again. sched held.
func switchTo(c *cpu, t, n *thread) {
	c.cur = uintptr(unsafe.Pointer(n))
	useKernelStack(c, n.kstop)
	n.on = c.id
	if n.state == threadReady {
		n.state = threadRunning
	}
	flushUnmapped(c)
	switchStack(&t.ksp, &n.ksp)
}

// block gives the CPU to another thread; the state of the current one is set
// already. Returns, possibly on another CPU, when it is chosen again. sched held.
func block() {
	c := currentCPU()
	t := (*thread)(unsafe.Pointer(c.cur))
	now := nanotime()
	expire(now)
	i := next(c)
	switch {
	case i < 0:
		switchTo(c, t, (*thread)(unsafe.Pointer(c.idle)))
	case &threads[i] == t:
		t.state = threadRunning
	default:
		arm(c, now, slice)
		switchTo(c, t, &threads[i])
	}
}

// suspend blocks the current thread until it is made ready, at most ns (forever if
// negative). sched held.
func suspend(t *thread, ns int64) {
	if ns >= 0 {
		startTimer(t, nanotime()+ns)
	}
	t.state = threadWaiting
	block()
}

// yield lets another ready thread run, if there is one. That is chosen before the current
// one is queued: a thread bound to this CPU would come before all that may run anywhere,
// again and again. sched held.
func yield() {
	c := currentCPU()
	i := next(c)
	if i < 0 {
		return
	}
	t := thisThread()
	t.state = threadReady
	enqueue(threadIndex(t))
	arm(c, nanotime(), slice)
	switchTo(c, t, &threads[i])
}

// breathe does what a tick would do, in system calls that take long.
func breathe() {
	sched.lock()
	c := currentCPU()
	now := nanotime()
	expire(now)
	arm(c, now, slice)
	yield()
	unlockSched()
}

// idleLoop is the idle thread of one CPU.
func idleLoop() {
	for {
		c := currentCPU()
		sched.lock()
		now := nanotime()
		expire(now)
		if i := next(c); i >= 0 {
			setIdle(c, 0)
			arm(c, now, slice)
			switchTo(c, (*thread)(unsafe.Pointer(c.idle)), &threads[i])
			unlockSched()
			continue
		}
		setIdle(c, 1)
		arm(c, now, idleNap)
		unlockSched()
		watch()
		idleWait()
	}
}

// tick runs on the interrupted thread's kernel stack.
func tick(f *trapFrame, fp uintptr) {
	sched.lock()
	c := currentCPU()
	now := nanotime()
	expire(now)
	arm(c, now, slice)
	flushUnmapped(c)
	yield()
	unlockSched()
	hardwareEvents()
	watch()
	if sig := takeSignal(thisThread()); sig != 0 {
		pushSignal(f, fp, sig, siTkill, 0)
	}
}

// runOn lets the current thread run on CPU k only, moving it there, or on any if k is
// negative, and returns what was in force before.
func runOn(k int32) (old int32) {
	t := thisThread()
	sched.lock()
	old, t.cpu = t.cpu, k
	if k >= 0 && currentCPU().id != k {
		t.state = threadWaiting
		ready(threadIndex(t))
		block()
	}
	unlockSched()
	return old
}

// tidOf makes thread numbers from which the thread is found without a search, and
// which are not used twice within a million threads of a slot.
func tidOf(i, generation int32) int32 { return generation&0xfffff*maxThread + i + 1 }

// threadOf returns the running thread with number tid, nil if it has ended. sched held.
func threadOf(tid int32) *thread {
	if tid <= 0 {
		return nil
	}
	t := &threads[(tid-1)%maxThread]
	if t.state == threadFree || t.tid != tid {
		return nil
	}
	return t
}

// newThread takes a thread out of those that are free; nil when there are too many.
func newThread() *thread {
	sched.lock()
	i := freeList - 1
	switch {
	case i >= 0:
		freeList = threads[i].next
	case threadEnd < maxThread:
		i = threadEnd
		threadEnd++
	default:
		sched.unlock()
		return nil
	}
	t := &threads[i]
	t.state = threadStarting
	sched.unlock()
	if t.stacked == 0 {
		mapThreadStack(int(i))
		t.stacked = 1
	}
	t.tid = tidOf(i, t.tid/maxThread+1)
	t.kstop = stackTop(int(i))
	t.sigStack, t.pending, t.next, t.cpu = 0, 0, 0, -1
	return t
}

// clone starts a thread (clone(2) with the flags of Go's newosproc).
func clone(f *frame, flags, stack uintptr) uintptr {
	t := newThread()
	if t == nil {
		return errAgain
	}
	startThread(t, f, flags, stack)
	t.sigMask = thisThread().sigMask
	tid := t.tid
	sched.lock()
	ready(threadIndex(t))
	unlockSched()
	return uintptr(tid)
}

// exitThread ends the current thread; its stack is reused only after the switch.
func exitThread() {
	sched.lock()
	t := thisThread()
	t.state = threadFree
	t.next = freeList
	freeList = threadIndex(t) + 1
	block()
	fatal("ended thread runs again")
}
