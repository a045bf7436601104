package model

import "github.com/llamaboot/llamaboot/runtime/kernel"

// phi3 is Phi-3 and Phi-4-mini (Abdin et al. 2024): llama with the projections of q, k, v and of gate, up fused, and
// two sets of rope divisors, for contexts up to the original length and beyond (LongRoPE).
type phi3 struct {
	Embd   linear      `gguf:"token_embd" shape:"embd,vocab"`
	Long   []float32   `gguf:"rope_factors_long.weight,optional" shape:"rot"`
	Short  []float32   `gguf:"rope_factors_short.weight,optional" shape:"rot"`
	Layers []phi3Layer `gguf:"blk"`
	Norm   []float32   `gguf:"output_norm.weight" shape:"embd"`
	Output linear      `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type phi3Layer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight" shape:"embd"`
	QKV      linear    `gguf:"attn_qkv" shape:"embd,qkv"`
	Out      linear    `gguf:"attn_output" shape:"q,embd"`
	FFNNorm  []float32 `gguf:"ffn_norm.weight" shape:"embd"`
	GateUp   linear    `gguf:"ffn_up" shape:"embd,2ff"`
	Down     linear    `gguf:"ffn_down" shape:"ff,embd"`
}

func (m *phi3) forward(s *step) {
	s.embed(m.Embd) // x [n, embd]
	c := &s.m.Config
	q, kv := c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	for i := range m.Layers {
		l := &m.Layers[i]
		s.norm(s.h, s.x, l.AttnNorm)
		s.linear(&s.fused, s.h, l.QKV) // [n, q+kv+kv]
		s.unfuse(0, q, &s.q)
		s.unfuse(q, kv, &s.k)
		s.unfuse(q+kv, kv, &s.v)
		s.attendQKV(i, nil, nil)
		s.add(s.linear(&s.out, s.att, l.Out))
		s.norm(s.h, s.x, l.FFNNorm)
		s.linear(&s.fused, s.h, l.GateUp) // [n, 2*ff], gate first
		s.unfuse(0, c.FF, &s.gate)
		s.unfuse(c.FF, c.FF, &s.up)
		s.combine(s.gate, s.up, kernel.SiLUMul)
		s.add(s.linear(&s.out, s.gate, l.Down))
	}
	s.norm(s.x, s.x, m.Norm)
}

func (m *phi3) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *phi3) check(c *Config) error {
	c.longRope(m.Short, m.Long)
	return nil
}

// unfuse copies columns from to from+width of every row of fused to dst [n, width].
func (s *step) unfuse(from, width int, dst *[]float32) {
	row := len(s.fused) / s.n
	grow(dst, s.n*width)
	for i := range s.n {
		copy((*dst)[i*width:(i+1)*width], s.fused[i*row+from:i*row+from+width])
	}
}

// phi3Config: a sliding window, where files have one, is not used, as in llama.cpp.
func phi3Config(c *Config, r *reader) { neoX(c, r) }
