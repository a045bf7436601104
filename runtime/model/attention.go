package model

import (
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// attention is grouped-query attention (Ainslie et al. 2023) with the options of the architectures at hand. Queries, keys
// and values come from three projections or from one.
type attention struct {
	Q     linear    `gguf:"attn_q,optional" shape:"embd,qproj"`
	K     linear    `gguf:"attn_k,optional" shape:"embd,kv"`
	V     linear    `gguf:"attn_v,optional" shape:"embd,kv"`
	QKV   linear    `gguf:"attn_qkv,optional" shape:"embd,qkv"`
	Out   linear    `gguf:"attn_output" shape:"q,embd"`
	QNorm []float32 `gguf:"attn_q_norm.weight,optional" shape:"qnorm"`
	KNorm []float32 `gguf:"attn_k_norm.weight,optional" shape:"knorm"`
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

// bound wants all three projections or the one that takes their place.
func (a *attention) bound(prefix string, c *Config) error {
	if a.QKV.w != nil {
		return nil
	}
	var layer int
	fmt.Sscanf(prefix, "blk.%d.", &layer)
	if c.keysOf(layer) != layer {
		if a.Q.w == nil {
			return noTensor(prefix+"attn_q.weight", c)
		}
		return nil
	}
	for _, t := range []struct {
		l    linear
		name string
	}{{a.Q, "attn_q"}, {a.K, "attn_k"}, {a.V, "attn_v"}} {
		if t.l.w == nil && !(t.name == "attn_v" && c.KeysAsValues) {
			return noTensor(prefix+t.name+".weight", c)
		}
	}
	return nil
}

// keysOf is the layer whose keys and values a layer uses: its own, unless layers share them.
func (c *Config) keysOf(layer int) int {
	if c.kvLayer == nil {
		return layer
	}
	return c.kvLayer[layer]
}

// attend computes the block of a layer: x [n, embd] -> [n, embd].
func (a *attention) attend(s *step, layer int, x []float32) []float32 {
	a.project(s, layer, x)
	s.attendQKV(layer, a.QNorm, a.KNorm)
	if s.m.GatedQ {
		s.gateHeads()
	}
	return s.linear(&s.out, s.att, a.Out)
}

// project sets q [n, heads*head], k and v [n, kvheads*head].
func (a *attention) project(s *step, layer int, x []float32) {
	if s.m.keysOf(layer) != layer {
		s.linears(x, to{&s.q, a.Q})
		return
	}
	if a.V.w == nil && a.QKV.w == nil {
		s.linears(x, to{&s.q, a.Q}, to{&s.k, a.K})
		copy(grow(&s.v, len(s.k)), s.k)
		return
	}
	if s.m.GatedQ {
		s.linears(x, to{&s.fused, a.Q}, to{&s.k, a.K}, to{&s.v, a.V})
		s.splitGates()
		return
	}
	if a.QKV.w == nil {
		s.linears(x, to{&s.q, a.Q}, to{&s.k, a.K}, to{&s.v, a.V})
		return
	}
	at := s.m.at(layer)
	q, kv := s.m.Heads*at.headDim, at.kvHeads*at.headDim
	s.linear(&s.fused, x, a.QKV)
	s.unfuse(0, q, &s.q)
	s.unfuse(q, kv, &s.k)
	s.unfuse(q+kv, kv, &s.v)
}

// splitGates takes queries and gates of fused [n, heads, 2, head] apart: q and gate [n, heads*head].
func (s *step) splitGates() {
	d := s.m.HeadDim
	n := s.n * s.m.Heads
	q, g := grow(&s.q, n*d), grow(&s.gate, n*d)
	for i := range n {
		copy(q[i*d:(i+1)*d], s.fused[2*i*d:])
		copy(g[i*d:(i+1)*d], s.fused[(2*i+1)*d:])
	}
}

// gateHeads multiplies att with the sigmoid of the gates.
func (s *step) gateHeads() {
	if s.n == 1 {
		gateRow(s.att, s.gate)
		return
	}
	w := len(s.att) / s.n
	s.each(func(i int) { gateRow(s.att[i*w:(i+1)*w], s.gate[i*w:(i+1)*w]) })
}

func gateRow(x, gate []float32) {
	for i, g := range gate {
		x[i] *= compute.Sigmoid(g)
	}
}

// unfuse copies columns from to from+width of every row of fused to dst [n, width].
func (s *step) unfuse(from, width int, dst *[]float32) {
	row := len(s.fused) / s.n
	grow(dst, s.n*width)
	for i := range s.n {
		copy((*dst)[i*width:(i+1)*width], s.fused[i*row+from:i*row+from+width])
	}
}

// attendQKV sets att [n, heads*head] from q, k and v, which it turns and stores in the caches.
func (s *step) attendQKV(layer int, qNorm, kNorm []float32) {
	c := &s.m.Config
	if c.keysOf(layer) == layer {
		for i := range s.tokens {
			s.tokens[i].Cache.reserve(layer, s.tokens[i].Pos)
		}
	}
	if s.n == 1 {
		s.place(0, layer, qNorm, kNorm)
	} else {
		s.each(func(i int) { s.place(i, layer, qNorm, kNorm) })
	}
	window := math.MaxInt
	if c.Window > 0 && c.Sliding != nil && c.Sliding(layer) {
		window = c.Window
	}
	grow(&s.att, s.n*c.Heads*c.at(layer).headDim)
	s.attendBlocks(layer, window)
}

// place turns the query and the key of token i and stores key and value in its cache.
func (s *step) place(i, layer int, qNorm, kNorm []float32) {
	c := &s.m.Config
	at := c.at(layer)
	d, qw, kw := at.headDim, c.Heads*at.headDim, at.kvHeads*at.headDim
	rope := s.m.ropeOf(layer)
	rot := &s.rot
	if rope == &c.SlidingRot {
		rot = &s.rotS
	}
	q := s.q[i*qw : (i+1)*qw]
	var k, v []float32 // none when the layer uses another's
	if c.keysOf(layer) == layer {
		k, v = s.k[i*kw:(i+1)*kw], s.v[i*kw:(i+1)*kw]
	}
	if !c.NormTurned {
		s.normHeads(q, qNorm, c.Eps)
		s.normHeads(k, kNorm, c.Eps)
	}
	if rope != nil {
		half := rope.Dims / 2
		cos, sin := rot.cos[i*half:(i+1)*half], rot.sin[i*half:(i+1)*half]
		rope.turn(s.level, q, d, cos, sin)
		rope.turn(s.level, k, d, cos, sin)
	}
	if c.NormTurned {
		s.normHeads(q, qNorm, c.Eps)
		s.normHeads(k, kNorm, c.Eps)
	}
	t := &s.tokens[i]
	s.level.Scale(q, c.AttnScale*c.temperature(t.Pos))
	if k == nil {
		return
	}
	if c.NormV {
		for ; len(v) >= d; v = v[d:] {
			s.level.RMSNorm(v[:d], v[:d], nil, c.Eps)
		}
		v = s.v[i*kw : (i+1)*kw]
	}
	t.Cache.store(layer, t.Pos, k, v)
}

// attBlock is a run of tokens of one sequence, one after the other, whose queries share the reading of keys and values.
type attBlock struct{ first, n int }

// blockQueries is how many queries of one key head are computed together, if there are as many: a multiple of the 8 and
// 6 that the widest routines of package compute take.
const blockQueries = 24

// attends is attention in progress and the memory of its threads.
type attends struct {
	layer, window int
	threads       []attScratch
	item          func(thread, i int) // (*step).attendItem, made once
}

// attScratch is the memory of one thread in attention.
type attScratch struct {
	q      []float32 // [queries, head]
	out    []float32 // [queries, head]
	scores []float32 // [queries, positions]
	wide   wide      // a key or a value
}

// attendBlocks sets att from q and the caches, spread over the threads by blocks of tokens and key heads.
func (s *step) attendBlocks(layer, window int) {
	c := &s.m.Config
	kvHeads := c.at(layer).kvHeads
	most := max(1, blockQueries/(c.Heads/kvHeads))
	s.blocks = s.blocks[:0]
	for i := 0; i < s.n; {
		b := attBlock{i, 1}
		for t := &s.tokens[i]; b.n < most && i+b.n < s.n; b.n++ {
			if u := &s.tokens[i+b.n]; u.Cache != t.Cache || u.Pos != t.Pos+b.n {
				break
			}
		}
		s.blocks = append(s.blocks, b)
		i += b.n
	}
	a := &s.attends
	a.layer, a.window = layer, window
	if a.item == nil {
		a.item = s.attendItem
		a.threads = make([]attScratch, s.m.pool.Threads())
	}
	s.m.pool.Do(len(s.blocks)*kvHeads, a.item)
}

// attendItem computes one block for one key head. The blocks of a head follow each other, so that its keys and values
// stay in a cache, the last ones, which see most positions, first: the pool takes what is left over from the end.
func (s *step) attendItem(thread, i int) {
	if s.stopped() {
		return
	}
	a, n := &s.attends, len(s.blocks)
	s.attendBlock(&a.threads[thread], s.blocks[n-1-i%n], a.layer, i/n, a.window)
}

// attendBlock computes one block for one key head. Scores of positions a query does not see are computed too, and
// their weights zero.
func (s *step) attendBlock(b *attScratch, blk attBlock, layer, kv, window int) {
	c := &s.m.Config
	d, group := c.at(layer).headDim, c.Heads/c.at(layer).kvHeads
	keys := c.keysOf(layer)
	n, qw, at := blk.n*group, c.Heads*d, kv*group*d
	cache, pos := s.tokens[blk.first].Cache, s.tokens[blk.first].Pos
	hi := pos + blk.n
	if c.Encoder {
		hi = s.n // every token of the text, which is the whole batch
	}
	base := max(0, pos+1-window) / scoreAlign * scoreAlign
	stride := (hi - base + scoreAlign - 1) / scoreAlign * scoreAlign
	q, out, scores := grow(&b.q, n*d), grow(&b.out, n*d), grow(&b.scores, n*stride)
	for t := range blk.n {
		copy(q[t*group*d:(t+1)*group*d], s.q[(blk.first+t)*qw+at:])
	}
	cache.scores(keys, kv, q, n, base, hi, scores, stride, &b.wide)
	for i := range n {
		to := pos + i/group + 1
		if c.Encoder {
			to = hi
		}
		from := max(0, to-window)
		row := scores[i*stride : i*stride+hi-base]
		seen := row[from-base : to-base]
		if c.AttnCap != 0 {
			softCap(seen, c.AttnCap)
		}
		if s.sinks != nil {
			lse := logSumExp(seen)
			s.level.Softmax(seen)
			s.applySink(seen, s.sinks[kv*group+i%group], lse)
		} else {
			s.level.Softmax(seen)
		}
		clear(row[:from-base])
		clear(row[to-base:])
	}
	clear(out)
	cache.mix(keys, kv, scores, stride, n, base, hi, out, &b.wide)
	for t := range blk.n {
		copy(s.att[(blk.first+t)*qw+at:][:group*d], out[t*group*d:])
	}
}

// normHeads applies an RMS norm to every head of a row, or to all of it when w is as long; none when w is nil.
func (s *step) normHeads(row, w []float32, eps float32) {
	if w == nil {
		return
	}
	for ; len(row) >= len(w); row = row[len(w):] {
		s.level.RMSNorm(row[:len(w)], row[:len(w)], w, eps)
	}
}

// softCap is cap*tanh(x/cap) (Gemma 2).
func softCap(x []float32, limit float32) {
	for i, v := range x {
		x[i] = limit * float32(math.Tanh(float64(v/limit)))
	}
}

// applySink scales weights, softmax of scores with the given log-sum-exp, to what they are when the sink takes its part.
func (s *step) applySink(weights []float32, sink float32, lse float64) {
	s.level.Scale(weights, float32(1/(1+math.Exp(float64(sink)-lse))))
}

// logSumExp is log(sum(exp(x))).
func logSumExp(x []float32) float64 {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v - top))
	}
	return float64(top) + math.Log(sum)
}

// temperature is the factor of a query at a position, more than one beyond the original context.
func (c *Config) temperature(pos int) float32 {
	if c.AttnTemp == 0 {
		return 1
	}
	return 1 + c.AttnTemp*float32(math.Log(math.Floor(float64(pos)/float64(c.Rope.Orig))+1))
}
