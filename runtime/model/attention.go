package model

import (
	"math"
	"sync/atomic"

	"github.com/llamaboot/llamaboot/runtime/kernel"
)

// attention is grouped-query attention (Ainslie et al. 2023) with the options of the architectures at hand.
type attention struct {
	Q     linear    `gguf:"attn_q" shape:"embd,q"`
	K     linear    `gguf:"attn_k" shape:"embd,kv"`
	V     linear    `gguf:"attn_v" shape:"embd,kv"`
	Out   linear    `gguf:"attn_output" shape:"q,embd"`
	QNorm []float32 `gguf:"attn_q_norm.weight,optional" shape:"head"`
	KNorm []float32 `gguf:"attn_k_norm.weight,optional" shape:"head"`
}

// ropeOf is how positions turn the keys of a layer; nil when they do not.
func (m *Model) ropeOf(layer int) *Rope {
	switch {
	case m.NoRope != nil && m.NoRope(layer):
		return nil
	case m.Sliding != nil && m.Sliding(layer):
		return &m.SlidingRot
	}
	return &m.Rope
}

// attend computes the block of a layer: x [n, embd] -> [n, embd].
func (a *attention) attend(s *step, layer int, x []float32) []float32 {
	s.linear(&s.q, x, a.Q) // [n, heads*head]
	s.linear(&s.k, x, a.K) // [n, kvheads*head]
	s.linear(&s.v, x, a.V) // [n, kvheads*head]
	s.attendQKV(layer, a.QNorm, a.KNorm)
	return s.linear(&s.out, s.att, a.Out)
}

// attendQKV sets att [n, heads*head] from q, k and v, which it turns and stores in the caches.
func (s *step) attendQKV(layer int, qNorm, kNorm []float32) {
	c := &s.m.Config
	d, qw, kw := c.HeadDim, c.Heads*c.HeadDim, c.KVHeads*c.HeadDim
	rope := s.m.ropeOf(layer)
	rot := &s.rot
	if rope == &c.SlidingRot {
		rot = &s.rotS
	}
	for i := range s.tokens {
		s.tokens[i].Cache.reserve(layer, s.tokens[i].Pos+1)
	}
	s.each(func(i int) {
		q, k := s.q[i*qw:(i+1)*qw], s.k[i*kw:(i+1)*kw]
		normHeads(q, qNorm, c.Eps)
		normHeads(k, kNorm, c.Eps)
		if rope != nil {
			half := rope.Dims / 2
			cos, sin := rot.cos[i*half:(i+1)*half], rot.sin[i*half:(i+1)*half]
			rope.turn(q, d, cos, sin)
			rope.turn(k, d, cos, sin)
		}
		kernel.Scale(q, c.AttnScale)
		t := &s.tokens[i]
		t.Cache.store(layer, t.Pos, k, s.v[i*kw:(i+1)*kw])
	})
	window := math.MaxInt
	if c.Window > 0 && c.Sliding != nil && c.Sliding(layer) {
		window = c.Window
	}
	grow(&s.att, s.n*qw)
	s.heads(func(i, h int, scores []float32) {
		t := &s.tokens[i]
		hi := t.Pos + 1
		lo := max(0, hi-window)
		scores = scores[:hi-lo]
		kv := h / (c.Heads / c.KVHeads)
		at := i*qw + h*d
		t.Cache.scores(layer, kv, s.q[at:at+d], lo, hi, scores)
		if c.AttnCap != 0 {
			softCap(scores, c.AttnCap)
		}
		kernel.Softmax(scores)
		o := s.att[at : at+d]
		clear(o)
		t.Cache.mix(layer, kv, scores, lo, hi, o)
	})
}

// heads calls f for every token and head, spread over the threads; each thread has its own scores buffer, long enough
// for the longest sequence in the batch.
func (s *step) heads(f func(token, head int, scores []float32)) {
	longest := 0
	for i := range s.tokens {
		longest = max(longest, s.tokens[i].Pos+1)
	}
	threads := s.m.pool.Threads()
	for len(s.scores) < threads {
		s.scores = append(s.scores, nil)
	}
	items := s.n * s.m.Heads
	var next atomic.Int64
	s.m.pool.Do(min(threads, items), func(worker int) {
		b := grow(&s.scores[worker], (longest+pageLen-1)/pageLen*pageLen)
		for {
			i := int(next.Add(1)) - 1
			if i >= items {
				return
			}
			f(i/s.m.Heads, i%s.m.Heads, b)
		}
	})
}

// normHeads applies an RMS norm to every head of a row; none when w is nil.
func normHeads(row, w []float32, eps float32) {
	if w == nil {
		return
	}
	for ; len(row) >= len(w); row = row[len(w):] {
		kernel.RMSNorm(row[:len(w)], row[:len(w)], w, eps)
	}
}

// softCap is cap*tanh(x/cap) (Gemma 2).
func softCap(x []float32, limit float32) {
	for i, v := range x {
		x[i] = limit * float32(math.Tanh(float64(v/limit)))
	}
}
