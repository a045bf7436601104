package compute

import "math"

var genericVec = vecOps{
	f16ToF32s: genericF16ToF32s,
	f32ToF16s: genericF32ToF16s,
	dot:       genericDot,
	dotF16:    genericDotF16,
	axpy:      genericAxpy,
	axpyF16:   genericAxpyF16,
	sumSq:     genericSumSq,
	mulScale:  genericMulScale,
	add:       genericAdd,
	scale:     genericScale,
	maximum:   genericMaximum,
	expSum:    genericExpSum,
	siluMul:   genericSiLUMul,
	geluMul:   genericGELUMul,
	ropeNorm:  genericRopeNorm,
	ropeNeoX:  genericRopeNeoX,
	delta:     genericDelta,
}

func genericDotF16(a []float32, b []uint16) float32 {
	b = b[:len(a)]
	var s float32
	for i, v := range a {
		s += v * F16ToF32(b[i])
	}
	return s
}

func genericAxpy(dst []float32, a float32, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += a * v
	}
}

func genericAxpyF16(dst []float32, a float32, x []uint16) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += a * F16ToF32(v)
	}
}

func genericSumSq(x []float32) float32 {
	var s float64
	for _, v := range x {
		s += float64(v) * float64(v)
	}
	return float32(s)
}

func genericMulScale(dst, x, w []float32, a float32) {
	x, w = x[:len(dst)], w[:len(dst)]
	for i := range dst {
		dst[i] = x[i] * a * w[i]
	}
}

func genericAdd(dst, x []float32) {
	x = x[:len(dst)]
	for i, v := range x {
		dst[i] += v
	}
}

func genericScale(x []float32, a float32) {
	for i := range x {
		x[i] *= a
	}
}

func genericMaximum(x []float32) float32 {
	m := float32(math.Inf(-1))
	for _, v := range x {
		if v > m {
			m = v
		}
	}
	return m
}

func genericExpSum(x []float32, shift float32) float32 {
	var s float64
	for i, v := range x {
		e := float32(math.Exp(float64(v - shift)))
		x[i] = e
		s += float64(e)
	}
	return float32(s)
}

func genericSiLUMul(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	for i, g := range gate {
		dst[i] = float32(float64(g)/(1+math.Exp(-float64(g)))) * up[i]
	}
}

// geluScale is sqrt(2/pi), geluCubic the factor of x^3 (Hendrycks and Gimpel 2016).
const (
	geluScale = 0.79788456080286535587989211986876
	geluCubic = 0.044715
)

func genericGELUMul(dst, gate, up []float32) {
	gate, up = gate[:len(dst)], up[:len(dst)]
	for i, v := range gate {
		x := float64(v)
		dst[i] = float32(x/2*(1+math.Tanh(geluScale*(x+geluCubic*x*x*x)))) * up[i]
	}
}

func genericRopeNorm(x, cos, sin []float32) {
	for i, c := range cos {
		a, b, s := x[2*i], x[2*i+1], sin[i]
		x[2*i], x[2*i+1] = a*c-b*s, a*s+b*c
	}
}

func genericRopeNeoX(x, cos, sin []float32) {
	n := len(cos)
	for i, c := range cos {
		a, b, s := x[i], x[i+n], sin[i]
		x[i], x[i+n] = a*c-b*s, a*s+b*c
	}
}
