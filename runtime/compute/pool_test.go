package compute

import (
	"math/rand/v2"
	"runtime"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

func TestDo(t *testing.T) {
	for _, threads := range []int{0, 1, 2, 5} {
		p := NewPool(threads, nil)
		if want := max(threads, 1); p.Threads() != want {
			t.Errorf("NewPool(%d) has %d threads", threads, p.Threads())
		}
		for _, n := range []int{0, 1, 2, 3, 1000} {
			count := make([]atomic.Int32, n)
			p.Do(n, func(_, i int) { count[i].Add(1) })
			for i := range count {
				if c := count[i].Load(); c != 1 {
					t.Fatalf("%d threads, %d items: item %d done %d times", threads, n, i, c)
				}
			}
		}
		p.Close()
		p.Close() // a second time does nothing
	}
}

// TestDoConcurrent: jobs of several goroutines do not mix, also when workers
// have gone to sleep between them.
func TestDoConcurrent(t *testing.T) {
	p := NewPool(3, nil)
	defer p.Close()
	var wg sync.WaitGroup
	for g := range 4 {
		wg.Go(func() {
			for k := range 300 {
				var sum atomic.Int64
				p.Do(50, func(_, i int) { sum.Add(int64(i)) })
				if s := sum.Load(); s != 49*50/2 {
					t.Errorf("goroutine %d, job %d: sum %d", g, k, s)
					return
				}
				if k%100 == 0 {
					time.Sleep(time.Millisecond)
				}
			}
		})
	}
	wg.Wait()
}

// TestMatMulAllocations: the token loop allocates nothing.
func TestMatMulAllocations(t *testing.T) {
	p := NewPool(2, nil)
	defer p.Close()
	r := rand.New(rand.NewPCG(6, 6))
	for _, ty := range []tensor.Type{tensor.Q4_0, tensor.Q4_K, tensor.F16} {
		w, x := randMatrix(t, r, ty, 70, 512), randFloats(r, 3*512)
		dst := make([]float32, 3*70)
		for _, n := range []int{1, 3} {
			p.MatMul(dst, w, x, n) // makes the scratch memory
			if a := testing.AllocsPerRun(20, func() { p.MatMul(dst, w, x, n) }); a != 0 {
				t.Errorf("%v, n=%d: %v allocations", ty, n, a)
			}
		}
	}
}

// TestLateWorkers: a job ends without workers that did not come, and a worker
// that comes late takes nothing of the job that is over.
func TestLateWorkers(t *testing.T) {
	p := &Pool{level: BestLevel(), threads: 3, caller: newParker(), worker: make([]worker, 3)}
	for i := 1; i < p.threads; i++ {
		p.worker[i].park = newParker() // and nobody serves
	}
	var done atomic.Int32
	p.Do(100, func(thread, _ int) {
		if thread != 0 {
			t.Errorf("an item is done by thread %d", thread)
		}
		done.Add(1)
	})
	if n := done.Load(); n != 100 {
		t.Errorf("%d items done, want 100", n)
	}
	if epoch, ok := p.enter(); ok || epoch != 1 {
		t.Errorf("entering after the job: job %d, %v, want 1 and failure", epoch, ok)
	}
	p.start()
	if epoch, ok := p.enter(); !ok || epoch != 2 {
		t.Errorf("entering the next job: job %d, %v, want 2 and success", epoch, ok)
	}
}

// TestCores: at least one thread, at most as many as may run.
func TestCores(t *testing.T) {
	if n := Cores(); n < 1 || n > runtime.GOMAXPROCS(0) {
		t.Errorf("%d cores, want 1 to %d", n, runtime.GOMAXPROCS(0))
	}
	defer runtime.GOMAXPROCS(runtime.GOMAXPROCS(1))
	if n := Cores(); n != 1 {
		t.Errorf("%d cores with GOMAXPROCS 1", n)
	}
}

// TestShares: a thread takes its own items in order, then those of others from
// the end, and knows what it will take next.
func TestShares(t *testing.T) {
	p := &Pool{threads: 2, worker: make([]worker, 2)}
	p.worker[0].left.Store(share(0, 2))
	p.worker[1].left.Store(share(2, 5))
	for _, want := range []struct {
		thread, i, following int
		ok                   bool
	}{{0, 0, 1, true}, {1, 2, 3, true}, {0, 1, -1, true}, {0, 4, 3, true}, {1, 3, -1, true}, {0, 0, -1, false}, {1, 0, -1, false}} {
		i, following, ok := p.take(want.thread)
		if i != want.i || following != want.following || ok != want.ok {
			t.Errorf("thread %d takes %d, then %d, %v; want %+v", want.thread, i, following, ok, want)
		}
	}
}

// TestWaitAdapts: a thread that looked in vain looks shortly the next times, and
// longer again as it finds something.
func TestWaitAdapts(t *testing.T) {
	p := &Pool{spin: 1000}
	k := newParker()
	k.spin = p.spin
	go func() {
		for !k.asleep.Load() {
			runtime.Gosched()
		}
		k.unpark()
	}()
	p.wait(&k, func() bool { return k.spin < p.spin && !k.asleep.Load() }) // true once looking has ended
	if k.spin != p.spin/spinBrief {
		t.Errorf("after looking in vain it looks %d times, want %d", k.spin, p.spin/spinBrief)
	}
	for range spinGrowth * spinBrief {
		p.wait(&k, func() bool { return true })
	}
	if k.spin != p.spin {
		t.Errorf("after many short waits it looks %d times, want %d", k.spin, p.spin)
	}
}
