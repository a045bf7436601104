package kern

import "sync/atomic"

// timers is a binary heap of the threads that wait with a deadline, the next one
// first. sched held.
var timers struct {
	heap [maxThread]int32
	n    int32
	// The CPU whose timer is set for the next deadline, and that deadline; so that one
	// CPU and not all of them are interrupted for it.
	armedBy int32
	armedAt int64
}

const never = 1<<63 - 1

// nextDeadline is the earliest deadline, never if there is none.
func nextDeadline() int64 {
	if timers.n == 0 {
		return never
	}
	return threads[timers.heap[0]].deadline
}

func startTimer(t *thread, deadline int64) {
	t.deadline = deadline
	timers.heap[timers.n] = threadIndex(t)
	timers.n++
	siftUp(timers.n - 1)
}

// stopTimer forgets t's deadline, if it has one.
func stopTimer(t *thread) {
	if t.timer == 0 {
		return
	}
	at := t.timer - 1
	t.timer = 0
	timers.n--
	if at == timers.n {
		return
	}
	moved := timers.heap[timers.n]
	timers.heap[at] = moved
	siftUp(at)
	siftDown(threads[moved].timer - 1)
}

func siftUp(at int32) {
	i := timers.heap[at]
	for at > 0 {
		up := (at - 1) / 2
		if threads[timers.heap[up]].deadline <= threads[i].deadline {
			break
		}
		placeTimer(at, timers.heap[up])
		at = up
	}
	placeTimer(at, i)
}

func siftDown(at int32) {
	i := timers.heap[at]
	for {
		down := 2*at + 1
		if down >= timers.n {
			break
		}
		if down+1 < timers.n && threads[timers.heap[down+1]].deadline < threads[timers.heap[down]].deadline {
			down++
		}
		if threads[i].deadline <= threads[timers.heap[down]].deadline {
			break
		}
		placeTimer(at, timers.heap[down])
		at = down
	}
	placeTimer(at, i)
}

func placeTimer(at, i int32) {
	timers.heap[at] = i
	threads[i].timer = at + 1
}

// expire readies the threads whose deadline has passed.
func expire(now int64) {
	for nextDeadline() <= now {
		t := &threads[timers.heap[0]]
		stopTimer(t)
		ready(threadIndex(t))
	}
}

// Longest times to the next tick, ns: of a thread while others may wait, and of an
// idle CPU, a safety net should a message get lost.
const (
	slice    = 5e6
	idleNap  = 100e6
	lateness = 10e6 // a deadline this old was missed by the CPU that had it
)

// arm sets the CPU's timer: limit from now, or the next deadline if no other CPU is
// set for it.
func arm(c *cpu, now, limit int64) {
	at := now + limit
	next := nextDeadline()
	switch {
	case next == never:
		if timers.armedBy == c.id { // else a later deadline would be left to this CPU
			timers.armedAt = never
		}
	case timers.armedBy == c.id || next < timers.armedAt || timers.armedAt+lateness < now:
		timers.armedBy, timers.armedAt = c.id, next
		at = min(at, next)
	}
	atomic.StoreInt64(&c.ticked, now)
	armTimer(at, now)
}
