package compute

import "math"

// vecOps are the vector operations of one level; every slice of a call has the
// length of the first unless said otherwise.
type vecOps struct {
	f16ToF32s func(dst []float32, src []uint16)
	f32ToF16s func(dst []uint16, src []float32)
	dot       func(a, b []float32) float32
	dotF16    func(a []float32, b []uint16) float32
	axpy      func(dst []float32, a float32, x []float32)
	axpyF16   func(dst []float32, a float32, x []uint16)
	sumSq     func(x []float32) float32
	mulScale  func(dst, x, w []float32, a float32) // dst = x*a*w
	add       func(dst, x []float32)
	scale     func(x []float32, a float32)
	maximum   func(x []float32) float32
	expSum    func(x []float32, shift float32) float32 // x = exp(x-shift), returns the sum
	siluMul   func(dst, gate, up []float32)
	geluMul   func(dst, gate, up []float32)
	ropeNorm  func(x, cos, sin []float32) // x is twice as long as cos and sin
	ropeNeoX  func(x, cos, sin []float32)
	delta     func(d *DeltaRule) // whose slices are long enough
}

// F16ToF32s converts len(dst) binary16 numbers of src.
func (l *Level) F16ToF32s(dst []float32, src []uint16) { l.vec.f16ToF32s(dst, src[:len(dst)]) }

// F32ToF16s converts len(dst) numbers of src to binary16, to nearest even.
func (l *Level) F32ToF16s(dst []uint16, src []float32) { l.vec.f32ToF16s(dst, src[:len(dst)]) }

// Dot returns the inner product of a and the first len(a) elements of b.
func (l *Level) Dot(a, b []float32) float32 { return l.vec.dot(a, b[:len(a)]) }

// DotF16 returns the inner product of q and the first len(q) elements of k,
// which are binary16.
func (l *Level) DotF16(q []float32, k []uint16) float32 { return l.vec.dotF16(q, k[:len(q)]) }

// Axpy adds a*x to dst; x has at least len(dst) elements.
func (l *Level) Axpy(dst []float32, a float32, x []float32) { l.vec.axpy(dst, a, x[:len(dst)]) }

// AxpyF16 adds a*v to dst; v is binary16, with at least len(dst) elements.
func (l *Level) AxpyF16(dst []float32, a float32, v []uint16) { l.vec.axpyF16(dst, a, v[:len(dst)]) }

// Add adds x to dst.
func (l *Level) Add(dst, x []float32) { l.vec.add(dst, x[:len(dst)]) }

// Scale multiplies x by a.
func (l *Level) Scale(x []float32, a float32) { l.vec.scale(x, a) }

// RMSNorm sets dst to w * x / sqrt(mean(x^2) + eps) (Zhang and Sennrich 2019).
// w may be nil for no weights. dst may be x.
func (l *Level) RMSNorm(dst, x, w []float32, eps float32) {
	x = x[:len(dst)]
	s := 1 / math.Sqrt(float64(l.vec.sumSq(x))/float64(len(x))+float64(eps))
	if w == nil {
		copy(dst, x)
		l.vec.scale(dst, float32(s))
		return
	}
	l.vec.mulScale(dst, x, w[:len(dst)], float32(s))
}

// LayerNorm sets dst to w * (x-mean) / sqrt(variance + eps) + b. w and b may
// be nil. dst may be x.
func LayerNorm(dst, x, w, b []float32, eps float32) {
	x = x[:len(dst)]
	var sum, sq float64
	for _, v := range x {
		sum += float64(v)
	}
	mean := sum / float64(len(x))
	for _, v := range x {
		d := float64(v) - mean
		sq += d * d
	}
	s := 1 / math.Sqrt(sq/float64(len(x))+float64(eps))
	for i, v := range x {
		y := float32((float64(v) - mean) * s)
		if w != nil {
			y *= w[i]
		}
		if b != nil {
			y += b[i]
		}
		dst[i] = y
	}
}

// Softmax replaces x by exp(x) / sum(exp(x)), shifted by the largest element
// so that nothing overflows. An element of -Inf becomes 0.
func (l *Level) Softmax(x []float32) {
	if len(x) == 0 {
		return
	}
	sum := l.vec.expSum(x, l.vec.maximum(x))
	l.vec.scale(x, 1/sum)
}

// SiLUMul sets dst to gate / (1+exp(-gate)) * up. dst may be gate or up.
func (l *Level) SiLUMul(dst, gate, up []float32) { l.vec.siluMul(dst, gate[:len(dst)], up[:len(dst)]) }

// GELUMul sets dst to gelu(gate) * up, gelu being the tanh form
// x/2 * (1 + tanh(sqrt(2/pi) * (x + 0.044715 x^3))). dst may be gate or up.
func (l *Level) GELUMul(dst, gate, up []float32) { l.vec.geluMul(dst, gate[:len(dst)], up[:len(dst)]) }

// RopeNorm turns the pairs (x[2i], x[2i+1]) by the angles whose cosines and
// sines are given; x has twice as many elements as cos and sin.
func (l *Level) RopeNorm(x, cos, sin []float32) {
	n := len(x) / 2
	l.vec.ropeNorm(x[:2*n], cos[:n], sin[:n])
}

// RopeNeoX turns the pairs (x[i], x[i+n]), n = len(x)/2, likewise.
func (l *Level) RopeNeoX(x, cos, sin []float32) {
	n := len(x) / 2
	l.vec.ropeNeoX(x[:2*n], cos[:n], sin[:n])
}

func sqrt32(x float32) float32 { return float32(math.Sqrt(float64(x))) }

// Sigmoid is 1/(1+exp(-x)).
func Sigmoid(x float32) float32 { return float32(1 / (1 + math.Exp(-float64(x)))) }

// Softplus is log(1+exp(x)), which is x for large x.
func Softplus(x float32) float32 {
	if x > 20 {
		return x
	}
	return float32(math.Log1p(math.Exp(float64(x))))
}
