package compute

import (
	"math"
	"math/rand/v2"
	"strings"
	"testing"
)

// lengths cover every tail of 16-lane vectors.
func lengths() []int {
	var l []int
	for n := range 70 {
		l = append(l, n)
	}
	return append(l, 127, 128, 256, 1023, 2048)
}

// near reports whether got is want within tol of scale.
func near(got, want, scale, tol float64) bool {
	return math.Abs(got-want) <= tol*math.Max(scale, math.Abs(want)) || got == want || got != got && want != want
}

// floats returns n random numbers at an address that is 4 but not 8 bytes aligned
// every other time.
func floats(r *rand.Rand, n int) []float32 { return randFloats(r, n+n%2)[n%2:] }

func halves(r *rand.Rand, n int) ([]uint16, []float32) {
	h, f := make([]uint16, n), make([]float32, n)
	for i := range h {
		h[i] = F32ToF16(float32(r.NormFloat64()))
		f[i] = F16ToF32(h[i])
	}
	return h, f
}

func TestDots(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(7, 7))
		for _, n := range lengths() {
			a, b := floats(r, n), floats(r, n)
			h, hf := halves(r, n)
			var d, dh, norm float64
			for i := range a {
				d += float64(a[i]) * float64(b[i])
				dh += float64(a[i]) * float64(hf[i])
				norm += 1
			}
			if got := l.Dot(a, b); !near(float64(got), d, norm, 1e-6) {
				t.Errorf("Dot of %d: %v, want %v", n, got, d)
			}
			if got := l.DotF16(a, h); !near(float64(got), dh, norm, 1e-6) {
				t.Errorf("DotF16 of %d: %v, want %v", n, got, dh)
			}
		}
	})
}

func TestElementwise(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(8, 8))
		for _, n := range lengths() {
			x, y := floats(r, n), floats(r, n)
			h, hf := halves(r, n)
			if n > 3 { // far ends of the activations
				x[1], x[2], x[3] = 100, -100, -700
			}
			check := func(name string, tol float64, f func(dst []float32), want func(i int) float64) {
				t.Helper()
				dst := append([]float32(nil), x...)
				f(dst)
				for i, got := range dst {
					if !near(float64(got), want(i), 1e-3, tol) {
						t.Fatalf("%s of %d: element %d is %v, want %v", name, n, i, got, want(i))
					}
				}
			}
			fx, fy := func(i int) float64 { return float64(x[i]) }, func(i int) float64 { return float64(y[i]) }
			check("Add", 1e-6, func(d []float32) { l.Add(d, y) }, func(i int) float64 { return fx(i) + fy(i) })
			check("Scale", 1e-6, func(d []float32) { l.Scale(d, 0.3) }, func(i int) float64 { return fx(i) * float64(float32(0.3)) })
			check("Axpy", 1e-4, func(d []float32) { l.Axpy(d, 0.3, y) }, func(i int) float64 { return fx(i) + fy(i)*0.3 })
			check("AxpyF16", 1e-4, func(d []float32) { l.AxpyF16(d, 0.3, h) }, func(i int) float64 { return fx(i) + float64(hf[i])*0.3 })
			check("SiLUMul", 2e-6, func(d []float32) { l.SiLUMul(d, x, y) }, func(i int) float64 { return fx(i) / (1 + math.Exp(-fx(i))) * fy(i) })
			check("SiLUMul in place", 2e-6, func(d []float32) { l.SiLUMul(d, d, y) }, func(i int) float64 { return fx(i) / (1 + math.Exp(-fx(i))) * fy(i) })
			check("GELUMul", 5e-6, func(d []float32) { l.GELUMul(d, x, y) }, func(i int) float64 {
				v := fx(i)
				return v / 2 * (1 + math.Tanh(math.Sqrt(2/math.Pi)*(v+0.044715*v*v*v))) * fy(i)
			})
			var sq, sum float64
			for i := range x {
				sq, sum = sq+fx(i)*fx(i), sum+fx(i)
			}
			rms := math.Sqrt(sq/float64(n) + 1e-5)
			check("RMSNorm", 2e-6, func(d []float32) { l.RMSNorm(d, x, y, 1e-5) }, func(i int) float64 { return fx(i) / rms * fy(i) })
			check("RMSNorm without weights", 2e-6, func(d []float32) { l.RMSNorm(d, d, nil, 1e-5) }, func(i int) float64 { return fx(i) / rms })
			mean := sum / float64(n)
			sd := math.Sqrt(sq/float64(n) - mean*mean + 1e-5)
			check("LayerNorm", 1e-4, func(d []float32) { LayerNorm(d, x, y, y, 1e-5) }, func(i int) float64 { return (fx(i)-mean)/sd*fy(i) + fy(i) })
		}
	})
}

func TestSoftmax(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(9, 9))
		for _, n := range lengths() {
			x := floats(r, n)
			for i := range x {
				x[i] *= 30
				if i%7 == 3 {
					x[i] = float32(math.Inf(-1))
				}
			}
			want, sum, m := make([]float64, n), 0.0, math.Inf(-1)
			for _, v := range x {
				m = max(m, float64(v))
			}
			for i, v := range x {
				want[i] = math.Exp(float64(v) - m)
				sum += want[i]
			}
			l.Softmax(x)
			for i, got := range x {
				if !near(float64(got), want[i]/sum, 1e-10, 5e-6) {
					t.Fatalf("%d: element %d is %v, want %v", n, i, got, want[i]/sum)
				}
			}
		}
	})
}

func TestRope(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(10, 10))
		for _, n := range lengths() {
			x, cos, sin := floats(r, 2*n), make([]float32, n), make([]float32, n)
			for i := range cos {
				s, c := math.Sincos(r.Float64() * 100)
				cos[i], sin[i] = float32(c), float32(s)
			}
			norm, neox := append([]float32(nil), x...), append([]float32(nil), x...)
			l.RopeNorm(norm, cos, sin)
			l.RopeNeoX(neox, cos, sin)
			for i := range cos {
				turn := func(a, b float32) (float64, float64) {
					c, s := float64(cos[i]), float64(sin[i])
					return float64(a)*c - float64(b)*s, float64(a)*s + float64(b)*c
				}
				a, b := turn(x[2*i], x[2*i+1])
				if !near(float64(norm[2*i]), a, 1, 1e-6) || !near(float64(norm[2*i+1]), b, 1, 1e-6) {
					t.Fatalf("RopeNorm of %d: pair %d is %v", n, i, norm[2*i:2*i+2])
				}
				a, b = turn(x[i], x[i+n])
				if !near(float64(neox[i]), a, 1, 1e-6) || !near(float64(neox[i+n]), b, 1, 1e-6) {
					t.Fatalf("RopeNeoX of %d: pair %d is %v %v", n, i, neox[i], neox[i+n])
				}
			}
		}
	})
}

// TestHalves: every binary16 number, and float32 bits of all kinds, at all tails.
func TestHalves(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		all := make([]uint16, 1<<16)
		for i := range all {
			all[i] = uint16(i)
		}
		f := make([]float32, len(all))
		l.F16ToF32s(f, all)
		for i, got := range f {
			if want := F16ToF32(uint16(i)); math.Float32bits(got) != math.Float32bits(want) {
				t.Fatalf("%#04x: %v, want %v", i, got, want)
			}
		}
		r := rand.New(rand.NewPCG(11, 11))
		for _, n := range lengths() {
			src, dst := make([]float32, n), make([]uint16, n)
			for i := range src {
				src[i] = math.Float32frombits(r.Uint32())
				if i%3 == 0 {
					src[i] = float32(r.NormFloat64() * 1e-5)
				}
			}
			l.F32ToF16s(dst, src)
			back := make([]float32, n)
			l.F16ToF32s(back, dst)
			for i, got := range dst {
				if want := F32ToF16(src[i]); got != want {
					t.Fatalf("%v of %d: %#04x, want %#04x", src[i], n, got, want)
				}
				if v := F16ToF32(dst[i]); math.Float32bits(back[i]) != math.Float32bits(v) {
					t.Fatalf("%#04x of %d: %v, want %v", dst[i], n, back[i], v)
				}
			}
		}
	})
}

// TestLevels: the level can be chosen by name and a wrong one is refused.
func TestLevels(t *testing.T) {
	ls := Levels()
	if ls[0].String() != "generic" || ls[len(ls)-1] != BestLevel() {
		t.Errorf("levels %v, the best is %v", ls, BestLevel())
	}
	for _, l := range ls {
		if got, err := LevelNamed(l.String()); got != l || err != nil {
			t.Errorf("LevelNamed(%v): %v, %v", l, got, err)
		}
	}
	if l, err := LevelNamed("altivec"); err == nil || !strings.Contains(err.Error(), "generic") {
		t.Errorf("LevelNamed(altivec): %v, %v; want an error that lists the levels", l, err)
	}
	if l, err := LevelNamed(""); l != BestLevel() || err != nil {
		t.Errorf("LevelNamed of nothing: %v, %v; want the best", l, err)
	}
}
