package kern

import (
	"math/rand"
	"runtime"
	"slices"
	"sync"
	"testing"
	"unsafe"
)

func TestRunQueue(t *testing.T) {
	var q runQueue
	for round := 0; round < 3*maxThread; round++ { // the ring wraps
		for _, i := range []int32{3, 4, 1} {
			q.push(i)
		}
		for _, want := range []int32{3, 4, 1, -1, -1} {
			if got := q.pop(); got != want {
				t.Fatalf("round %d: thread %d, want %d", round, got, want)
			}
		}
	}
}

// TestPinned: threads bound to a CPU run there, first, and nowhere else.
func TestPinned(t *testing.T) {
	t.Cleanup(func() { clear(cpus[:]); clear(threads[:]) })
	for i, cpu := range map[int32]int32{5: -1, 6: 0, 7: 2, 8: 2, 9: 2} {
		threads[i].cpu = cpu
	}
	for _, i := range []int32{5, 6, 7, 8} {
		enqueue(i)
	}
	for round, want := range []struct{ cpu, thread int32 }{{1, 5}, {1, -1}, {2, 7}, {0, 6}, {0, -1}, {2, 8}, {2, -1}, {2, 9}, {2, -1}} {
		if round == 7 {
			enqueue(9)
		}
		c := &cpus[want.cpu]
		if got := next(c); got != want.thread {
			t.Errorf("round %d: CPU %d got thread %d, want %d", round, want.cpu, got, want.thread)
		}
	}
}

// TestTimers compares the heap with a sorted list.
func TestTimers(t *testing.T) {
	rng := rand.New(rand.NewSource(3))
	deadlines := map[int32]int64{}
	for range 20000 {
		i := int32(rng.Intn(maxThread))
		if _, ok := deadlines[i]; ok {
			stopTimer(&threads[i])
			stopTimer(&threads[i]) // harmless
			delete(deadlines, i)
		} else {
			deadlines[i] = rng.Int63n(1000)
			startTimer(&threads[i], deadlines[i])
		}
		want := int64(never)
		for _, d := range deadlines {
			want = min(want, d)
		}
		if got := nextDeadline(); got != want || int(timers.n) != len(deadlines) {
			t.Fatalf("next of %d is %d, want %d of %d", timers.n, got, want, len(deadlines))
		}
	}
	last := int64(0)
	for timers.n > 0 {
		th := &threads[timers.heap[0]]
		if th.deadline < last || deadlines[threadIndex(th)] != th.deadline {
			t.Fatalf("deadline %d after %d", th.deadline, last)
		}
		last = th.deadline
		stopTimer(th)
	}
}

func TestBucket(t *testing.T) {
	var b bucket
	if unsafe.Sizeof(b) != 64 {
		t.Errorf("a bucket has %d bytes, want a cache line", unsafe.Sizeof(b))
	}
	order := func() (list []int32) {
		for i := b.head; i != 0; i = threads[i-1].next {
			list = append(list, i-1)
		}
		return list
	}
	for _, i := range []int32{4, 2, 9} {
		b.append(&threads[i])
	}
	for _, c := range []struct {
		remove int32
		want   []int32
	}{{2, []int32{4, 9}}, {9, []int32{4}}, {4, nil}} {
		b.remove(&threads[c.remove])
		if got := order(); !slices.Equal(got, c.want) {
			t.Errorf("without %d: %v, want %v", c.remove, got, c.want)
		}
	}
	b.append(&threads[7])
	if got := order(); !slices.Equal(got, []int32{7}) || b.tail != 8 {
		t.Errorf("after it was empty: %v, tail %d", got, b.tail)
	}
	b.remove(&threads[7])
	used := map[*bucket]bool{}
	for a := uintptr(0); a < 1<<16; a += 64 {
		used[bucketOf(0x7000_0000_0000+a)] = true
	}
	if len(used) < bucketCount/2 {
		t.Errorf("1024 addresses fall to %d buckets of %d", len(used), bucketCount)
	}
}

func TestThreadNumbers(t *testing.T) {
	seen := map[int32]bool{}
	for _, i := range []int32{0, 1, maxThread - 1} {
		tid := int32(0)
		for range 3 {
			tid = tidOf(i, tid/maxThread+1)
			if tid <= 0 || seen[tid] || (tid-1)%maxThread != i {
				t.Errorf("thread %d got number %d", i, tid)
			}
			seen[tid] = true
		}
		if last := tidOf(i, -1); last <= 0 {
			t.Errorf("the last number of thread %d is %d", i, last)
		}
	}
	if threadOf(0) != nil || threadOf(-5) != nil || threadOf(tidOf(8, 1)) != nil {
		t.Error("threads that do not exist were found")
	}
}

// TestIdleCPU: cores with nothing to do come first, then second hyper-threads.
func TestIdleCPU(t *testing.T) {
	t.Cleanup(func() { clear(idleCPUs[:]); clear(cpus[:]) })
	for i := range cpus { // hyper-threads 2k and 2k+1
		cpus[i].id, cpus[i].core = int32(i), int32(i&^1)
		cpus[i&^1].busy++
	}
	if k := idleCPU(-1); k != -1 {
		t.Fatalf("CPU %d is idle", k)
	}
	for _, i := range []int{1, 70, 71, 200} {
		setIdle(&cpus[i], 1)
		setIdle(&cpus[i], 1) // once counts
	}
	for _, want := range []int32{70, 1, 71, 200, -1} {
		k := idleCPU(-1)
		if k != want {
			t.Fatalf("CPU %d, want %d", k, want)
		}
		if k >= 0 {
			if idleCPU(k) != k {
				t.Fatalf("CPU %d is not idle when asked for", k)
			}
			setIdle(&cpus[k], 0)
		}
	}
	if k := idleCPU(3); k != -1 {
		t.Errorf("busy CPU 3 is idle")
	}
}

func TestSpinlock(t *testing.T) {
	var l spinlock
	var wg sync.WaitGroup
	n := 0
	for range 4 {
		wg.Add(1)
		go func() {
			defer wg.Done()
			for range 2000 {
				l.lock()
				n++
				l.unlock()
				runtime.Gosched() // on few CPUs the next ticket's owner must get to run
			}
		}()
	}
	wg.Wait()
	if n != 8000 {
		t.Errorf("%d increments, want 8000", n)
	}
}

// TestLayout ties the records to what the boot stages and system calls expect.
func TestLayout(t *testing.T) {
	var b bootInfo
	for name, c := range map[string]struct{ got, want uintptr }{
		"bootInfo":          {unsafe.Sizeof(b), bootInfoSize},
		"bootInfo.corePA":   {unsafe.Offsetof(b.corePA), 0x10},
		"bootInfo.e820":     {unsafe.Offsetof(b.e820), 0x20},
		"bootInfo.drive":    {unsafe.Offsetof(b.drive), 0x30},
		"bootInfo.thunk":    {unsafe.Offsetof(b.thunk), 0x38},
		"bootInfo.systab":   {unsafe.Offsetof(b.systab), 0x40},
		"bootInfo.diskGUID": {unsafe.Offsetof(b.diskGUID), 0x50},
		"bootInfo.buf":      {unsafe.Offsetof(b.buf), 0x60},
		"bootInfo.tsc":      {unsafe.Offsetof(b.tsc), 0x70},
		"bootInfo.lowPages": {unsafe.Offsetof(b.lowPages), 0x78},
		"e820Entry":         {unsafe.Sizeof(e820Entry{}), 24},
		"sigaction":         {unsafe.Sizeof(sigaction{}), 32},
		"stackT":            {unsafe.Sizeof(stackT{}), 24},
	} {
		if c.got != c.want {
			t.Errorf("%s: %#x, want %#x", name, c.got, c.want)
		}
	}
}

func TestStacks(t *testing.T) {
	if stackArea%pageSize != 0 || istArea%pageSize != 0 || userStack%pageSize != 0 || stackArea < identityEnd*2 || stackEnd > userLow {
		t.Error("the stacks are out of place")
	}
	for _, top := range []uintptr{stackTop(0), stackTop(stackCount - 1), istTop(0, 0), istTop(maxCPU-1, istCount-1), userStack + userStackSize - 8} {
		if guarded(top) || guarded(top-fpSize-1024) {
			t.Errorf("the stack at %#x is its own guard page", top)
		}
	}
	for _, a := range []uintptr{stackStart(0), stackStart(7) + pageSize - 1, istStart(3, 2), userStack} {
		if !guarded(a) {
			t.Errorf("no guard page at %#x", a)
		}
	}
	if guarded(stackArea-1) || guarded(userStack+pageSize) || guarded(stackEnd) || guarded(0) {
		t.Error("guard pages where none are")
	}
	for sp, want := range map[uintptr]bool{stackTop(5): true, istTop(1, 1): true, userStack + 8: false, userLow: false} {
		if onKernelStack(sp) != want {
			t.Errorf("%#x on a kernel stack: %v", sp, !want)
		}
	}
}

func TestCores(t *testing.T) {
	list := make([]cpu, 7) // cores 0, 1, 4 with two threads each, 150 with one
	for i, apic := range []uint32{0, 1, 2, 3, 8, 9, 300} {
		list[i].hwid = apic
	}
	for i, want := range []int32{0, 0, 2, 2, 4, 4, 6} {
		if got := coreOf(list, int32(i), 1); got != want {
			t.Errorf("CPU %d is of core %d, want %d", i, got, want)
		}
		if got := coreOf(list, int32(i), 0); got != int32(i) {
			t.Errorf("without hyper-threads CPU %d is of core %d", i, got)
		}
	}
}
