package compute

import (
	"errors"
	"runtime"
	"testing"

	"golang.org/x/sys/unix"
)

// TestGroupCores: hyper-threads of a core make one set, and processors the
// process may not use do not count.
func TestGroupCores(t *testing.T) {
	siblings := map[int]string{0: "0,4", 1: "1,5", 2: "2", 3: "3", 4: "0,4", 5: "1,5"}
	read := func(cpu int) (string, error) {
		if s, ok := siblings[cpu]; ok {
			return s, nil
		}
		return "", errors.New("no such processor")
	}
	for _, c := range []struct {
		allowed []int
		want    [][]int
	}{
		{[]int{0, 1, 2, 3, 4, 5}, [][]int{{0, 4}, {1, 5}, {2}, {3}}},
		{[]int{1, 4, 5}, [][]int{{1, 5}, {4}}},
		{[]int{2}, [][]int{{2}}},
		{[]int{2, 9}, nil}, // not told of processor 9
	} {
		var allowed unix.CPUSet
		for _, cpu := range c.allowed {
			allowed.Set(cpu)
		}
		got := groupCores(&allowed, read)
		if len(got) != len(c.want) {
			t.Errorf("allowed %v: %d cores, want %d", c.allowed, len(got), len(c.want))
			continue
		}
		for i, cpus := range c.want {
			var want unix.CPUSet
			for _, cpu := range cpus {
				want.Set(cpu)
			}
			if got[i] != want {
				t.Errorf("allowed %v: core %d is %v, want processors %v", c.allowed, i, got[i], cpus)
			}
		}
	}
}

// TestPin: the workers of a pool as large as the machine have one core each,
// those of a smaller pool any.
func TestPin(t *testing.T) {
	cores := coreSets()
	if len(cores) < 2 {
		t.Skipf("%d physical cores: nothing to pin to", len(cores))
	}
	for _, threads := range []int{len(cores), len(cores) + 1} {
		done := make(chan unix.CPUSet)
		go func() {
			runtime.LockOSThread() // and never unlocked: the thread ends with the goroutine
			pin(1, threads)
			var s unix.CPUSet
			if err := unix.SchedGetaffinity(0, &s); err != nil {
				t.Error(err)
			}
			done <- s
		}()
		got, want := <-done, cores[1]
		if threads > len(cores) {
			if got.Count() <= want.Count() {
				t.Errorf("%d threads on %d cores: a worker may use %d processors", threads, len(cores), got.Count())
			}
			continue
		}
		if got != want {
			t.Errorf("worker 1 of %d is on %v, want %v", threads, got, want)
		}
	}
}
