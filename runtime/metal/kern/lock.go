package kern

import "sync/atomic"

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
