package selftest

import (
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// demo opens the project's own small model at an instruction-set level.
func demo(t *testing.T, level string) *engine.Engine {
	t.Helper()
	b, err := os.ReadFile(filepath.Join("..", "..", "testdata", "demo.gguf"))
	if err != nil {
		t.Fatal(err)
	}
	e, err := engine.Open("demo.gguf", b, engine.Options{Threads: 2, Level: level})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { e.Close() })
	return e
}

// allTypes is a model with one small matrix of every weight type, of made-up blocks.
func allTypes(t *testing.T) *gguf.File {
	t.Helper()
	f := &gguf.File{}
	for _, ty := range tensor.Supported() {
		cols, rows := 2*max(ty.BlockLen(), 64), 40
		data := make([]byte, rows*ty.RowBytes(cols))
		state := uint32(7)
		for i := range data {
			state = state*1664525 + 1013904223
			data[i] = byte(state>>24) & 0x37 // keeps 16- and 32-bit floats small and finite
		}
		f.Tensors = append(f.Tensors, gguf.Tensor{Name: ty.String(), Type: ty, Dims: []int{cols, rows}, Data: data})
	}
	return f
}

// TestSoundMachine: every weight type at every level passes, on every CPU.
func TestSoundMachine(t *testing.T) {
	for _, level := range compute.Levels() {
		r, err := Kernels(allTypes(t), level.String())
		if err != nil {
			t.Errorf("%s: %v", level, err)
		}
		if r.Level != level.String() || len(r.Types) != len(tensor.Supported()) || runtime.GOOS == "linux" && r.CPUs != len(cpuList()) {
			t.Errorf("%s: %+v; want %d types on %d CPUs", level, r, len(tensor.Supported()), len(cpuList()))
		}
	}
}

// TestWrongCPU: one wrong number on one CPU is found and the CPU named; so is a number that is nearly right.
func TestWrongCPU(t *testing.T) {
	steps, _, err := stepsFor(demo(t, "").File())
	if err != nil {
		t.Fatal(err)
	}
	// A machine of 4 CPUs, one after the other; on CPU 3 tamper changes the results of step k.
	for k := range steps {
		for what, tamper := range map[string]func(v float32) float32{
			"against generic: result 0 of":  func(v float32) float32 { return v + 1e6 },
			"not the bits CPU 0 computes":   func(v float32) float32 { return math.Nextafter32(v, 1e9) },
			"against generic: result 0 of ": func(v float32) float32 { return float32(math.NaN()) },
		} {
			var mu sync.Mutex
			cpu := -1
			wrapped := append([]step(nil), steps...)
			wrapped[k].compute = func(p *compute.Pool) []float32 {
				out := steps[k].compute(p)
				mu.Lock()
				defer mu.Unlock()
				if cpu == 3 {
					out[0] = tamper(out[0])
				}
				return out
			}
			run := func(cpus []int, f func(int)) (int, error) {
				for _, c := range cpus {
					cpu = c
					f(c)
				}
				return len(cpus), nil
			}
			_, err := check(wrapped, compute.BestLevel(), []int{0, 1, 2, 3}, run)
			if !errors.Is(err, ErrWrong) || !strings.Contains(err.Error(), "CPU 3, "+steps[k].name) || !strings.Contains(err.Error(), what) {
				t.Errorf("%s: %v; want CPU 3 and %q", steps[k].name, err, what)
			}
		}
	}
}

// TestEveryCPU: each CPU of this machine gets its turn.
func TestEveryCPU(t *testing.T) {
	var mu sync.Mutex
	seen := map[int]bool{}
	n, err := everyCPU(cpuList(), func(cpu int) {
		mu.Lock()
		seen[cpu] = true
		mu.Unlock()
	})
	if err != nil || len(seen) != n || n < 1 {
		t.Errorf("%d CPUs, %v seen, %v", n, seen, err)
	}
}

func TestGolden(t *testing.T) {
	e := demo(t, "")
	g, err := Record(t.Context(), e)
	if err != nil || len(strings.Fields(g.IDs)) < 4 {
		t.Fatalf("recorded %+v, %v; want some tokens", g, err)
	}
	for _, level := range compute.Levels() {
		e := demo(t, level.String())
		if n, err := CheckGolden(t.Context(), e, &g); err != nil || n != len(strings.Fields(g.IDs)) {
			t.Errorf("%s: %d tokens, %v", level, n, err)
		}
		if again, err := Record(t.Context(), e); err != nil || again != g {
			t.Errorf("%s: recorded %+v, %v; want %+v", level, again, err, g)
		}
	}
	wrong := g
	wrong.IDs = strings.Replace(g.IDs, " ", " 5 ", 1)
	if _, err := CheckGolden(t.Context(), e, &wrong); !errors.Is(err, ErrWrong) {
		t.Errorf("other tokens: %v, want %v", err, ErrWrong)
	}
	for _, ids := range []string{"x", "1 99999999999", strings.Repeat("1 ", 100000)} {
		if _, err := CheckGolden(t.Context(), e, &format.Golden{Prompt: g.Prompt, IDs: ids}); err == nil || errors.Is(err, ErrWrong) {
			t.Errorf("%.20q: %v; want an error about the record", ids, err)
		}
	}
	if _, err := CheckGolden(t.Context(), e, &format.Golden{Prompt: strings.Repeat("long ", 5000), IDs: "1"}); err == nil {
		t.Error("a prompt longer than the context was accepted")
	}
}
