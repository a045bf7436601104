//go:build linux && amd64

package kern

import "sync/atomic"

// spinlock is a test-and-set lock with back-off, taken with interrupts off only.
// It is not fair on purpose: a ticket lock hands over to a CPU that a hypervisor may
// just have taken away, and then all others wait for the hypervisor.
type spinlock struct{ held uint32 }

const maxBackoff = 64

func (l *spinlock) lock() {
	for wait := 1; !atomic.CompareAndSwapUint32(&l.held, 0, 1); {
		for i := 0; i < wait; i++ {
			pause()
		}
		if wait < maxBackoff {
			wait *= 2
		}
		for atomic.LoadUint32(&l.held) != 0 {
			pause()
		}
	}
}

func (l *spinlock) unlock() { atomic.StoreUint32(&l.held, 0) }
