package bench

import (
	"context"
	"fmt"
	"os"
	"testing"
)

// TestProfile runs one model alone, for go test -cpuprofile; BENCH_SPEC names it.
func TestProfile(t *testing.T) {
	spec := os.Getenv("BENCH_SPEC")
	if spec == "" {
		t.Skip("BENCH_SPEC is not set: nothing to profile")
	}
	file, err := SyntheticBytes(spec)
	if err != nil {
		t.Fatal(err)
	}
	p, n := 512, 128
	fmt.Sscan(os.Getenv("BENCH_P"), &p)
	fmt.Sscan(os.Getenv("BENCH_N"), &n)
	r, err := Run(context.Background(), file, Options{Prompt: p, Gen: n, Threads: []int{1}, Reps: 3})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("%+v", r.Rounds[0])
}
