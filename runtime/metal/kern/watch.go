package kern

import "sync/atomic"

// strayNMIs counts non-maskable interrupts nobody asked for.
var strayNMIs uint32

// silent is how long a CPU that runs a thread may go without a tick, ns: many slices,
// as a hypervisor may take a CPU away.
const silent = 1e9

// lostTicks counts timers that had to be started again.
var lostTicks uint32

// watched is the CPU watch looks at next.
var watched uint32

// watch looks after one other CPU, at each tick and each time this CPU goes idle: if the
// other runs a thread and its timer has fallen silent, a message makes it tick, which
// sets the timer again. The last CPU that runs a thread is watched by the idle ones.
func watch() {
	if ncpu < 2 {
		return
	}
	c := &cpus[atomic.AddUint32(&watched, 1)%uint32(ncpu)]
	last := atomic.LoadInt64(&c.ticked) // 0: it does not run threads yet
	if c.id == currentCPU().id || last == 0 || nanotime()-last < silent {
		return
	}
	sched.lock()
	if c.idling == 0 && c.away == 0 {
		atomic.StoreInt64(&c.ticked, nanotime()) // not again at once
		lostTicks++
		message(c, messageTick)
	}
	unlockSched()
}
