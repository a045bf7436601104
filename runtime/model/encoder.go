package model

import (
	"github.com/llamaboot/llamaboot/runtime/compute"
)

// encoder is the encoder of BERT (Devlin et al. 2019): every token sees every other, layer norms come behind the blocks.
// It makes embeddings, not text. Positions are learned vectors, or rotary in Nomic BERT (Nussbaum et al. 2024), which has
// gated feed-forward networks.
type encoder struct {
	Embd      linear         `gguf:"token_embd" shape:"embd,vocab"`
	Types     linear         `gguf:"token_types,optional" shape:"embd,types"`
	Positions linear         `gguf:"position_embd,optional" shape:"embd,context"`
	Norm      []float32      `gguf:"token_embd_norm.weight" shape:"embd"`
	NormB     []float32      `gguf:"token_embd_norm.bias" shape:"embd"`
	Layers    []encoderLayer `gguf:"blk"`
}

type encoderLayer struct {
	Attn      attention
	AttnNorm  []float32 `gguf:"attn_output_norm.weight" shape:"embd"`
	AttnNormB []float32 `gguf:"attn_output_norm.bias" shape:"embd"`
	Gate      linear    `gguf:"ffn_gate,optional" shape:"embd,ff"`
	Up        linear    `gguf:"ffn_up" shape:"embd,ff"`
	Down      linear    `gguf:"ffn_down" shape:"ff,embd"`
	FFNNorm   []float32 `gguf:"layer_output_norm.weight" shape:"embd"`
	FFNNormB  []float32 `gguf:"layer_output_norm.bias" shape:"embd"`
}

func (m *encoder) forward(s *step) {
	s.embed(m.Embd) // x [n, embd]
	e := s.m.Embd
	s.each(func(i int) {
		row, add := s.x[i*e:(i+1)*e], s.h[i*e:(i+1)*e]
		if m.Positions.w != nil {
			m.Positions.w.Row(s.tokens[i].Pos, add)
			s.level.Add(row, add)
		}
		if m.Types.w != nil { // a text without a second part is all of type 0
			m.Types.w.Row(0, add)
			s.level.Add(row, add)
		}
	})
	s.layerNorm(s.x, s.x, m.Norm, m.NormB)
	for i := range m.Layers {
		l := &m.Layers[i]
		s.add(l.Attn.attend(s, i, s.x))
		s.layerNorm(s.x, s.x, l.AttnNorm, l.AttnNormB)
		if l.Gate.w != nil {
			s.linears(s.x, to{&s.gate, l.Gate}, to{&s.up, l.Up}) // [n, ff] both
			s.combine(s.gate, s.up, (*compute.Level).SiLUMul)
		} else {
			s.gelu(s.linear(&s.gate, s.x, l.Up)) // [n, ff]
		}
		s.add(s.linear(&s.out, s.gate, l.Down))
		s.layerNorm(s.x, s.x, l.FFNNorm, l.FFNNormB)
	}
}

// head does nothing: Forward refuses encoders.
func (m *encoder) head(*step, []float32, []float32, int) {}

func (m *encoder) check(c *Config) error {
	if c.Arch == "bert" && m.Positions.w == nil {
		return noTensor("position_embd.weight", c)
	}
	c.Context = min(c.Context, c.TrainContext) // which is the number of positions
	return nil
}

// layerNorm sets dst to the layer norm of every row of x. dst may be x, b nil.
func (s *step) layerNorm(dst, x, w, b []float32) {
	d := len(w)
	s.each(func(i int) { compute.LayerNorm(dst[i*d:(i+1)*d], x[i*d:(i+1)*d], w, b, s.m.Eps) })
}

// gelu applies GELU to every row of x in place.
func (s *step) gelu(x []float32) {
	w := len(x) / s.n
	for len(s.ones) < w {
		s.ones = append(s.ones, 1)
	}
	s.each(func(i int) { s.level.GELUMul(x[i*w:(i+1)*w], x[i*w:(i+1)*w], s.ones[:w]) })
}
