package compute

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// atLevels runs f once for every level of this processor, side by side.
func atLevels(t *testing.T, f func(t *testing.T, l *Level)) {
	for _, l := range Levels() {
		t.Run(l.String(), func(t *testing.T) {
			t.Parallel()
			f(t, l)
		})
	}
}

func randFloats(r *rand.Rand, n int) []float32 {
	x := make([]float32, n)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	return x
}

func randMatrix(t testing.TB, r *rand.Rand, ty tensor.Type, rows, cols int) *Matrix {
	t.Helper()
	m, err := NewMatrix(ty, rows, cols, randBlocks(r, ty, rows*cols/ty.BlockLen()))
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// reference is row i of w times x in float64, with the activations rounded as
// the package documents.
func reference(w *Matrix, i int, x []float32) (sum, norm float64) {
	row, y := make([]float32, w.cols), make([]float64, w.cols)
	w.Row(i, row)
	for k, v := range x {
		y[k] = float64(v)
	}
	if !w.t.IsFloat() {
		q := make([]byte, unitCols)
		for b := 0; b < len(x); b += unitCols {
			d := quantizeBlock(q, x[b:b+unitCols])
			for k, v := range q {
				y[b+k] = float64(int8(v)) * float64(d)
			}
		}
	}
	for k, v := range y {
		sum += v * float64(row[k])
		norm += math.Abs(v * float64(row[k]))
	}
	return sum, norm
}

func TestMatMulReference(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		p := NewPool(2, l)
		defer p.Close()
		r := rand.New(rand.NewPCG(3, 3))
		for _, ty := range tensor.Supported() {
			cols := max(ty.BlockLen(), 32) * 3
			if ty.IsFloat() {
				cols = 107 // no multiple of a vector
			}
			for _, rows := range []int{1, 16, 53} {
				w := randMatrix(t, r, ty, rows, cols)
				for _, n := range []int{1, 2, 3, 4, 7, 25} {
					x := randFloats(r, n*cols)
					dst := make([]float32, n*rows)
					p.MatMul(dst, w, x, n)
					for i, got := range dst {
						want, norm := reference(w, i%rows, x[i/rows*cols:][:cols])
						if !(math.Abs(float64(got)-want) <= 2e-6*norm) {
							t.Fatalf("%v %dx%d n=%d: element %d is %v, want %v (sum of magnitudes %v)", ty, rows, cols, n, i, got, want, norm)
						}
					}
				}
			}
		}
	})
}

// TestMatMulBatching: neither threads nor the number of columns change a bit.
func TestMatMulBatching(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		one, three := NewPool(1, l), NewPool(3, l)
		defer one.Close()
		defer three.Close()
		r := rand.New(rand.NewPCG(4, 4))
		for _, ty := range tensor.Supported() {
			for _, rows := range []int{75, 208} { // some strips not whole, and far rows
				cols, n := 1280, 31
				switch {
				case ty.BlockLen() == 1:
					cols = 331
				case ty.BlockLen() == 32 && rows == 75:
					cols += 96 // no multiple of the groups decoding takes
				}
				w, x := randMatrix(t, r, ty, rows, cols), randFloats(r, n*cols)
				want := make([]float32, n*rows)
				one.MatMul(want, w, x, n)
				for _, p := range []*Pool{one, three} {
					for _, step := range []int{1, 2, 3, 5, 13, n} {
						got := make([]float32, n*rows)
						for c := 0; c < n; c += step {
							k := min(step, n-c)
							p.MatMul(got[c*rows:(c+k)*rows], w, x[c*cols:(c+k)*cols], k)
						}
						for i := range got {
							if math.Float32bits(got[i]) != math.Float32bits(want[i]) {
								t.Fatalf("%v, %d rows, %d threads, %d columns at once: element %d is %v, want %v",
									ty, rows, p.Threads(), step, i, got[i], want[i])
							}
						}
					}
				}
			}
		}
	})
}

// TestMatMulExtremes: infinities, NaN and huge numbers must not crash, and
// activations of zero or near it give zero.
func TestMatMulExtremes(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		p := NewPool(1, l)
		defer p.Close()
		r := rand.New(rand.NewPCG(5, 5))
		for _, ty := range tensor.Supported() {
			rows, cols := 17, 512
			w := randMatrix(t, r, ty, rows, cols)
			for _, v := range []float32{0, 1e-40, 1e38, -3e38, float32(math.Inf(1)), float32(math.NaN())} {
				for _, n := range []int{1, 3, 4, 5} {
					x := make([]float32, n*cols)
					for i := range x {
						x[i] = v
					}
					dst := make([]float32, n*rows)
					p.MatMul(dst, w, x, n)
					if v == 0 || v == 1e-40 {
						for i, got := range dst {
							if !(math.Abs(float64(got)) <= 1e-36) { // NaN neither
								t.Fatalf("%v times %g: element %d is %v", ty, v, i, got)
							}
						}
					}
				}
			}
			junk := make([]byte, len(w.data)) // random bits, NaN and infinite scales included
			for i := range junk {
				junk[i] = byte(r.Uint32())
			}
			w, err := NewMatrix(ty, rows, cols, junk)
			if err != nil {
				t.Fatal(err)
			}
			p.MatMul(make([]float32, 5*rows), w, randFloats(r, 5*cols), 5)
			p.MatMul(make([]float32, rows), w, randFloats(r, cols), 1)
		}
	})
}

// TestMatMuls: products computed together are those computed one by one,
// whatever forms of columns the matrices want.
func TestMatMuls(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		one, three := NewPool(1, l), NewPool(3, l)
		defer one.Close()
		defer three.Close()
		r := rand.New(rand.NewPCG(8, 8))
		const cols = 512
		var list []Product
		for i, ty := range []tensor.Type{tensor.Q4_0, tensor.Q4_0, tensor.Q8_0, tensor.Q4_K, tensor.Q5_K, tensor.Q6_K, tensor.F16, tensor.F32, tensor.F16} {
			list = append(list, Product{W: randMatrix(t, r, ty, 5+37*i, cols)})
		}
		for _, n := range []int{1, 2, 3, 4, 29} {
			x := randFloats(r, n*cols)
			var want [][]float32
			for i := range list {
				w := list[i].W
				dst := make([]float32, n*w.rows)
				one.MatMul(dst, w, x, n)
				want = append(want, dst)
			}
			for _, p := range []*Pool{one, three} {
				for i := range list {
					list[i].Dst = make([]float32, n*list[i].W.rows)
				}
				p.MatMuls(x, n, list...)
				for i := range list {
					for k, got := range list[i].Dst {
						if math.Float32bits(got) != math.Float32bits(want[i][k]) {
							t.Fatalf("%d threads, %d columns, matrix %d (%v): element %d is %v, want %v", p.Threads(), n, i, list[i].W.t, k, got, want[i][k])
						}
					}
				}
			}
		}
	})
}

// TestPanels: every column is in one panel, wide ones first.
func TestPanels(t *testing.T) {
	widths := []int{12, 8, 4, 2, 1}
	for n := range 60 {
		c, before := 0, widths[0]
		for i := range panels(widths, n) {
			first, width := panelAt(widths, n, i)
			if first != c || width > before {
				t.Fatalf("%d columns: panel %d has %d from %d, want at most %d from %d", n, i, width, first, before, c)
			}
			c, before = c+width, width
		}
		if c != n {
			t.Fatalf("%d columns: panels hold %d", n, c)
		}
	}
}
