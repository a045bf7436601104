package kern

import "sync/atomic"

// Memory shared between CPUs is of four kinds:
//
//   - guarded by a lock: taking it sees all that was written before it was given back.
//     Order of locks: bucket, then sched; memLock, space and console are innermost and
//     are not held together with another but for console inside a report;
//   - written by its CPU, with interrupts off, and read by no other: kick, the machine's
//     part of cpu; or by its thread: sigStack, sigMask (interruptThread reads the masks of
//     others, and the signal waits if the answer was old);
//   - accessed through sync/atomic, sequentially consistent: pending, idling, away, seen,
//     ticked, unmapGen, panicked, the futex word. Where the order of two of them matters
//     it is written down: reclaim.go, smp_amd64.go;
//   - written before other CPUs start or before Go's runtime does: tables, clock, ncpu,
//     boot information. wallBase and actions are set later, by single aligned words.
//
// A message (machine.go) shows the receiver all that was stored before it. A wake-up is
// not lost: what is waited for is looked at under the lock under which the waker looks
// for waiters (futex, input, output, event), and a thread that is about to sleep finds
// woken set under sched. A CPU goes idle under sched, with its record set before the lock
// is given back, so that ready either is seen by the CPU's last look at the queue or finds
// the record and sends a message, which idleWait cannot miss.

// spinlock is a test-and-set lock with back-off, taken with interrupts off only.
// It is not fair on purpose: a ticket lock hands over to a CPU that a hypervisor may
// just have taken away, and then all others wait for the hypervisor.
type spinlock struct{ held uint32 }

const (
	maxBackoff = 64
	// stuckSeconds is how long a lock may be held before it counts as a bug: longer
	// than a hypervisor takes a CPU away for, shorter than a person's patience.
	stuckSeconds = 30
	stuckLook    = 1 << 20 // rounds between looks at the clock
)

func (l *spinlock) lock() {
	if !atomic.CompareAndSwapUint32(&l.held, 0, 1) {
		l.spin()
	}
}

func (l *spinlock) spin() {
	var since uint64
	rounds := 0
	for wait := 1; ; {
		for atomic.LoadUint32(&l.held) != 0 {
			pause()
			if rounds++; rounds%stuckLook == 0 {
				since = stuck(since)
			}
		}
		if atomic.CompareAndSwapUint32(&l.held, 0, 1) {
			return
		}
		for i := 0; i < wait; i++ {
			pause()
		}
		wait = min(2*wait, maxBackoff)
	}
}

// stuck ends the program when the clock has passed stuckSeconds since the first call.
func stuck(since uint64) uint64 {
	switch now := counter(); {
	case since == 0:
		return now
	case now-since > stuckSeconds*counterHz():
		fatal("a lock of the kernel was held for 30 seconds")
	}
	return since
}

func (l *spinlock) unlock() { atomic.StoreUint32(&l.held, 0) }
