//go:build linux

package bench

import (
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strconv"
	"syscall"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// TestProfile runs one model alone, for go test -cpuprofile and for ratios on
// a noisy machine: it prints tokens per second of processor time. BENCH_FILE
// names the model; BENCH_P, BENCH_N, BENCH_T and BENCH_LEVEL set the test.
func TestProfile(t *testing.T) {
	path := os.Getenv("BENCH_FILE")
	if path == "" {
		t.Skip("BENCH_FILE is not set: nothing to profile")
	}
	number := func(name string, def int) int {
		if n, err := strconv.Atoi(os.Getenv(name)); err == nil {
			return n
		}
		return def
	}
	fd, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer fd.Close()
	info, err := fd.Stat()
	if err != nil {
		t.Fatal(err)
	}
	data, err := syscall.Mmap(int(fd.Fd()), 0, int(info.Size()), syscall.PROT_READ, syscall.MAP_SHARED)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := model.Open(f, model.Options{Threads: number("BENCH_T", 1), Context: 4096, Level: os.Getenv("BENCH_LEVEL")})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	b := &runner{ctx: context.Background(), m: m, rand: rand.New(rand.NewPCG(1, 2))}
	if _, err := b.prompt(firstPrompt); err != nil {
		t.Fatal(err)
	}
	run := func(name string, n int, f func() error) {
		if n <= 0 {
			return
		}
		var wall, cpu []float64
		for range number("BENCH_R", 5) {
			w, c := time.Now(), processorTime()
			if err := f(); err != nil {
				t.Fatal(err)
			}
			wall = append(wall, float64(n)/time.Since(w).Seconds())
			cpu = append(cpu, float64(n)/(processorTime()-c).Seconds())
		}
		slices.Sort(wall)
		slices.Sort(cpu)
		fmt.Printf("%s%d wall %.1f to %.1f, cpu median %.1f best %.1f\n", name, n, wall[0], wall[len(wall)-1], cpu[len(cpu)/2], cpu[len(cpu)-1])
	}
	p, n := number("BENCH_P", 512), number("BENCH_N", 128)
	run("pp", p, func() error { _, err := b.prompt(p); return err })
	run("tg", n, func() error { return b.generate(n) })
}
