package model

import "github.com/llamaboot/llamaboot/runtime/compute"

// classic is the decoder as it was before Llama (Radford et al. 2019, GPT-2): layer norms, biases, positions that are
// learned or turned. Its descendants let attention and feed-forward network read the same input, one after another or
// side by side (Wang and Komatsuzaki 2021), with gates or without.
type classic struct {
	Embd      linear         `gguf:"token_embd" shape:"embd,vocab"`
	Positions linear         `gguf:"position_embd,optional" shape:"embd,context"`
	Layers    []classicLayer `gguf:"blk"`
	Norm      []float32      `gguf:"output_norm.weight" shape:"embd"`
	NormB     []float32      `gguf:"output_norm.bias,optional" shape:"embd"`
	Output    linear         `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type classicLayer struct {
	AttnNorm   []float32 `gguf:"attn_norm.weight" shape:"embd"`
	AttnNormB  []float32 `gguf:"attn_norm.bias,optional" shape:"embd"`
	AttnNorm2  []float32 `gguf:"attn_norm_2.weight,optional" shape:"embd"` // of attention alone (Falcon 40B)
	AttnNorm2B []float32 `gguf:"attn_norm_2.bias,optional" shape:"embd"`
	Attn       attention
	FFNNorm    []float32 `gguf:"ffn_norm.weight,optional" shape:"embd"` // none: both read the same
	FFNNormB   []float32 `gguf:"ffn_norm.bias,optional" shape:"embd"`
	MLP        mlp
}

func (m *classic) forward(s *step) {
	s.embed(m.Embd) // x [n, embd]
	e := s.m.Embd
	if m.Positions.w != nil {
		s.each(func(i int) {
			m.Positions.w.Row(s.tokens[i].Pos, s.h[i*e:(i+1)*e])
			s.level.Add(s.x[i*e:(i+1)*e], s.h[i*e:(i+1)*e])
		})
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		s.layerNorm(s.h, s.x, l.AttnNorm, l.AttnNormB)
		if l.AttnNorm2 != nil {
			s.layerNorm(s.out, s.x, l.AttnNorm2, l.AttnNorm2B)
			s.add(l.Attn.attend(s, i, s.out))
			s.add(l.MLP.any(s, s.h))
			continue
		}
		out := l.Attn.attend(s, i, s.h)
		switch {
		case l.FFNNorm == nil:
			s.add(out)
		case s.m.Parallel:
			s.layerNorm(s.h, s.x, l.FFNNorm, l.FFNNormB)
			s.add(out)
		default:
			s.add(out)
			s.layerNorm(s.h, s.x, l.FFNNorm, l.FFNNormB)
		}
		s.add(l.MLP.any(s, s.h))
	}
	s.layerNorm(s.x, s.x, m.Norm, m.NormB)
}

func (m *classic) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *classic) check(c *Config) error {
	for i := range m.Layers {
		if l := &m.Layers[i].MLP; l.Up.w == nil || l.Down.w == nil {
			return missing(c, i, "ffn_up and ffn_down")
		}
	}
	if m.Positions.w != nil {
		c.Context = min(c.Context, c.TrainContext) // which is the number of positions
	}
	return nil
}

// any is forward with or without a gate.
func (m *mlp) any(s *step, x []float32) []float32 {
	if m.Gate.w != nil {
		return m.forward(s, x, s.m.Act)
	}
	u := s.linear(&s.up, x, m.Up) // [n, ff]
	w := len(u) / s.n
	for len(s.ones) < w {
		s.ones = append(s.ones, 1)
	}
	s.each(func(i int) { s.m.Act(s.level, u[i*w:(i+1)*w], u[i*w:(i+1)*w], s.ones[:w]) })
	return s.linear(&s.out, u, m.Down)
}

// layerNorms is what all of them have: GELU, pairs of elements half a head apart.
func layerNorms(c *Config, r *reader) {
	neoX(c, r)
	c.Eps = r.epsilon("attention.layer_norm_epsilon", 1e-5)
	c.Act = (*compute.Level).GELUMul
	c.Parallel = r.flag("use_parallel_residual", false)
}

// gpt2 is GPT-2 and StarCoder: positions are learned vectors.
func gpt2(c *Config, r *reader) {
	layerNorms(c, r)
	c.NoRope = func(int) bool { return true }
}

// stableLM is StableLM and Orion: gated by SiLU.
func stableLM(c *Config, r *reader) {
	layerNorms(c, r)
	c.Act, c.Parallel = (*compute.Level).SiLUMul, false
}

// nemotron is Nemotron 4 and Minitron: squared ReLU.
func nemotron(c *Config, r *reader) {
	layerNorms(c, r)
	c.Act = func(_ *compute.Level, dst, x, y []float32) {
		for i, v := range x {
			v = max(v, 0)
			dst[i] = v * v * y[i]
		}
	}
}

// commandR is Cohere's Command R: norms without bias, pairs of neighbours.
func commandR(c *Config, r *reader) {
	stableLM(c, r)
	c.Rope.NeoX, c.SlidingRot.NeoX = false, false
	scale := r.float("logit_scale", 1)
	if scale == 0 {
		r.fail("logit_scale", "got 0, want another number")
	}
	c.LogitDiv = 1 / scale
}

// cohere2 is Command R7B and Aya: three of four layers have a sliding window and positions, the fourth has neither.
func cohere2(c *Config, r *reader) {
	commandR(c, r)
	c.Window = r.number("attention.sliding_window", -1, 1, maxCtx)
	slidingLayers(c, r, 4)
	c.NoRope = func(l int) bool { return !c.Sliding(l) }
}
