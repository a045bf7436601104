package model

import "github.com/llamaboot/llamaboot/runtime/compute"

// shortConv is the gated short convolution of LFM2 (Liquid AI 2025):
//
//	b, c, u = x Win
//	y       = (c conv(b u)) Wout, products element by element
type shortConv struct {
	In   linear    `gguf:"shortconv.in_proj" shape:"embd,3embd"`
	Conv []float32 `gguf:"shortconv.conv.weight" shape:"taps,embd"`
	Out  linear    `gguf:"shortconv.out_proj" shape:"embd,embd"`
}

func (m *shortConv) bound(_ string, c *Config) error {
	m.Conv = byTap(m.Conv, c.ConvTaps)
	return nil
}

// forward computes the block of a layer: x [n, embd] -> [n, embd].
func (m *shortConv) forward(s *step, layer int, x []float32) []float32 {
	e, b := s.m.Embd, &s.delta
	s.linear(&s.fused, x, m.In)
	u := grow(&b.o, s.n*e)
	for i := range s.n {
		row := s.fused[3*i*e : 3*(i+1)*e]
		multiply(u[i*e:(i+1)*e], row[:e], row[2*e:])
	}
	y := grow(&b.conv, s.n*e)
	s.recur(layer, m, stageConv, (e+convPart-1)/convPart)
	for i := range s.n {
		row := y[i*e : (i+1)*e]
		multiply(row, row, s.fused[3*i*e+e:])
	}
	return s.linear(&s.out, y, m.Out)
}

// multiply sets dst to the products of the elements of a and b.
func multiply(dst, a, b []float32) {
	a, b = a[:len(dst)], b[:len(dst)]
	for i, v := range a {
		dst[i] = v * b[i]
	}
}

func (m *shortConv) advance(s *step, _, _, part, first, n int, st *layerState) {
	c, e, from := &s.m.Config, s.m.Embd, part*convPart
	compute.CausalConv(s.delta.conv[first*e:], s.delta.o[first*e:], m.Conv, st.conv, n, e, c.ConvTaps, from, min(from+convPart, e))
}

func (m *shortConv) save(s *step, _, part int, dst, src *layerState) {
	saveConv(dst, src, part*convPart, &s.m.Config)
}
