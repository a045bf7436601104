package model

import (
	"slices"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// step is one forward pass over up to MaxBatch tokens with its scratch memory, reused from pass to pass.
// All buffers hold one row per token.
type step struct {
	m      *Model
	level  *compute.Level // of the model's pool
	tokens []Token
	n      int             // len(tokens)
	done   <-chan struct{} // closed when the result is no longer wanted; nil for never

	x       []float32 // residual stream [n, embd]
	h       []float32 // input of a block, normalised [n, embd]
	out     []float32 // output of a block [n, embd]
	q, k, v []float32 // [n, heads*head], [n, kvheads*head]
	att     []float32 // attention output before projection [n, heads*head]
	gate    []float32 // [n, ff]
	up      []float32 // [n, ff]
	fused   []float32 // outputs of fused projections
	rot     rotation  // of Rope
	rotS    rotation  // of SlidingRot
	blocks  []attBlock
	attends attends
	last    []float32 // hidden rows whose logits are wanted
	sinks   []float32 // of the layer's heads, nil for none
	moe     moeScratch
	runs    []seqRun // of recurrent networks
	recurs  recurs
	delta   deltaScratch
	inputs  layerInputScratch
	ones    []float32 // as many as the widest row that needed them
}

// rotation holds the cosines and sines [n, dims/2] of the tokens' positions.
type rotation struct{ cos, sin []float32 }

// grow makes *b n elements long without keeping its contents.
func grow(b *[]float32, n int) []float32 {
	if cap(*b) < n {
		*b = make([]float32, n)
	}
	*b = (*b)[:n]
	return *b
}

// stopped says whether nobody wants the result any more. From then on nothing costly is computed: what the buffers hold
// of passes before takes the place of products, and is thrown away at the end. A closed channel stays closed, so the
// answer never goes back to false within a pass.
func (s *step) stopped() bool {
	select {
	case <-s.done: // a nil channel never delivers
		return true
	default:
		return false
	}
}

// hidden computes one batch and leaves the hidden rows in x [n, embd].
func (s *step) hidden(tokens []Token) error {
	c := &s.m.Config
	s.tokens, s.n = tokens, len(tokens)
	grow(&s.x, s.n*c.Embd)
	grow(&s.h, s.n*c.Embd)
	grow(&s.out, s.n*c.Embd)
	s.rot.fill(&c.Rope, tokens)
	if c.Sliding != nil {
		s.rotS.fill(&c.SlidingRot, tokens)
	}
	if c.Recurrent == nil {
		s.m.net.forward(s)
		return nil
	}
	if err := s.startRuns(); err != nil {
		return err
	}
	s.m.net.forward(s)
	if s.stopped() {
		s.dropRuns()
		return nil
	}
	s.endRuns()
	return nil
}

// unit is n ones.
func (s *step) unit(n int) []float32 { return s.ones[:n] }

// needOnes makes unit ready for up to n.
func (s *step) needOnes(n int) {
	for len(s.ones) < n {
		s.ones = append(s.ones, 1)
	}
}

// run computes one batch and appends the wanted logits to dst.
func (s *step) run(dst []float32, tokens []Token) ([]float32, error) {
	c := &s.m.Config
	if err := s.hidden(tokens); err != nil {
		return nil, err
	}
	s.last = s.last[:0]
	for i := range tokens {
		if tokens[i].Logits {
			s.last = append(s.last, s.x[i*c.Embd:(i+1)*c.Embd]...)
		}
	}
	n := len(s.last) / c.Embd
	if n == 0 || s.stopped() {
		return dst, nil
	}
	from := len(dst)
	dst = slices.Grow(dst, n*c.Vocab)[:from+n*c.Vocab]
	s.m.net.head(s, dst[from:], s.last, n)
	return dst, nil
}

func (r *rotation) fill(p *Rope, tokens []Token) {
	half := p.Dims / 2
	grow(&r.cos, len(tokens)*half)
	grow(&r.sin, len(tokens)*half)
	for i := range tokens {
		if i > 0 && tokens[i].Pos == tokens[i-1].Pos {
			copy(r.cos[i*half:], r.cos[(i-1)*half:i*half])
			copy(r.sin[i*half:], r.sin[(i-1)*half:i*half])
			continue
		}
		p.angles(r.cos[i*half:(i+1)*half], r.sin[i*half:(i+1)*half], tokens[i].Pos)
	}
}

// eachTokens is how many tokens each gives to a thread at a time.
const eachTokens = 8

// each calls f for every token, on all threads when there are enough of them. Callers treat a single token without it:
// a closure is memory for the garbage collector, and generating a token allocates none.
func (s *step) each(f func(i int)) {
	if s.n < 4 {
		for i := range s.n {
			f(i)
		}
		return
	}
	s.m.pool.Do((s.n+eachTokens-1)/eachTokens, func(_, part int) {
		for i := part * eachTokens; i < min((part+1)*eachTokens, s.n); i++ {
			f(i)
		}
	})
}

// embed sets x to the rows of the embedding table [embd, vocab].
func (s *step) embed(table linear) {
	if s.n == 1 {
		s.embedRow(table, 0)
		return
	}
	s.each(func(i int) { s.embedRow(table, i) })
}

func (s *step) embedRow(table linear, i int) {
	e := s.m.Embd
	row := s.x[i*e : (i+1)*e]
	table.w.Row(int(s.tokens[i].ID), row)
	if s.m.EmbdScale != 1 {
		s.level.Scale(row, s.m.EmbdScale)
	}
}

// normed is h, set to the RMS norm of x, or x itself when w is nil.
func (s *step) normed(w []float32) []float32 {
	if w == nil {
		return s.x
	}
	s.norm(s.h, s.x, w)
	return s.h
}

// norm sets dst to the RMS norm of every row of src [n, len(w)]. dst may be src, which stays as it is when w is nil.
func (s *step) norm(dst, src, w []float32) {
	if w == nil {
		return
	}
	d := len(w)
	if s.n == 1 {
		s.level.RMSNorm(dst[:d], src[:d], w, s.m.Eps)
		return
	}
	s.each(func(i int) {
		s.level.RMSNorm(dst[i*d:(i+1)*d], src[i*d:(i+1)*d], w, s.m.Eps)
	})
}

// linear sets dst [n, out] to src [n, in] times the weight plus the bias.
func (s *step) linear(dst *[]float32, src []float32, l linear) []float32 {
	s.linears(src, to{dst, l})
	return *dst
}

// to is one projection of linears and where it goes [n, out].
type to struct {
	dst *[]float32
	linear
}

// mostLinears is how many projections of the same vectors there are at most: queries, keys and values.
const mostLinears = 3

// linears is linear for several projections of the same src at once, which costs less than one after the other.
func (s *step) linears(src []float32, list ...to) {
	var products [mostLinears]compute.Product
	for i, t := range list {
		products[i] = compute.Product{Dst: grow(t.dst, s.n*t.w.Rows()), W: t.w}
	}
	if s.stopped() {
		return
	}
	s.m.pool.MatMuls(src, s.n, products[:len(list)]...)
	for _, t := range list {
		s.addBias(*t.dst, t.b)
	}
}

// addBias adds b to every row of y [n, len(b)]; none when it is nil.
func (s *step) addBias(y, b []float32) {
	switch {
	case b == nil:
	case s.n == 1:
		s.level.Add(y, b)
	default:
		s.each(func(i int) { s.level.Add(y[i*len(b):(i+1)*len(b)], b) })
	}
}

// add adds the block output to the residual stream.
func (s *step) add(out []float32) {
	if s.n == 1 {
		s.addRow(out, 0)
		return
	}
	s.each(func(i int) { s.addRow(out, i) })
}

// addNorm adds the block output, none if it is nil, to the residual stream and sets dst, which may be x, to the RMS norm
// of every row of that.
func (s *step) addNorm(dst, out, w []float32) {
	if s.n == 1 {
		s.addNormRow(dst, out, w, 0)
		return
	}
	s.each(func(i int) { s.addNormRow(dst, out, w, i) })
}

func (s *step) addNormRow(dst, out, w []float32, i int) {
	if out != nil {
		s.addRow(out, i)
	}
	e := s.m.Embd
	s.level.RMSNorm(dst[i*e:(i+1)*e], s.x[i*e:(i+1)*e], w, s.m.Eps)
}

func (s *step) addRow(out []float32, i int) {
	e := s.m.Embd
	row := out[i*e : (i+1)*e]
	if s.m.ResScale != 1 {
		s.level.Scale(row, s.m.ResScale)
	}
	s.level.Add(s.x[i*e:(i+1)*e], row)
}
