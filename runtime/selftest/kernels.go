// Package selftest checks that a machine computes what it should: the kernels of the instruction-set level in use
// against generic Go on every CPU, and the tokens a model generates against those recorded when its llamafile was made.
//
// A machine with a weak core, bad memory or a virtual CPU that emulates an instruction wrongly then says so, instead of
// printing nonsense.
package selftest

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// ErrWrong says that something was computed that is not so.
var ErrWrong = errors.New("this machine computes wrongly")

const (
	// sampleRows of each weight type are multiplied: two strips of 16 and a rest, the paths of every routine.
	sampleRows = 35
	// maxCols bounds the columns taken of them.
	maxCols = 2048
	// columns is the widest panel, the next narrower and a single one.
	columns = 12 + 4 + 1
	// tolerance is the difference to generic Go that rounding explains, relative to the size of the results: levels
	// without fused multiply-add round twice.
	tolerance = 1e-4
)

// Report says what Kernels looked at.
type Report struct {
	Level string
	Types []string // weight types
	CPUs  int
}

// A step is one computation; its result is compared number by number.
type step struct {
	name    string
	compute func(*compute.Pool) []float32
}

// Kernels runs the products of every weight type the model in f uses, and the vector operations, on every CPU. No
// other computation may be under way.
func Kernels(f *gguf.File, level string) (Report, error) {
	steps, types, err := stepsFor(f)
	if err != nil {
		return Report{}, err
	}
	l, err := compute.LevelNamed(level)
	if err != nil {
		return Report{}, err
	}
	r := Report{Level: l.String(), Types: types}
	r.CPUs, err = check(steps, l, cpuList(), everyCPU)
	return r, err
}

// check compares the level in use with generic Go, and all CPUs with each other: results at one level are the same to
// the bit. run calls a function on each of the CPUs and returns how many that were.
func check(steps []step, level *compute.Level, cpus []int, run func(cpus []int, f func(cpu int)) (int, error)) (int, error) {
	generic, err := compute.LevelNamed("generic")
	if err != nil {
		return 0, err
	}
	want := results(steps, generic)
	var mu sync.Mutex
	var problem error
	first := -1
	var reference [][]float32
	n, err := run(cpus, func(cpu int) {
		got := results(steps, level)
		mu.Lock()
		defer mu.Unlock()
		for i := range steps {
			if problem != nil {
				return
			}
			if err := compare(got[i], want[i]); err != nil {
				problem = fmt.Errorf("%w: CPU %d, %s at level %s against generic: %w", ErrWrong, cpu, steps[i].name, level, err)
			} else if reference != nil && !same(got[i], reference[i]) {
				problem = fmt.Errorf("%w: CPU %d, %s at level %s: not the bits CPU %d computes", ErrWrong, cpu, steps[i].name, level, first)
			}
		}
		if reference == nil {
			reference, first = got, cpu
		}
	})
	if problem != nil {
		return n, problem
	}
	return n, err
}

func results(steps []step, level *compute.Level) [][]float32 {
	pool := compute.NewPool(1, level)
	defer pool.Close()
	var out [][]float32
	for _, s := range steps {
		out = append(out, s.compute(pool))
	}
	return out
}

// compare reports the first number that rounding does not explain.
func compare(got, want []float32) error {
	size := 0.0
	for _, v := range want {
		size = max(size, math.Abs(float64(v)))
	}
	for i := range want {
		// Written so that NaN fails.
		if !(math.Abs(float64(got[i])-float64(want[i])) <= tolerance*size) && !(got[i] != got[i] && want[i] != want[i]) {
			return fmt.Errorf("result %d of %d is %v, want %v", i, len(want), got[i], want[i])
		}
	}
	return nil
}

func same(a, b []float32) bool {
	return slices.EqualFunc(a, b, func(x, y float32) bool { return math.Float32bits(x) == math.Float32bits(y) })
}

// stepsFor takes one matrix of each weight type out of the model; float32 is always among them, as small models are
// held so.
func stepsFor(f *gguf.File) (steps []step, types []string, err error) {
	seen := map[tensor.Type]bool{}
	for i := range f.Tensors {
		t := &f.Tensors[i]
		ty := t.Type
		if len(t.Dims) < 2 || t.Dims[1] < 2 || !ty.Supported() || seen[ty] {
			continue
		}
		seen[ty] = true
		// Whole blocks of the first rows; a row is cut to maxCols.
		cols, rows := t.Dims[0], min(t.Dims[1], sampleRows)
		short := min(cols, maxCols/ty.BlockLen()*ty.BlockLen())
		var data []byte
		for r := range rows {
			data = append(data, t.Data[r*ty.RowBytes(cols):][:ty.RowBytes(short)]...)
		}
		w, err := compute.NewMatrix(ty, rows, short, data)
		if err != nil {
			return nil, nil, fmt.Errorf("tensor %s: %w", t.Name, err)
		}
		types = append(types, ty.String())
		steps = append(steps, product(w, 1), product(w, columns))
		if !seen[tensor.F32] {
			seen[tensor.F32] = true
			wide, err := widen(w)
			if err != nil {
				return nil, nil, fmt.Errorf("tensor %s: %w", t.Name, err)
			}
			steps = append(steps, product(wide, 1), product(wide, columns))
		}
	}
	if len(steps) == 0 {
		return nil, nil, errors.New("the model has no weight matrices")
	}
	return append(steps, vectorSteps()...), types, nil
}

// product multiplies w with n made-up vectors.
func product(w *compute.Matrix, n int) step {
	x := noise(n * w.Cols())
	return step{fmt.Sprintf("%s product with %d vectors", w.Type(), n), func(p *compute.Pool) []float32 {
		dst := make([]float32, n*w.Rows())
		p.MatMul(dst, w, x, n)
		return dst
	}}
}

// widen returns w as a matrix of float32.
func widen(w *compute.Matrix) (*compute.Matrix, error) {
	row := make([]float32, w.Cols())
	data := make([]byte, 0, 4*w.Rows()*w.Cols())
	for i := range w.Rows() {
		w.Row(i, row)
		for _, v := range row {
			b := math.Float32bits(v)
			data = append(data, byte(b), byte(b>>8), byte(b>>16), byte(b>>24))
		}
	}
	return compute.NewMatrix(tensor.F32, w.Rows(), w.Cols(), data)
}

// noise returns n numbers from -1 to 1, the same every time.
func noise(n int) []float32 {
	x := make([]float32, n)
	state := uint32(1)
	for i := range x {
		state = state*1664525 + 1013904223 // Numerical Recipes' generator
		x[i] = float32(int32(state)) / (1 << 31)
	}
	return x
}
