package compute

import (
	"bytes"
	"fmt"
	"math"
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// canary surrounds memory an assembly routine writes.
const canary = 0xa5

// guarded returns n bytes with 64 canaries before and after, and a check.
func guarded(n, align int) (b []byte, check func() bool) {
	all := grow(nil, n+2*cacheLine+align)
	for i := range all {
		all[i] = canary
	}
	b = all[cacheLine+align:][:n:n]
	return b, func() bool {
		out := append(append([]byte(nil), all[:cacheLine+align]...), all[cacheLine+align+n:]...)
		return len(out) == bytes.Count(out, []byte{canary})
	}
}

// TestUnpackLikeGeneric: every unpack routine gives the generic one's bytes,
// at odd addresses and row distances, for sane blocks and for random bits.
func TestUnpackLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(20, 20))
		for _, ty := range tensor.Supported() {
			u := l.unpack[ty]
			if u == nil {
				continue
			}
			ti := ty.Info()
			for _, blocks := range []int{1, 2, 5} {
				for _, sane := range []bool{true, false} {
					rowBytes := blocks*ti.Bytes + 3
					src := make([]byte, stripRows*rowBytes-3)
					for i := range src {
						src[i] = byte(r.Uint32())
					}
					for i := 0; sane && i < stripRows; i++ {
						copy(src[i*rowBytes:], randBlocks(r, ty, blocks))
					}
					size := blocks * ti.Elems / unitCols * form(ti.Form).unitBytes()
					want := make([]byte, size)
					genericUnpack(ty, want, src, rowBytes, stripRows, blocks, l.signed8 && ti.Form.Bits == 8)
					got, intact := guarded(size, 0)
					u(&got[0], &src[0], rowBytes, blocks, uintptr(unsafe.Pointer(&src[0])))
					if i := firstDifference(form(ti.Form), got, want); i >= 0 {
						t.Fatalf("%v, %d blocks: byte %#x of a unit is %#x, want %#x", ty, blocks, i%form(ti.Form).unitBytes(), got[i], want[i])
					}
					if !intact() {
						t.Fatalf("%v, %d blocks: wrote outside", ty, blocks)
					}
				}
			}
		}
	})
}

// firstDifference compares strips; two NaN scales are equal.
func firstDifference(f form, got, want []byte) int {
	for i := 0; i < len(want); i += 4 {
		g, w := f32At(got, i), f32At(want, i)
		if i%f.unitBytes() >= unitQ && g != g && w != w {
			continue
		}
		if !bytes.Equal(got[i:i+4], want[i:i+4]) {
			return i
		}
	}
	return -1
}

// TestTileLikeGeneric: every tile gives the generic one's numbers: exactly
// where there is a fused multiply-add, else to rounding. The q and activations
// include the extremes of their range, where 16-bit sums would overflow.
func TestTileLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(21, 21))
		forms := map[form]bool{}
		for _, ty := range tensor.Supported() {
			if !ty.IsFloat() {
				forms[formOf(ty)] = true
			}
		}
		for f := range forms {
			for _, cols := range l.widths {
				for _, units := range []int{1, 3, 8} {
					for _, extreme := range []bool{false, true} {
						if err := tileLikeGeneric(r, l, f, cols, units, extreme); err != nil {
							t.Fatalf("%+v, %d columns, %d units, extremes %v: %v", f, cols, units, extreme, err)
						}
					}
				}
			}
		}
	})
}

func tileLikeGeneric(r *rand.Rand, l *Level, f form, cols, units int, extreme bool) error {
	strip := grow(nil, units*f.unitBytes())
	for i := range strip {
		strip[i] = byte(r.Uint32()) & byte(1<<f.Bits-1)
		if extreme {
			strip[i] = byte(1<<f.Bits - 1)
		}
	}
	for u := range units {
		for i := unitQ; i < f.unitBytes(); i += 4 {
			le.PutUint32(strip[u*f.unitBytes()+i:], math.Float32bits(float32(r.NormFloat64())))
		}
	}
	panel := grow(nil, units*cols*f.colBytes())
	for c := range cols {
		x := randFloats(r, units*unitCols)
		for i := range x {
			if extreme {
				x[i] = []float32{1, -1}[c%2]
			}
		}
		a := panelArgsFor(f, cols, c)
		genericQuantize(panel, x, &a)
	}
	// At levels with signed8 the same strip is read as q-128 by both: the
	// generic one through a flipped copy.
	flipped := append([]byte(nil), strip...)
	if l.signed8 && f.Bits == 8 {
		for u := range units {
			for i := range unitQ {
				flipped[u*f.unitBytes()+i] ^= 0x80
			}
		}
	}
	const stride = stripRows + 5
	for _, add := range []bool{false, true} {
		want := make([]float32, (cols-1)*stride+stripRows)
		got, intact := guarded(4*len(want), 4)
		out := unsafe.Slice((*float32)(unsafe.Pointer(&got[0])), len(want))
		for i := range want {
			want[i] = float32(r.NormFloat64())
			out[i] = want[i]
		}
		genericTile(f, flipped, panel, units, cols, want, stride, add)
		l.tile(f, &strip[0], &panel[0], units, cols, &out[0], stride, add)
		for i := range want {
			tol := 0.0
			if l.name == "sse2" { // no fused multiply-add
				tol = 1e-2
			}
			if out[i] != want[i] && !near(float64(out[i]), float64(want[i]), 1e3, max(tol/100, 1e-7)) {
				return fmt.Errorf("element %d is %v, want %v (add %v)", i, out[i], want[i], add)
			}
		}
		if !intact() {
			return fmt.Errorf("wrote outside (add %v)", add)
		}
	}
	return nil
}

// TestPairLikeTile: two strips at once are two strips one by one.
func TestPairLikeTile(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		if l.pair == nil {
			t.Skip("the level has no tiles of two strips")
		}
		r := rand.New(rand.NewPCG(23, 23))
		for _, ty := range tensor.Supported() {
			if ty.IsFloat() {
				continue
			}
			f, cols := formOf(ty), l.widths[0]
			for _, units := range []int{1, 2, 8, 19} {
				size := units * f.unitBytes()
				strips := grow(nil, 2*size)
				for i := range strips {
					strips[i] = byte(r.Uint32()) & byte(1<<f.Bits-1)
				}
				for u := 0; u < len(strips); u += f.unitBytes() {
					for i := unitQ; i < f.unitBytes(); i += 4 {
						le.PutUint32(strips[u+i:], math.Float32bits(float32(r.NormFloat64())))
					}
				}
				panel := grow(nil, units*cols*f.colBytes())
				for c := range cols {
					a := panelArgsFor(f, cols, c)
					genericQuantize(panel, randFloats(r, units*unitCols), &a)
				}
				const stride = 2*stripRows + 5
				want := make([]float32, (cols-1)*stride+2*stripRows)
				got, intact := guarded(4*len(want), 4)
				out := unsafe.Slice((*float32)(unsafe.Pointer(&got[0])), len(want))
				copy(out, want)
				l.tile(f, &strips[0], &panel[0], units, cols, &want[0], stride, false)
				l.tile(f, &strips[size], &panel[0], units, cols, &want[stripRows], stride, false)
				l.pair(f, &strips[0], &panel[0], units, &out[0], stride)
				for i := range want {
					if math.Float32bits(out[i]) != math.Float32bits(want[i]) {
						t.Fatalf("%+v, %d units: element %d is %v, want %v", f, units, i, out[i], want[i])
					}
				}
				if !intact() {
					t.Fatalf("%+v, %d units: wrote outside", f, units)
				}
			}
		}
	})
}

// TestQuantizeLikeGeneric: the bytes of a panel are the generic ones'.
func TestQuantizeLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(22, 22))
		for _, f := range []form{{Sub: 32, Off: 8}, {Sub: 32, Min: true}, {Sub: 16, Off: 32}, {Sub: 16, Min: true}} {
			for _, cols := range []int{1, 4, 12} {
				const n = 7 * unitCols
				want := make([]byte, n/unitCols*cols*f.colBytes())
				got, intact := guarded(len(want), 1)
				clear(got)
				for c := range cols {
					x := floats(r, n)
					scale := float32(math.Exp(r.NormFloat64() * 10))
					for i := range x {
						x[i] *= scale
					}
					clear(x[:unitCols])
					x[40], x[70] = 1e-41, -3e38 // a subnormal and a huge one
					a := panelArgsFor(f, cols, c)
					genericQuantize(want, x, &a)
					l.quantize(&got[0], &x[0], n, &a)
				}
				if !bytes.Equal(got, want) {
					t.Fatalf("%+v, %d columns: panels differ", f, cols)
				}
				if !intact() {
					t.Fatalf("%+v, %d columns: wrote outside", f, cols)
				}
			}
		}
	})
}

// TestFloatTileLikeGeneric: every shape and tail of the float tiles.
func TestFloatTileLikeGeneric(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		r := rand.New(rand.NewPCG(23, 23))
		for _, ty := range []tensor.Type{tensor.F32, tensor.F16, tensor.BF16} {
			for _, n := range []int{1, 15, 16, 17, 64, 100} {
				for rows := 1; rows <= l.floatRows; rows++ {
					for cols := 1; cols <= l.floatCols; cols++ {
						rowBytes, xs, stride := ty.RowBytes(n)+2, n+1, rows+3
						w := make([]byte, rows*rowBytes)
						for i := range rows {
							copy(w[i*rowBytes:], randBlocks(r, ty, n))
						}
						x := randFloats(r, cols*xs)
						want, got := make([]float32, cols*stride), make([]float32, cols*stride)
						genericFloatTile(ty, &w[0], rowBytes, &x[0], xs, n, rows, cols, &want[0], stride, 0)
						l.floatTile(ty, &w[0], rowBytes, &x[0], xs, n, rows, cols, &got[0], stride, uintptr(unsafe.Pointer(&w[0])))
						for i := range want {
							if !near(float64(got[i]), float64(want[i]), 1, 1e-6) {
								t.Fatalf("%v %dx%d, n=%d: element %d is %v, want %v", ty, rows, cols, n, i, got[i], want[i])
							}
						}
					}
				}
			}
		}
	})
}

// TestExtremeVectors: infinities and NaN neither crash nor turn into numbers.
func TestExtremeVectors(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		inf, nan := float32(math.Inf(1)), float32(math.NaN())
		x := make([]float32, 32)
		for i := range x {
			x[i] = []float32{inf, -inf, nan, 3e38, -3e38, 1e-45}[i%6]
		}
		one := make([]float32, 32)
		for i := range one {
			one[i] = 1
		}
		for name, f := range map[string]func(dst, a, b []float32){"SiLUMul": l.SiLUMul, "GELUMul": l.GELUMul} {
			dst := make([]float32, 32)
			f(dst, x, one)
			for i, v := range dst {
				if x[i] != x[i] && v == v {
					t.Errorf("%s of NaN is %v", name, v)
				}
				if x[i] > 1e38 && !(v > 1e38) || x[i] < -1e38 && v == v && math.Abs(float64(v)) > 1e-3 {
					t.Errorf("%s of %v is %v", name, x[i], v)
				}
			}
		}
		l.RMSNorm(make([]float32, 32), x, one, 1e-5)
		l.RopeNorm(append([]float32(nil), x...), one[:16], one[:16])
		l.Softmax(append([]float32(nil), x...))
		all := make([]float32, 32)
		for i := range all {
			all[i] = -inf
		}
		l.Softmax(all) // NaN: there is nothing to share
		if l.Dot(x, one) == l.Dot(x, one) {
			t.Error("Dot of NaN is a number")
		}
	})
}
