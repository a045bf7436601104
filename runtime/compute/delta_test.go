package compute

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestDeltaRule compares with the formula in float64, and batches of tokens with each other to the bit.
func TestDeltaRule(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(50, 50))
		for _, dim := range []int{8, 16, 100, 128} {
			for _, rows := range []int{1, 5, 128} {
				const n, heads = 7, 3
				stride := 2*dim + rows + 3
				x := randFloats(r, n*stride)
				for i := range x {
					x[i] /= float32(math.Sqrt(float64(dim)))
				}
				gates := make([]float32, 2*n*heads)
				for i := range gates {
					gates[i] = r.Float32()
				}
				start := randFloats(r, rows*dim)
				run := func(cuts ...int) (state, out []float32) {
					state, out = slices.Clone(start), make([]float32, n*rows)
					from := 0
					for _, to := range cuts {
						l.DeltaRule(&DeltaRule{State: state, Rows: rows, Dim: dim, N: to - from, Heads: heads, Stride: stride, OutStep: rows,
							K: x[from*stride:], Q: x[from*stride+dim:], V: x[from*stride+2*dim:],
							Decay: gates[from*heads:], Beta: gates[(n+from)*heads:], Out: out[from*rows:]})
						from = to
					}
					return state, out
				}
				state, out := run(n)
				s := make([]float64, rows*dim)
				for i, v := range start {
					s[i] = float64(v)
				}
				for tok := range n {
					for row := range rows {
						k, q := x[tok*stride:], x[tok*stride+dim:]
						sk, sq := 0.0, 0.0
						for i := range dim {
							s[row*dim+i] *= float64(gates[tok*heads])
							sk += s[row*dim+i] * float64(k[i])
						}
						d := float64(gates[(n+tok)*heads]) * (float64(x[tok*stride+2*dim+row]) - sk)
						for i := range dim {
							s[row*dim+i] += d * float64(k[i])
							sq += s[row*dim+i] * float64(q[i])
						}
						if !near(float64(out[tok*rows+row]), sq, 10, 1e-6) {
							t.Fatalf("dim %d, %d rows: token %d, row %d is %v, want %v", dim, rows, tok, row, out[tok*rows+row], sq)
						}
					}
				}
				for i, v := range s {
					if !near(float64(state[i]), v, 10, 1e-6) {
						t.Fatalf("dim %d, %d rows: element %d of the state is %v, want %v", dim, rows, i, state[i], v)
					}
				}
				if s, o := run(1, 2, 6, n); !slices.Equal(s, state) || !slices.Equal(o, out) {
					t.Fatalf("dim %d, %d rows: other numbers when the tokens come in batches", dim, rows)
				}
			}
		}
	})
}

// TestCausalConv compares with the formula, in one batch and in several, and all columns with parts of them.
func TestCausalConv(t *testing.T) {
	r := rand.New(rand.NewPCG(51, 51))
	const n, width = 9, 20
	for _, taps := range []int{2, 3, 4, 7} {
		x, w, past := randFloats(r, n*width), randFloats(r, taps*width), randFloats(r, (taps-1)*width)
		for _, cuts := range [][]int{{n}, {1, 2, n}, {4, 5, 6, n}} {
			history, out := slices.Clone(past), make([]float32, n*width)
			from := 0
			for _, to := range cuts {
				for _, part := range [][2]int{{0, 13}, {13, width}} {
					CausalConv(out[from*width:], x[from*width:], w, history, to-from, width, taps, part[0], part[1])
				}
				from = to
			}
			all := append(slices.Clone(past), x...)
			for tok := range n {
				for c := range width {
					want := float32(0)
					for j := range taps {
						want += w[j*width+c] * all[(tok+j)*width+c]
					}
					if got := out[tok*width+c]; !near(float64(got), float64(want), 1, 1e-6) {
						t.Fatalf("%d taps, batches to %v: token %d, column %d is %v, want %v", taps, cuts, tok, c, got, want)
					}
				}
			}
			if !slices.Equal(history, all[n*width:]) {
				t.Errorf("%d taps, batches to %v: wrong history", taps, cuts)
			}
		}
	}
}

// BenchmarkDeltaRule is one head of 128 of a prompt and of a single token.
func BenchmarkDeltaRule(b *testing.B) {
	for _, l := range Levels() {
		for _, n := range []int{1, 64} {
			b.Run(fmt.Sprintf("%v/n%d", l, n), func(b *testing.B) {
				const dim = 128
				r := rand.New(rand.NewPCG(52, 52))
				x, gate := randFloats(r, n*3*dim), make([]float32, n)
				d := &DeltaRule{State: make([]float32, dim*dim), Rows: dim, Dim: dim, N: n, Heads: 1, Stride: 3 * dim, OutStep: dim,
					K: x, Q: x[dim:], V: x[2*dim:], Decay: gate, Beta: gate, Out: make([]float32, n*dim)}
				for range b.N {
					l.DeltaRule(d)
				}
				b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N*n), "ns/token")
			})
		}
	}
}
