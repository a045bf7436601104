//go:build !noasm

package compute

import "math"

// vecStep is how many elements a loop of the vector routines takes (step of
// the generator); the generic code does the rest.
const vecStep = 16

// expTail is x, shorter than a step, filled up with numbers whose exponential is
// zero: a row of scores ends anywhere, and math.Exp is slow.
func expTail(x []float32) (tail [vecStep]float32) {
	for i := copy(tail[:], x); i < vecStep; i++ {
		tail[i] = float32(math.Inf(-1))
	}
	return tail
}

var avx2Vec = vecOps{
	f16ToF32s: func(dst []float32, src []uint16) {
		n := len(dst) &^ (vecStep - 1)
		f16ToF32sAVX2(dst[:n], src)
		genericF16ToF32s(dst[n:], src[n:])
	},
	f32ToF16s: func(dst []uint16, src []float32) {
		n := len(dst) &^ (vecStep - 1)
		f32ToF16sAVX2(dst[:n], src)
		genericF32ToF16s(dst[n:], src[n:])
	},
	dot: func(a, b []float32) float32 {
		n := len(a) &^ (vecStep - 1)
		s := dotF32AVX2(a[:n], b)
		if n < len(a) {
			s += genericDot(a[n:], b[n:])
		}
		return s
	},
	dotF16: func(a []float32, b []uint16) float32 {
		n := len(a) &^ (vecStep - 1)
		s := dotF16AVX2(a[:n], b)
		if n < len(a) {
			s += genericDotF16(a[n:], b[n:])
		}
		return s
	},
	axpy: func(dst []float32, a float32, x []float32) {
		n := len(dst) &^ (vecStep - 1)
		axpyF32AVX2(dst[:n], a, x)
		genericAxpy(dst[n:], a, x[n:])
	},
	axpyF16: func(dst []float32, a float32, x []uint16) {
		n := len(dst) &^ (vecStep - 1)
		axpyF16AVX2(dst[:n], a, x)
		genericAxpyF16(dst[n:], a, x[n:])
	},
	sumSq: func(x []float32) float32 {
		n := len(x) &^ (vecStep - 1)
		return sumSqAVX2(x[:n]) + genericSumSq(x[n:])
	},
	mulScale: func(dst, x, w []float32, a float32) {
		n := len(dst) &^ (vecStep - 1)
		mulScaleAVX2(a, dst[:n], x, w)
		genericMulScale(dst[n:], x[n:], w[n:], a)
	},
	add: func(dst, x []float32) {
		n := len(dst) &^ (vecStep - 1)
		addAVX2(dst[:n], x)
		genericAdd(dst[n:], x[n:])
	},
	scale: func(x []float32, a float32) {
		n := len(x) &^ (vecStep - 1)
		scaleAVX2(a, x[:n])
		genericScale(x[n:], a)
	},
	maximum: func(x []float32) float32 {
		n := len(x) &^ (vecStep - 1)
		return max(maximumAVX2(x[:n]), genericMaximum(x[n:]))
	},
	expSum: func(x []float32, shift float32) float32 {
		n := len(x) &^ (vecStep - 1)
		sum := expSumAVX2(x[:n], shift)
		if n < len(x) {
			tail := expTail(x[n:])
			sum += expSumAVX2(tail[:], shift)
			copy(x[n:], tail[:])
		}
		return sum
	},
	siluMul: func(dst, gate, up []float32) {
		n := len(dst) &^ (vecStep - 1)
		siluMulAVX2(dst[:n], gate, up)
		genericSiLUMul(dst[n:], gate[n:], up[n:])
	},
	geluMul: func(dst, gate, up []float32) {
		n := len(dst) &^ (vecStep - 1)
		geluMulAVX2(dst[:n], gate, up)
		genericGELUMul(dst[n:], gate[n:], up[n:])
	},
	ropeNorm: func(x, cos, sin []float32) {
		n := len(cos) &^ (vecStep - 1)
		ropeNormAVX2(cos[:n], sin, x)
		genericRopeNorm(x[2*n:], cos[n:], sin[n:])
	},
	ropeNeoX: func(x, cos, sin []float32) {
		n := len(cos) &^ (vecStep - 1)
		x, y := x[:len(cos)], x[len(cos):]
		ropeNeoXAVX2(cos[:n], sin, x, y)
		for i := n; i < len(cos); i++ {
			a, b := x[i], y[i]
			x[i], y[i] = a*cos[i]-b*sin[i], a*sin[i]+b*cos[i]
		}
	},
	delta: func(d *DeltaRule) { deltaRows(d, deltaAVX2) },
}

var avx512Vec = vecOps{
	f16ToF32s: func(dst []float32, src []uint16) {
		n := len(dst) &^ (vecStep - 1)
		f16ToF32sAVX512(dst[:n], src)
		genericF16ToF32s(dst[n:], src[n:])
	},
	f32ToF16s: func(dst []uint16, src []float32) {
		n := len(dst) &^ (vecStep - 1)
		f32ToF16sAVX512(dst[:n], src)
		genericF32ToF16s(dst[n:], src[n:])
	},
	dot: func(a, b []float32) float32 {
		n := len(a) &^ (vecStep - 1)
		s := dotF32AVX512(a[:n], b)
		if n < len(a) {
			s += genericDot(a[n:], b[n:])
		}
		return s
	},
	dotF16: func(a []float32, b []uint16) float32 {
		n := len(a) &^ (vecStep - 1)
		s := dotF16AVX512(a[:n], b)
		if n < len(a) {
			s += genericDotF16(a[n:], b[n:])
		}
		return s
	},
	axpy: func(dst []float32, a float32, x []float32) {
		n := len(dst) &^ (vecStep - 1)
		axpyF32AVX512(dst[:n], a, x)
		genericAxpy(dst[n:], a, x[n:])
	},
	axpyF16: func(dst []float32, a float32, x []uint16) {
		n := len(dst) &^ (vecStep - 1)
		axpyF16AVX512(dst[:n], a, x)
		genericAxpyF16(dst[n:], a, x[n:])
	},
	sumSq: func(x []float32) float32 {
		n := len(x) &^ (vecStep - 1)
		return sumSqAVX512(x[:n]) + genericSumSq(x[n:])
	},
	mulScale: func(dst, x, w []float32, a float32) {
		n := len(dst) &^ (vecStep - 1)
		mulScaleAVX512(a, dst[:n], x, w)
		genericMulScale(dst[n:], x[n:], w[n:], a)
	},
	add: func(dst, x []float32) {
		n := len(dst) &^ (vecStep - 1)
		addAVX512(dst[:n], x)
		genericAdd(dst[n:], x[n:])
	},
	scale: func(x []float32, a float32) {
		n := len(x) &^ (vecStep - 1)
		scaleAVX512(a, x[:n])
		genericScale(x[n:], a)
	},
	maximum: func(x []float32) float32 {
		n := len(x) &^ (vecStep - 1)
		return max(maximumAVX512(x[:n]), genericMaximum(x[n:]))
	},
	expSum: func(x []float32, shift float32) float32 {
		n := len(x) &^ (vecStep - 1)
		sum := expSumAVX512(x[:n], shift)
		if n < len(x) {
			tail := expTail(x[n:])
			sum += expSumAVX512(tail[:], shift)
			copy(x[n:], tail[:])
		}
		return sum
	},
	siluMul: func(dst, gate, up []float32) {
		n := len(dst) &^ (vecStep - 1)
		siluMulAVX512(dst[:n], gate, up)
		genericSiLUMul(dst[n:], gate[n:], up[n:])
	},
	geluMul: func(dst, gate, up []float32) {
		n := len(dst) &^ (vecStep - 1)
		geluMulAVX512(dst[:n], gate, up)
		genericGELUMul(dst[n:], gate[n:], up[n:])
	},
	ropeNorm: func(x, cos, sin []float32) {
		n := len(cos) &^ (vecStep - 1)
		ropeNormAVX512(cos[:n], sin, x)
		genericRopeNorm(x[2*n:], cos[n:], sin[n:])
	},
	ropeNeoX: func(x, cos, sin []float32) {
		n := len(cos) &^ (vecStep - 1)
		x, y := x[:len(cos)], x[len(cos):]
		ropeNeoXAVX512(cos[:n], sin, x, y)
		for i := n; i < len(cos); i++ {
			a, b := x[i], y[i]
			x[i], y[i] = a*cos[i]-b*sin[i], a*sin[i]+b*cos[i]
		}
	},
	delta: func(d *DeltaRule) { deltaRows(d, deltaAVX512) },
}

// deltaRows does the rows of d with an assembly routine; elements that make no whole step are left to the generic code.
func deltaRows(d *DeltaRule, row func(s *float32, steps int, k, q *float32, stride int, v, decay, beta *float32, gates int, out *float32, outStep, n int)) {
	if d.Dim%vecStep != 0 {
		genericDelta(d)
		return
	}
	for r := range d.Rows {
		row(&d.State[r*d.Dim], d.Dim/vecStep, &d.K[0], &d.Q[0], d.Stride, &d.V[r], &d.Decay[0], &d.Beta[0], d.Heads, &d.Out[r], d.OutStep, d.N)
	}
}
