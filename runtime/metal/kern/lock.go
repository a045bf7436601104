//go:build linux && amd64

package kern

import "sync/atomic"

// spinlock is a ticket lock: first come, first served. It is taken with interrupts
// off only.
type spinlock struct{ next, owner uint32 }

func (l *spinlock) lock() {
	t := atomic.AddUint32(&l.next, 1) - 1
	for atomic.LoadUint32(&l.owner) != t {
		pause()
	}
}

func (l *spinlock) unlock() { atomic.AddUint32(&l.owner, 1) }
