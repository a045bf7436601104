package model

// sandwich is the decoder with RMS norms on both sides of each block, or behind it alone:
//
//	x += norm(attention(norm(x)))
//	x += norm(ffn(norm(x)))
//
// Gemma 1 to 3 (Gemma Team 2024, 2025) and GLM-4 have both (Gemma 1 those before), OLMo 2 and EXAONE 4 those behind.
type sandwich struct {
	Embd   linear          `gguf:"token_embd" shape:"embd,vocab"`
	Freqs  []float32       `gguf:"rope_freqs.weight,optional" shape:"rot"`
	Layers []sandwichLayer `gguf:"blk"`
	Norm   []float32       `gguf:"output_norm.weight" shape:"embd"`
	Output linear          `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type sandwichLayer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight,optional" shape:"embd"`
	Attn     attention
	AttnPost []float32 `gguf:"post_attention_norm.weight,optional" shape:"embd"`
	FFNNorm  []float32 `gguf:"ffn_norm.weight,optional" shape:"embd"`
	MLP      mlp
	FFNPost  []float32 `gguf:"post_ffw_norm.weight,optional" shape:"embd"`
}

func (m *sandwich) forward(s *step) {
	s.embed(m.Embd) // x [n, embd], scaled by sqrt(embd)
	for i := range m.Layers {
		l := &m.Layers[i]
		out := l.Attn.attend(s, i, s.normed(l.AttnNorm))
		s.norm(out, out, l.AttnPost)
		s.add(out)
		out = l.MLP.forward(s, s.normed(l.FFNNorm), s.m.Act)
		s.norm(out, out, l.FFNPost)
		s.add(out)
	}
	s.norm(s.x, s.x, m.Norm)
}

func (m *sandwich) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *sandwich) check(c *Config) error {
	c.Rope.Freqs, c.SlidingRot.Freqs = m.Freqs, m.Freqs
	for i := range m.Layers {
		l := &m.Layers[i]
		if !l.MLP.gated(c) {
			return missing(c, i, "ffn_gate, ffn_up and ffn_down")
		}
		before, after := l.AttnNorm != nil && l.FFNNorm != nil, l.AttnPost != nil && l.FFNPost != nil
		if !before && !c.NormsBehind || !after && c.Arch != "gemma" {
			return missing(c, i, "attn_norm and ffn_norm, or post_attention_norm and post_ffw_norm,")
		}
	}
	return nil
}
