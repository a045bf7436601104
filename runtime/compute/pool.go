package compute

import (
	"runtime"
	"sync"
	"sync/atomic"
)

// Pool is a fixed set of threads that work on one job at a time; the calling
// goroutine is one of them. Jobs of several goroutines wait for each other.
//
// A worker enters a job when it sees it. The caller waits for those inside and
// for no others: a worker whose processor is busy with another program's work
// holds nothing up, its share is done by the rest.
type Pool struct {
	level   *Level
	threads int
	mu      sync.Mutex // one job at a time

	_    [cacheLine]byte // what follows is written by one side, read by all
	gate atomic.Uint64   // number of the job, whether workers may enter, how many are in it
	_    [cacheLine - 8]byte

	spin   int // most pauses before a waiting thread sleeps
	job    job
	worker []worker
	caller parker
	closed bool
}

// worker is one thread of the pool and the memory it computes in.
type worker struct {
	park    parker
	scratch scratch

	_    [cacheLine]byte // what follows is written by all
	left atomic.Uint64   // the items of its share not yet taken: the first in the high half, the end in the low one
	_    [cacheLine]byte
}

// parker lets one thread sleep until another wakes it.
type parker struct {
	asleep atomic.Bool
	wake   chan struct{} // of capacity 1
	spin   int           // pauses before the thread sleeps
}

func newParker() parker { return parker{wake: make(chan struct{}, 1)} }

// unpark wakes the thread if it is asleep or falling asleep.
func (p *parker) unpark() {
	if p.asleep.Swap(false) {
		p.wake <- struct{}{}
	}
}

// jobKind selects what run does with the job.
type jobKind int

const (
	jobFunc     jobKind = iota // f(thread, i) for every item
	jobQuantize                // columns of activations into panels
	jobInt                     // strips of a quantised matrix
	jobFloat                   // rows of a float matrix
)

// job is what the workers share while they work on one thing.
type job struct {
	kind jobKind
	f    func(thread, i int)
	mm   product
}

// NewPool starts a pool of threads threads, at least one, counting the caller, that compute at the given level, nil for
// the best.
func NewPool(threads int, level *Level) *Pool {
	if level == nil {
		level = BestLevel()
	}
	p := &Pool{level: level, threads: max(threads, 1), caller: newParker()}
	p.job.mm.level = level
	p.worker = make([]worker, p.threads)
	p.spin = spinPauses
	if p.threads > runtime.GOMAXPROCS(0) {
		p.spin = 0 // a spinning thread would hold up the one it waits for
	}
	p.caller.spin = p.spin
	for i := 1; i < p.threads; i++ {
		p.worker[i].park = newParker()
		p.worker[i].park.spin = p.spin
		go p.serve(i)
	}
	return p
}

// Threads is the number of threads that work, the caller included.
func (p *Pool) Threads() int { return p.threads }

// Level is the instruction-set level the pool computes at.
func (p *Pool) Level() *Level { return p.level }

// Close ends the threads. The pool must not be used afterwards.
func (p *Pool) Close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return
	}
	p.closed = true
	p.start()
}

// mostItems bounds the items of a job: their numbers take half a word.
const mostItems = 1<<32 - 1

// Do calls f(thread, i) once for every i below n on the threads of the pool,
// and returns when all calls are done. thread is below Threads() and says whose
// memory f may use. f must not use the pool.
func (p *Pool) Do(n int, f func(thread, i int)) {
	if n <= 0 {
		return
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.job.f = f
	p.run(jobFunc, n)
	p.job.f = nil
}

// run works on one job of items numbered from 0; p.mu is held and nobody is in
// a job.
//
// Every thread has a share of neighbouring items: what they read is one stream,
// and what they write stays in the cache of a core from one job to the next.
// A thread that is done takes items from the ends of other shares, so that all
// are done at once, and the share of a thread that did not come too.
func (p *Pool) run(kind jobKind, items int) {
	if items > mostItems {
		panic("compute: job of too many items")
	}
	p.job.kind = kind
	if p.threads == 1 || items == 1 {
		p.worker[0].left.Store(share(0, items))
		for i := 1; i < p.threads; i++ {
			p.worker[i].left.Store(0)
		}
		p.work(0)
		return
	}
	for i := range p.worker {
		p.worker[i].left.Store(share(items*i/p.threads, items*(i+1)/p.threads))
	}
	p.start()
	p.work(0)
	p.gate.And(^uint64(gateOpen))
	p.wait(&p.caller, func() bool { return p.gate.Load()&gateInside == 0 })
}

// The parts of Pool.gate.
const (
	gateInside = 1<<31 - 1 // workers in the job
	gateOpen   = 1 << 31   // more may enter
	gateEpoch  = 1 << 32   // one job
)

// start opens the next job to the workers; none is in one.
func (p *Pool) start() {
	p.gate.Store((p.gate.Load()/gateEpoch+1)*gateEpoch | gateOpen)
	for i := 1; i < p.threads; i++ {
		p.worker[i].park.unpark()
	}
}

// enter lets a worker into the current job and returns the job's number; it
// fails when the job is over.
func (p *Pool) enter() (epoch uint64, ok bool) {
	for {
		g := p.gate.Load()
		if g&gateOpen == 0 {
			return g / gateEpoch, false
		}
		if p.gate.CompareAndSwap(g, g+1) {
			return g / gateEpoch, true
		}
	}
}

// serve is the life of worker id. It keeps its thread, so that its cache stays
// warm and the scheduler cannot put two workers on one thread.
func (p *Pool) serve(id int) {
	runtime.LockOSThread()
	pin(id, p.threads)
	w := &p.worker[id]
	for seen := uint64(0); ; {
		p.wait(&w.park, func() bool { return p.gate.Load()/gateEpoch != seen })
		epoch, ok := p.enter()
		seen = epoch
		if !ok {
			continue
		}
		if p.closed {
			return
		}
		p.work(id)
		if g := p.gate.Add(^uint64(0)); g&(gateInside|gateOpen) == 0 {
			p.caller.unpark()
		}
	}
}

// How the time a thread looks for what it waits for adapts: after looking in
// vain it looks a tenth of the longest time, and for a 256th more after every
// time it found something. Threads wait long where another program has one of
// their processors, and that program had better run while they do; but one long
// wait, between two prompts or for a page of the file, should not cost the many
// short ones that follow a sleep each.
const (
	spinBrief  = 10
	spinGrowth = 256
)

// wait returns when ready does: it looks again and again for a bounded time,
// for the next job is usually microseconds away, and then sleeps.
func (p *Pool) wait(k *parker, ready func() bool) {
	for range k.spin {
		if ready() {
			k.spin = min(k.spin+k.spin/spinGrowth+1, p.spin)
			return
		}
		pause()
	}
	k.spin = p.spin / spinBrief
	for !ready() {
		k.asleep.Store(true)
		if ready() {
			if !k.asleep.Swap(false) {
				<-k.wake // someone has woken us meanwhile
			}
			return
		}
		<-k.wake
	}
}

// share is the items from first to end-1 in a word.
func share(first, end int) uint64 { return uint64(first)<<32 | uint64(end) }

// take returns an item for thread id and the one it will take after it if
// nobody else does, or -1 for none. ok is false when no item is left.
func (p *Pool) take(id int) (i, following int, ok bool) {
	for left := &p.worker[id].left; ; {
		v := left.Load()
		first, end := int(v>>32), int(uint32(v))
		if first >= end {
			break
		}
		if left.CompareAndSwap(v, share(first+1, end)) {
			if first+1 == end {
				return first, -1, true
			}
			return first, first + 1, true
		}
	}
	for k := 1; k < p.threads; k++ {
		for left := &p.worker[(id+k)%p.threads].left; ; {
			v := left.Load()
			first, end := int(v>>32), int(uint32(v))
			if first >= end {
				break
			}
			if left.CompareAndSwap(v, share(first, end-1)) {
				if first+1 == end {
					return first, -1, true
				}
				return end - 1, end - 2, true
			}
		}
	}
	return 0, -1, false
}

// work does items of the current job on thread id until none is left.
func (p *Pool) work(id int) {
	j, s := &p.job, &p.worker[id].scratch
	for {
		i, following, ok := p.take(id)
		if !ok {
			return
		}
		switch j.kind {
		case jobFunc:
			j.f(id, i)
		case jobQuantize:
			j.mm.quantizePanel(s, i)
		case jobInt:
			j.mm.intStrips(s, i, following)
		case jobFloat:
			j.mm.floatRows(s, i, following)
		}
	}
}
