package selftest

import (
	"fmt"
	"runtime"
	"sync"
	"sync/atomic"
	"time"
)

const (
	// maxRounds bounds the tries to run on every CPU: on a busy system the threads are moved about.
	maxRounds = 20
	// gather is how long the threads of a round wait for each other.
	gather = 200 * time.Millisecond
)

// everyCPU calls f on each of the CPUs and returns on how many it did. All threads of a round run at once, each asking
// for its CPU: where that has no effect they still fill all CPUs. A call counts for a CPU when it began and ended there.
func everyCPU(cpus []int, f func(cpu int)) (int, error) {
	if _, ok := thisCPU(); !ok || len(cpus) == 0 {
		return threads(runtime.NumCPU(), f), nil
	}
	done := map[int]bool{}
	var mu sync.Mutex
	for round := 0; round < maxRounds && len(done) < len(cpus); round++ {
		var ready atomic.Int32
		var wg sync.WaitGroup
		for _, cpu := range cpus {
			wg.Go(func() {
				runtime.LockOSThread()
				defer runtime.UnlockOSThread()
				defer moveTo(cpu)()
				ready.Add(1)
				for end := time.Now().Add(gather); int(ready.Load()) < len(cpus) && time.Now().Before(end); {
				}
				at, _ := thisCPU()
				mu.Lock()
				needed := !done[at]
				mu.Unlock()
				if !needed {
					return
				}
				f(at)
				if now, _ := thisCPU(); now == at {
					mu.Lock()
					done[at] = true
					mu.Unlock()
				}
			})
		}
		wg.Wait()
	}
	var missed []int
	for _, cpu := range cpus {
		if !done[cpu] {
			missed = append(missed, cpu)
		}
	}
	if len(missed) > 0 {
		return len(done), fmt.Errorf("no turn on CPUs %v in %d rounds: they do not run this program", missed, maxRounds)
	}
	return len(done), nil
}

// threads calls f on n threads at once.
func threads(n int, f func(cpu int)) int {
	var wg sync.WaitGroup
	for i := range n {
		wg.Go(func() {
			runtime.LockOSThread()
			defer runtime.UnlockOSThread()
			f(i)
		})
	}
	wg.Wait()
	return n
}
