package model

import "github.com/llamaboot/llamaboot/runtime/compute"

// llama is the decoder of Llama (Touvron et al. 2023) and its many descendants: Mistral, Mixtral, Qwen 2 and 3, Phi-3,
// Granite, SmolLM. They differ in tensors that are there or not (biases, head norms, experts, rope divisors) and in
// hyperparameters.
type llama struct {
	Embd   linear       `gguf:"token_embd" shape:"embd,vocab"`
	Freqs  []float32    `gguf:"rope_freqs.weight,optional" shape:"rot"`
	Long   []float32    `gguf:"rope_factors_long.weight,optional" shape:"rot"`
	Short  []float32    `gguf:"rope_factors_short.weight,optional" shape:"rot"`
	Layers []llamaLayer `gguf:"blk"`
	Norm   []float32    `gguf:"output_norm.weight" shape:"embd"`
	Output linear       `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type llamaLayer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight" shape:"embd"`
	Attn     attention
	FFNNorm  []float32 `gguf:"ffn_norm.weight,or=post_attention_norm.weight" shape:"embd"` // the other name: Seed-OSS
	MLP      mlp
	MoE      moe
}

func (m *llama) forward(s *step) {
	s.embed(m.Embd)   // x [n, embd]
	var out []float32 // of the block before
	for i := range m.Layers {
		l := &m.Layers[i]
		s.addNorm(s.h, out, l.AttnNorm)
		out = l.Attn.attend(s, i, s.h)
		s.addNorm(s.h, out, l.FFNNorm)
		if l.MoE.complete() {
			out = l.MoE.forward(s, s.h, (*compute.Level).SiLUMul)
		} else {
			out = l.MLP.forward(s, s.h, (*compute.Level).SiLUMul)
		}
	}
	s.addNorm(s.x, out, m.Norm)
}

func (m *llama) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

// check is called after binding: the tensors that depend on each other are complete, and divisors reach the rope.
func (m *llama) check(c *Config) error {
	c.Rope.Freqs = m.Freqs
	if m.Long != nil || m.Short != nil {
		c.longRope(m.Short, m.Long)
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		if !l.MoE.complete() && !l.MLP.gated(c) {
			return missing(c, i, "ffn_gate, ffn_up and ffn_down, or their _exps")
		}
		if !l.MoE.whole() {
			return missing(c, i, "complete shared expert (ffn_gate_shexp, ffn_up_shexp, ffn_down_shexp)")
		}
	}
	return nil
}

// neoX is for architectures that differ from llama in how pairs turn.
func neoX(c *Config, _ *reader) { c.Rope.NeoX, c.SlidingRot.NeoX = true, true }
