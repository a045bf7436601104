package compute

import (
	"fmt"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestRates prints how fast products with one vector read weights that are not
// in a cache. Many samples of some 100
// microseconds each, in turns, are taken: on a busy machine some of them are
// undisturbed, and the best twentieth tells what the code can do, where
// averages only tell how busy the machine was.
//
// RATES names the types (RATES=Q4_0,Q8_0), RATES_LEVEL the level.
func TestRates(t *testing.T) {
	names := os.Getenv("RATES")
	if names == "" {
		t.Skip("RATES is not set: nothing to measure")
	}
	level, err := LevelNamed(os.Getenv("RATES_LEVEL"))
	if err != nil {
		t.Fatal(err)
	}
	const (
		size   = 128 << 20 // more than caches hold
		rounds = 5
	)
	r := rand.New(rand.NewPCG(37, 37))
	p := NewPool(1, level)
	defer p.Close()
	data := make([]byte, size)
	for i := range data {
		data[i] = byte(r.Uint32())
	}
	var jobs []*rateJob
	for _, name := range strings.Split(names, ",") {
		ty, err := tensor.Parse(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, shape := range [][2]int{{2048, 2048}, {5632, 2048}, {2048, 5632}} { // of a model of 1B
			rows, cols := shape[0], shape[1]
			j := &rateJob{name: fmt.Sprintf("%v %dx%d", ty, rows, cols), bytes: ty.RowBytes(rows * cols)}
			x, dst := randFloats(r, cols), make([]float32, rows)
			for rest := data; len(rest) >= j.bytes; rest = rest[j.bytes:] {
				m, err := NewMatrix(ty, rows, cols, rest)
				if err != nil {
					t.Fatal(err)
				}
				j.run = append(j.run, func() { p.MatMul(dst, m, x, 1) })
			}
			jobs = append(jobs, j)
		}
	}
	for range rounds {
		for _, j := range jobs {
			j.sample()
		}
	}
	for _, j := range jobs {
		fmt.Printf("%-18s best %5.1f, twentieth %5.1f, median %5.1f GB/s\n", j.name, j.rate(0), j.rate(0.05), j.rate(0.5))
	}
}

// rateJob reads bytes of memory in every call of run, always others.
type rateJob struct {
	name  string
	bytes int
	run   []func()
	took  []float64 // seconds of every sample
}

func (j *rateJob) sample() {
	for _, f := range j.run {
		start := time.Now()
		f()
		j.took = append(j.took, time.Since(start).Seconds())
	}
}

// rate is the rate in GB/s that the share q of the samples exceed.
func (j *rateJob) rate(q float64) float64 {
	slices.Sort(j.took)
	return float64(j.bytes) / j.took[int(q*float64(len(j.took)-1))] / 1e9
}
