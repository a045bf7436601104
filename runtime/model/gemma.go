package model

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// gemma is Gemma 1, 2 and 3 (Gemma Team 2024, 2025): norms before and, from 2 on, after each block, GELU, scaled
// embeddings, layers with a sliding window between layers that see everything; Gemma 2 caps scores and logits, Gemma 3
// norms heads. OLMo 2 and EXAONE 4 have norms after the blocks only, GLM-4 on both sides (olmo2.go).
type gemma struct {
	Embd   linear       `gguf:"token_embd" shape:"embd,vocab"`
	Freqs  []float32    `gguf:"rope_freqs.weight,optional" shape:"rot"`
	Layers []gemmaLayer `gguf:"blk"`
	Norm   []float32    `gguf:"output_norm.weight" shape:"embd"`
	Output linear       `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type gemmaLayer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight,optional" shape:"embd"`
	Attn     attention
	AttnPost []float32 `gguf:"post_attention_norm.weight,optional" shape:"embd"`
	FFNNorm  []float32 `gguf:"ffn_norm.weight,optional" shape:"embd"`
	MLP      mlp
	FFNPost  []float32 `gguf:"post_ffw_norm.weight,optional" shape:"embd"`
}

func (m *gemma) forward(s *step) {
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

func (m *gemma) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *gemma) check(c *Config) error {
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

func gemma1(c *Config, r *reader) { gemmaCommon(c, r, 0) }

// gemmaCommon is what all share; layers27B is the number of layers of the one size whose queries are scaled by the
// model's width instead of the head's.
func gemmaCommon(c *Config, r *reader, layers27B int) {
	neoX(c, r)
	c.Act = (*compute.Level).GELUMul
	c.EmbdScale = float32(math.Sqrt(float64(c.Embd)))
	c.Window = r.number("attention.sliding_window", 0, 0, maxCtx)
	if c.Layers == layers27B {
		c.AttnScale = float32(1 / math.Sqrt(float64(c.Embd)/float64(c.Heads)))
	}
}

// slidingLayers makes the layers slide but every period-th; files may name another period.
func slidingLayers(c *Config, r *reader, period int) {
	n := r.number("attention.sliding_window_pattern", period, 0, maxLayers)
	c.Sliding = func(l int) bool { return n == 0 || l%n < n-1 }
}

func gemma2(c *Config, r *reader) {
	gemmaCommon(c, r, 46)
	if c.Window == 0 {
		c.Window = 4096
	}
	c.AttnCap = r.float("attn_logit_softcapping", 50)
	c.LogitCap = r.float("final_logit_softcapping", 30)
	slidingLayers(c, r, 2)
	c.SlidingRot.Base = float64(r.float("rope.freq_base_swa", c.Rope.Base))
}

func gemma3(c *Config, r *reader) {
	gemmaCommon(c, r, 62)
	c.LogitCap = r.float("final_logit_softcapping", 0)
	if c.Window > 0 {
		slidingLayers(c, r, 6)
		c.SlidingRot.Base, c.SlidingRot.Scale = float64(r.float("rope.freq_base_swa", 10000)), 1
	}
}
