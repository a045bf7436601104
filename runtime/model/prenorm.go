package model

// prenorm is the decoder with an RMS norm before each block (Zhang and Sennrich 2019; Touvron et al. 2023):
//
//	x += attention(norm(x))
//	x += ffn(norm(x))
//
// Most models of today have it. They differ in tensors that are there or not (biases, head norms, experts, rope divisors,
// attention sinks) and in hyperparameters.
type prenorm struct {
	Embd   linear         `gguf:"token_embd" shape:"embd,vocab"`
	Freqs  []float32      `gguf:"rope_freqs.weight,optional" shape:"rot"`
	Long   []float32      `gguf:"rope_factors_long.weight,optional" shape:"rot"`
	Short  []float32      `gguf:"rope_factors_short.weight,optional" shape:"rot"`
	Layers []prenormLayer `gguf:"blk"`
	Norm   []float32      `gguf:"output_norm.weight,or=token_embd_norm.weight" shape:"embd"`
	Output linear         `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type prenormLayer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight" shape:"embd"`
	Attn     attention `when:"attention"`
	Delta    deltaNet  `when:"delta"`
	Conv     shortConv `when:"shortconv"`
	Sinks    []float32 `gguf:"attn_sinks.weight,optional" shape:"heads"`
	FFNNorm  []float32 `gguf:"ffn_norm.weight,or=post_attention_norm.weight" shape:"embd"` // the other name: Seed-OSS, gpt-oss
	MLP      mlp
	MoE      moe
}

func (m *prenorm) forward(s *step) {
	s.embed(m.Embd)   // x [n, embd]
	var out []float32 // of the block before
	for i := range m.Layers {
		l := &m.Layers[i]
		s.addNorm(s.h, out, l.AttnNorm)
		switch {
		case s.m.has("delta", i):
			out = l.Delta.forward(s, i, s.h)
		case s.m.has("shortconv", i):
			out = l.Conv.forward(s, i, s.h)
		default:
			s.sinks = l.Sinks
			out = l.Attn.attend(s, i, s.h)
			s.sinks = nil
		}
		s.addNorm(s.h, out, l.FFNNorm)
		if l.MoE.complete() {
			out = l.MoE.forward(s, s.h, s.m.Act)
		} else {
			out = l.MLP.forward(s, s.h, s.m.Act)
		}
	}
	s.addNorm(s.x, out, m.Norm)
}

func (m *prenorm) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

// check is called after binding: the tensors that depend on each other are complete, and divisors reach the rope.
func (m *prenorm) check(c *Config) error {
	c.Rope.Freqs = m.Freqs
	if m.Long != nil || m.Short != nil {
		c.longRope(m.Short, m.Long)
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		if c.Sinks && l.Sinks == nil {
			return missing(c, i, "attn_sinks")
		}
		if !l.MoE.complete() && !l.MLP.gated(c) {
			return missing(c, i, "ffn_gate, ffn_up and ffn_down, or their _exps")
		}
		if !l.MoE.whole() {
			return missing(c, i, "complete shared expert (ffn_gate_shexp, ffn_up_shexp, ffn_down_shexp)")
		}
	}
	return nil
}
