//go:build !metal

package kern

import (
	"fmt"
	"math/rand"
	"slices"
	"testing"
	"unsafe"
)

// sim runs the scheduler on simulated processors in random interleavings. Every kernel
// thread is a goroutine; one of them runs at a time, on hosted.cpu, and gives way to other
// processors wherever the code under test asks for its processor, spins, or waits. Time
// is simulated: it passes with the steps, and jumps when all processors wait.
type sim struct {
	rng     *rand.Rand
	now     int64
	resume  map[int32]chan struct{}    // by CPU: its goroutine goes on
	parked  map[*uintptr]chan struct{} // by saved stack pointer: its thread goes on
	pending map[int32]uint32           // by CPU: kinds of interrupts, 1<<message
	armed   map[int32]int64
	idle    map[int32]bool
	alive   int
	end     chan string
}

// maxStep bounds the simulated time of a step, ns.
const maxStep = 2000

func newSim(t *testing.T, seed int64, n int32) *sim {
	s := &sim{rng: rand.New(rand.NewSource(seed)), resume: map[int32]chan struct{}{}, parked: map[*uintptr]chan struct{}{},
		pending: map[int32]uint32{}, armed: map[int32]int64{}, idle: map[int32]bool{}, end: make(chan string, 1)}
	resetScheduler()
	t.Cleanup(resetScheduler)
	ncpu = n
	for k := range n {
		c := &cpus[k]
		c.id, c.core = k, k
		c.idle = uintptr(unsafe.Pointer(&idles[k]))
		c.cur = c.idle
		c.busy = 1
		idles[k].cpu, idles[k].tid = k, -1-k
		s.resume[k] = make(chan struct{})
	}
	hosted.step, hosted.swap, hosted.wait = s.step, s.swap, s.wait
	hosted.message = func(c *cpu, kind uint32) {
		if c.away == 0 {
			s.pending[c.id] |= 1 << kind
		}
	}
	hosted.arm = func(at int64) { s.armed[hosted.cpu.id] = at }
	hosted.clock = func() uint64 { return uint64(s.now) }
	return s
}

func resetScheduler() {
	hosted.cpu, hosted.step, hosted.swap, hosted.wait, hosted.message, hosted.arm, hosted.clock = nil, nil, nil, nil, nil, nil, nil
	clear(cpus[:])
	clear(threads[:])
	clear(idles[:])
	clear(idleCPUs[:])
	clear(buckets[:])
	queue, sched, ncpu, freeList, threadEnd = runQueue{}, spinlock{}, 1, 0, 0
	timers.n, timers.armedBy, timers.armedAt = 0, 0, 0
}

// due turns timers whose time has come into interrupts.
func (s *sim) due() {
	for k := range ncpu {
		if at, ok := s.armed[k]; ok && at <= s.now {
			delete(s.armed, k)
			s.pending[k] |= 1 << messageTick
		}
	}
}

// step lets another processor go on, or the same.
func (s *sim) step() {
	s.now += s.rng.Int63n(maxStep)
	s.due()
	s.goOn(func(k int32) bool { return !s.idle[k] || s.pending[k] != 0 })
}

// goOn hands over to one of the processors that may run, and returns when this one is
// chosen again.
func (s *sim) goOn(may func(k int32) bool) {
	me := hosted.cpu
	var list []int32
	for k := range ncpu {
		if may(k) {
			list = append(list, k)
		}
	}
	k := list[s.rng.Intn(len(list))]
	if k == me.id {
		return
	}
	hosted.cpu = &cpus[k]
	s.resume[k] <- struct{}{}
	<-s.resume[me.id]
}

// wait is idleWait: it returns when an interrupt has come.
func (s *sim) wait() {
	me := hosted.cpu.id
	s.idle[me] = true
	for s.pending[me] == 0 {
		may := func(k int32) bool { return !s.idle[k] || s.pending[k] != 0 }
		for !slices.ContainsFunc([]int32{0, 1, 2, 3}[:ncpu], may) { // all wait: on to the next timer
			next := int64(never)
			for _, at := range s.armed {
				next = min(next, at)
			}
			s.now = next
			s.due()
		}
		s.goOn(may)
	}
	s.idle[me] = false
	s.pending[me] = 0
}

// swap is switchStack.
func (s *sim) swap(from, to *uintptr) {
	me := make(chan struct{})
	s.parked[from] = me
	next := s.parked[to]
	delete(s.parked, to)
	next <- struct{}{}
	<-me
}

// user is a moment in which a thread runs its own code and interrupts are open.
func (s *sim) user() {
	s.step()
	me := hosted.cpu.id
	p := s.pending[me]
	s.pending[me] = 0
	if p&(1<<messageTick) != 0 {
		tick(&trapFrame{}, 0)
	}
}

// start makes a thread that runs body.
func (s *sim) start(body func()) {
	i := threadEnd
	threadEnd++
	t := &threads[i]
	t.tid, t.cpu, t.state = tidOf(i, 1), -1, threadStarting
	t.stacked = 1
	first := make(chan struct{})
	s.parked[&t.ksp] = first
	s.alive++
	go func() {
		<-first
		unlockSched()
		body()
		if s.alive--; s.alive == 0 {
			s.end <- ""
			select {}
		}
		exitThread()
	}()
	t.state = threadReady
	enqueue(i)
}

// run starts the processors and waits for the threads to end.
func (s *sim) run() string {
	for k := range ncpu {
		go func() {
			<-s.resume[k]
			idleLoop()
		}()
	}
	hosted.cpu = &cpus[0]
	s.resume[0] <- struct{}{}
	return <-s.end
}

// fail ends the simulation.
func (s *sim) fail(format string, args ...any) {
	s.end <- fmt.Sprintf(format, args...)
	select {}
}

// tooLate is how long after its wake-up a thread may run, ns: less than idleNap, after
// which any CPU looks for work by itself, so that a lost wake-up shows.
const tooLate = 60e6

// TestScheduler: threads that wait for each other, with and without a time limit, that
// sleep, yield, and move between processors all go on in time, in random interleavings.
func TestScheduler(t *testing.T) {
	const seeds, rounds = 1000, 25
	for seed := range int64(seeds) {
		n := int32(1 + seed%4)
		s := newSim(t, seed, n)
		for range 3 { // pairs
			var word [2]uint32
			var woken [2]int64
			wake := func(side int) {
				word[side] = 1
				woken[side] = s.now
				futex(uintptr(unsafe.Pointer(&word[side])), 1, 1, 0)
			}
			await := func(side int, timeout int64) {
				for word[side] == 0 {
					var limit timespec
					at := uintptr(0)
					if timeout >= 0 {
						limit.nsec = timeout
						at = uintptr(unsafe.Pointer(&limit))
					}
					futex(uintptr(unsafe.Pointer(&word[side])), 0, 0, at)
					s.user()
				}
				word[side] = 0
				if late := s.now - woken[side]; late > tooLate {
					s.fail("ran %d ms after its wake-up", late/1e6)
				}
			}
			for side := range 2 {
				s.start(func() {
					for i := range rounds {
						if side == 0 {
							wake(1)
							await(0, -1)
						} else {
							await(1, []int64{-1, 1000, 20000, 3e6}[i%4])
							wake(0)
						}
						s.user()
					}
				})
			}
		}
		s.start(func() { // moves about
			for i := range int32(rounds) {
				k := i % n
				runOn(k)
				s.user()
				if hosted.cpu.id != k {
					s.fail("bound to CPU %d, runs on %d", k, hosted.cpu.id)
				}
				if i%5 == 4 {
					runOn(-1)
				}
				for range 50 {
					s.user()
				}
			}
		})
		s.start(func() { // sleeps
			for range rounds {
				d := s.rng.Int63n(2e6)
				before := s.now
				nanosleep(d)
				if late := s.now - before - d; late < 0 || late > tooLate {
					s.fail("slept %d us too long", late/1000)
				}
				s.user()
			}
		})
		s.start(func() { // calls the firmware
			for range rounds {
				old := runOn(0)
				leave()
				delete(s.armed, 0)
				for range s.rng.Intn(100) {
					s.step()
				}
				comeBack()
				runOn(old)
				for range 50 {
					s.user()
				}
			}
		})
		s.start(func() { // yields
			for range 10 * rounds {
				sched.lock()
				yield()
				unlockSched()
				s.user()
			}
		})
		if bad := s.run(); bad != "" {
			t.Fatalf("seed %d, %d CPUs: %s", seed, n, bad)
		}
	}
}
