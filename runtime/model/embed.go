package model

import (
	"context"
	"fmt"
)

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
	if err := m.step.hidden(tokens); err != nil {
		return err
	}
	if m.step.stopped() {
		return ctx.Err()
	}
	f(m.step.x)
	return nil
}
