package selftest

import "github.com/llamaboot/llamaboot/runtime/compute"

// vectorLen is no multiple of any vector's width, so that the ends are computed too.
const vectorLen = 8*64 + 64 + 13

// vectorSteps are the operations between the products of weights.
func vectorSteps() []step {
	n := vectorLen
	all := noise(4 * n)
	x, y, w := all[:n:n], all[n:2*n:2*n], all[2*n:3*n:3*n]
	half := make([]uint16, n)
	for i, v := range y {
		half[i] = compute.F32ToF16(v)
	}
	vector := func(name string, f func(l *compute.Level, dst []float32)) step {
		return step{name, func(p *compute.Pool) []float32 {
			dst := append([]float32(nil), x...)
			f(p.Level(), dst)
			return dst
		}}
	}
	number := func(name string, f func(l *compute.Level) float32) step {
		return step{name, func(p *compute.Pool) []float32 { return []float32{f(p.Level())} }}
	}
	even := n / 2 * 2
	return []step{
		vector("RMS norm", func(l *compute.Level, d []float32) { l.RMSNorm(d, d, w, 1e-5) }),
		vector("softmax", (*compute.Level).Softmax),
		vector("SiLU", func(l *compute.Level, d []float32) { l.SiLUMul(d, d, y) }),
		vector("GELU", func(l *compute.Level, d []float32) { l.GELUMul(d, d, y) }),
		vector("sum", func(l *compute.Level, d []float32) { l.Add(d, y) }),
		vector("scaling", func(l *compute.Level, d []float32) { l.Scale(d, 0.7) }),
		vector("scaled sum", func(l *compute.Level, d []float32) { l.Axpy(d, 0.3, y) }),
		vector("scaled sum of float16", func(l *compute.Level, d []float32) { l.AxpyF16(d, 0.3, half) }),
		vector("rotation of pairs", func(l *compute.Level, d []float32) { l.RopeNorm(d[:even], y[:even/2], w[:even/2]) }),
		vector("rotation of halves", func(l *compute.Level, d []float32) { l.RopeNeoX(d[:even], y[:even/2], w[:even/2]) }),
		vector("float16 to float32", func(l *compute.Level, d []float32) { l.F16ToF32s(d, half) }),
		vector("float32 to float16", func(l *compute.Level, d []float32) {
			h := make([]uint16, n)
			l.F32ToF16s(h, y)
			for i, v := range h {
				d[i] = float32(v)
			}
		}),
		number("inner product", func(l *compute.Level) float32 { return l.Dot(x, y) }),
		number("inner product with float16", func(l *compute.Level) float32 { return l.DotF16(x, half) }),
	}
}
