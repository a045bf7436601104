package model

import "github.com/llamaboot/llamaboot/runtime/kernel"

// phi3 is Phi-3 and Phi-4-mini (Abdin et al. 2024): llama with gate and up fused, and two sets of rope divisors, for
// contexts up to the original length and beyond (LongRoPE).
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
	Attn     attention
	FFNNorm  []float32 `gguf:"ffn_norm.weight" shape:"embd"`
	GateUp   linear    `gguf:"ffn_up" shape:"embd,2ff"`
	Down     linear    `gguf:"ffn_down" shape:"ff,embd"`
}

func (m *phi3) forward(s *step) {
	s.embed(m.Embd) // x [n, embd]
	ff := s.m.FF
	for i := range m.Layers {
		l := &m.Layers[i]
		s.norm(s.h, s.x, l.AttnNorm)
		s.add(l.Attn.attend(s, i, s.h))
		s.norm(s.h, s.x, l.FFNNorm)
		s.linear(&s.fused, s.h, l.GateUp) // [n, 2*ff], gate first
		s.unfuse(0, ff, &s.gate)
		s.unfuse(ff, ff, &s.up)
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

// phi3Config: a sliding window, where files have one, is not used, as in llama.cpp.
func phi3Config(c *Config, r *reader) { neoX(c, r) }
