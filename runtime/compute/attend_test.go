package compute

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestPutKey: keys of a block do not disturb each other and are rounded as the
// generic routine does.
func TestPutKey(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(40, 40))
		for _, dim := range []int{1, 16, 24, 64, 80, 200} {
			const n = 37
			k := make([]uint16, (n+KeyBlock-1)/KeyBlock*KeyBlock*dim)
			keys := randFloats(r, n*dim)
			for i := range n {
				l.PutKey(k, i, keys[i*dim:(i+1)*dim])
			}
			got := make([]float32, dim)
			for i := range n {
				Key(got, k, i)
				for d, v := range got {
					if want := F16ToF32(F32ToF16(keys[i*dim+d])); v != want {
						t.Fatalf("%d elements: key %d, element %d: %v, want %v", dim, i, d, v, want)
					}
				}
			}
		}
	})
}

// TestScoresLikeGeneric: every number of queries gives the bits of one alone,
// and the generic routine's numbers.
func TestScoresLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(41, 41))
		for _, dim := range []int{1, 16, 64, 80, 128} {
			for _, blocks := range []int{1, 2, 5, 8, 16} {
				const most, room, qs = 17, 16 * KeyBlock, 131
				k, _ := halves(r, room*dim)
				q := randFloats(r, most*qs)
				want, one := make([]float32, most*room), make([]float32, most*room)
				genericScoresF16(want, room, q, qs, most, k, blocks, dim)
				for c := range most {
					l.ScoresF16(one[c*room:(c+1)*room], room, q[c*qs:], qs, 1, k, blocks, dim)
				}
				for n := 1; n <= most; n++ {
					got := make([]float32, n*room)
					l.ScoresF16(got, room, q, qs, n, k, blocks, dim)
					for c := range n {
						for i := range blocks * KeyBlock {
							g := got[c*room+i]
							if math.Float32bits(g) != math.Float32bits(one[c*room+i]) || !near(float64(g), float64(want[c*room+i]), float64(dim), 1e-6) {
								t.Fatalf("dim %d, %d blocks, %d queries: score %d of query %d is %v, alone %v, want %v",
									dim, blocks, n, i, c, g, one[c*room+i], want[c*room+i])
							}
						}
					}
				}
				// Without room for whole groups of blocks nothing is written outside.
				tight := make([]float32, blocks*KeyBlock)
				l.ScoresF16(tight, 0, q, qs, 1, k[:blocks*KeyBlock*dim], blocks, dim)
			}
		}
		l.ScoresF16(nil, 0, nil, 0, 0, nil, 0, 64) // nothing to do
	})
}

func TestMixLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(42, 42))
		for _, dim := range []int{1, 16, 64, 80, 96, 128, 256} {
			for _, rows := range []int{1, 3, 100} {
				const most, ws = 13, 101
				v, _ := halves(r, rows*dim)
				w := randFloats(r, most*ws)
				start := randFloats(r, most*(dim+3))
				want, one := append([]float32(nil), start...), append([]float32(nil), start...)
				genericMixF16(want, dim+3, w, ws, most, v, rows, dim)
				for c := range most {
					l.MixF16(one[c*(dim+3):], dim+3, w[c*ws:], ws, 1, v, rows, dim)
				}
				for n := 1; n <= most; n++ {
					got := append([]float32(nil), start...)
					l.MixF16(got, dim+3, w, ws, n, v, rows, dim)
					for i, g := range got {
						exact, near64 := one[i], float64(want[i])
						if i >= n*(dim+3) || i%(dim+3) >= dim {
							exact, near64 = start[i], float64(start[i]) // between and behind rows nothing changes
						}
						if math.Float32bits(g) != math.Float32bits(exact) || !near(float64(g), near64, float64(rows), 1e-6) {
							t.Fatalf("dim %d, %d rows, %d queries: element %d is %v, alone %v, want %v", dim, rows, n, i, g, exact, near64)
						}
					}
				}
			}
		}
		l.MixF16(nil, 0, nil, 0, 0, nil, 0, 64)
	})
}
