package model

// layernorm is the decoder with layer norms and biases (Radford et al. 2019, GPT-2), with learned or rotary positions.
// Attention and feed-forward network read the same input or one after another (Wang and Komatsuzaki 2021, GPT-J), with
// gates or without.
type layernorm struct {
	Embd      linear           `gguf:"token_embd" shape:"embd,vocab"`
	Positions linear           `gguf:"position_embd,optional" shape:"embd,context"`
	Layers    []layernormLayer `gguf:"blk"`
	Norm      []float32        `gguf:"output_norm.weight" shape:"embd"`
	NormB     []float32        `gguf:"output_norm.bias,optional" shape:"embd"`
	Output    linear           `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type layernormLayer struct {
	AttnNorm   []float32 `gguf:"attn_norm.weight" shape:"embd"`
	AttnNormB  []float32 `gguf:"attn_norm.bias,optional" shape:"embd"`
	AttnNorm2  []float32 `gguf:"attn_norm_2.weight,optional" shape:"embd"` // of attention alone (Falcon 40B)
	AttnNorm2B []float32 `gguf:"attn_norm_2.bias,optional" shape:"embd"`
	Attn       attention
	FFNNorm    []float32 `gguf:"ffn_norm.weight,optional" shape:"embd"` // none: both read the same
	FFNNormB   []float32 `gguf:"ffn_norm.bias,optional" shape:"embd"`
	MLP        mlp
}

func (m *layernorm) forward(s *step) {
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

func (m *layernorm) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *layernorm) check(c *Config) error {
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
