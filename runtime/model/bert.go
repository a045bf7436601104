package model

import (
	"context"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// bert is the encoder of BERT (Devlin et al. 2019): every token sees every other, positions are learned vectors, norms
// come after the blocks. Nomic BERT (Nussbaum et al. 2024) turns queries and keys instead and has gated feed-forward
// networks. They make embeddings, not text.
type bert struct {
	Embd      linear      `gguf:"token_embd" shape:"embd,vocab"`
	Types     linear      `gguf:"token_types,optional" shape:"embd,types"`
	Positions linear      `gguf:"position_embd,optional" shape:"embd,context"`
	Norm      []float32   `gguf:"token_embd_norm.weight" shape:"embd"`
	NormB     []float32   `gguf:"token_embd_norm.bias" shape:"embd"`
	Layers    []bertLayer `gguf:"blk"`
}

type bertLayer struct {
	Attn      attention
	AttnNorm  []float32 `gguf:"attn_output_norm.weight" shape:"embd"`
	AttnNormB []float32 `gguf:"attn_output_norm.bias" shape:"embd"`
	Gate      linear    `gguf:"ffn_gate,optional" shape:"embd,ff"`
	Up        linear    `gguf:"ffn_up" shape:"embd,ff"`
	Down      linear    `gguf:"ffn_down" shape:"ff,embd"`
	FFNNorm   []float32 `gguf:"layer_output_norm.weight" shape:"embd"`
	FFNNormB  []float32 `gguf:"layer_output_norm.bias" shape:"embd"`
}

func (m *bert) forward(s *step) {
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
func (m *bert) head(*step, []float32, []float32, int) {}

func (m *bert) check(c *Config) error {
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

// nomicBERT is bert with positions as llama has them.
func nomicBERT(c *Config, r *reader) {
	bertConfig(c, r)
	neoX(c, r)
	c.NoRope = nil
}

func bertConfig(c *Config, r *reader) {
	c.Encoder = true
	c.NoRope = func(int) bool { return true }
	c.Eps = r.epsilon("attention.layer_norm_epsilon", 1e-12)
	n, err := r.f.Int("tokenizer.ggml.token_type_count", 2)
	if err != nil && r.err == nil {
		r.err = err
	}
	c.Types = n
}

// Pooling says how the vectors of a text's tokens become one (llama.h: enum llama_pooling_type).
type Pooling int

// The poolings.
const (
	PoolNone Pooling = 0 // not chosen by the file
	PoolMean Pooling = 1 // of all tokens
	PoolCLS  Pooling = 2 // the first token
	PoolLast Pooling = 3 // the last token
)

// Embed returns the vector of a text [embd], not normalised. PoolNone takes what the model asks for: its own pooling,
// or the mean for models that generate text. Other passes may come between the parts of a long text of such a model; ctx
// ends it between two products of matrices.
func (m *Model) Embed(ctx context.Context, ids []int32, pool Pooling) ([]float32, error) {
	if len(ids) == 0 {
		return nil, fmt.Errorf("%w: no tokens to embed", ErrToken)
	}
	if len(ids) > m.Context {
		return nil, fmt.Errorf("%w: %d tokens, want at most %d", ErrContext, len(ids), m.Context)
	}
	if pool == PoolNone {
		pool = m.Pooling
	}
	if pool < PoolNone || pool > PoolLast {
		return nil, fmt.Errorf("%w: pooling type %d; supported are 1 (mean), 2 (cls) and 3 (last)", ErrConfig, pool)
	}
	if pool == PoolNone {
		pool = PoolMean
	}
	cache := m.NewCache(CacheF32)
	tokens := make([]Token, len(ids))
	for i, id := range ids {
		if id < 0 || int(id) >= m.Vocab {
			return nil, fmt.Errorf("%w: %d, want 0 to %d", ErrToken, id, m.Vocab-1)
		}
		tokens[i] = Token{ID: id, Pos: i, Cache: cache}
	}
	size := embedBatch
	if m.Encoder {
		size = len(tokens) // every token sees all others
	}
	out := make([]float32, m.Embd)
	for from := 0; from < len(tokens); from += size {
		part := tokens[from:min(from+size, len(tokens))]
		err := m.hidden(ctx, part, func(x []float32) {
			for i := range part {
				if pos := from + i; pool == PoolMean || pool == PoolCLS && pos == 0 || pool == PoolLast && pos == len(ids)-1 {
					m.step.level.Add(out, x[i*m.Embd:(i+1)*m.Embd])
				}
			}
		})
		if err != nil {
			return nil, err
		}
	}
	if pool == PoolMean {
		m.step.level.Scale(out, 1/float32(len(ids)))
	}
	return out, nil
}

// embedBatch is how many tokens of a text are embedded at once: what waits for the model meanwhile waits no longer than
// for those.
const embedBatch = 64

// hidden computes one batch and hands f its hidden rows [n, embd].
func (m *Model) hidden(ctx context.Context, tokens []Token, f func(x []float32)) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.step.done = ctx.Done()
	defer func() { m.step.done = nil }()
	m.step.hidden(tokens)
	if m.step.stopped() {
		return ctx.Err()
	}
	f(m.step.x)
	return nil
}
