package engine

import (
	"fmt"
	"math"
	"slices"

	"github.com/llamaboot/llamaboot/runtime/sample"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// Reasons why a generation stops.
const (
	StopEOS     = "eos"     // the model ended the text
	StopText    = "stop"    // a stop text was written
	StopLength  = "length"  // Params.N tokens are written
	StopContext = "context" // the context has no room for more
	StopGrammar = "grammar" // the grammar allows nothing more
)

// Step is one generated token, or the end of a generation.
type Step struct {
	ID       int32  // of the token; -1 for text held back, which belongs to tokens before
	Text     string // complete with this token; may be empty
	Special  bool   // Text is the name of a control token
	Reason   string // why the generation ends with this step; empty when it goes on
	StopText string // the stop text that was written, with reason StopText

	LogProb float32 // of the token, before sampling; only with Params.LogProbs
	Top     []TokenProb
}

// TokenProb is a token and the logarithm of its probability before sampling.
type TokenProb struct {
	ID      int32
	LogProb float32
}

// Writer chooses the tokens of one generation from logits that somebody else computes.
type Writer struct {
	e       *Engine
	p       Params
	sampler *sample.Sampler
	out     stopper
	decode  *token.Decoder
	tokens  int
}

// NewWriter starts a generation after prompt.
func (e *Engine) NewWriter(prompt []int32, p Params) (*Writer, error) {
	sampler, err := sample.New(p.Params)
	if err != nil {
		return nil, err
	}
	for _, id := range prompt {
		sampler.Accept(id)
	}
	return &Writer{e: e, p: p, sampler: sampler, out: stopper{stops: p.Stop}, decode: e.tok.Decoder(p.Special)}, nil
}

// Tokens is the number of tokens written so far.
func (w *Writer) Tokens() int { return w.tokens }

// Finished reports whether Params.N tokens are written, so that no logits are needed.
func (w *Writer) Finished() bool { return w.p.N >= 0 && w.tokens >= w.p.N }

// End is the step that ends the generation for a reason from outside.
func (w *Writer) End(reason string) Step {
	return Step{ID: -1, Text: w.out.flush(w.decode.Flush()), Reason: reason}
}

// Next chooses a token from the logits after the last one.
func (w *Writer) Next(logits []float32) (Step, error) {
	if w.Finished() {
		return w.End(StopLength), nil
	}
	var filter sample.Filter
	if w.p.Grammar != nil {
		filter = w.p.Grammar
	}
	id := w.sampler.Choose(logits, filter)
	if id < 0 && w.p.Grammar == nil {
		return Step{}, fmt.Errorf("%s: %w", w.e.name, ErrNaN)
	}
	if id < 0 {
		return w.End(StopGrammar), nil
	}
	end := w.e.tok.IsEOG(id) && (!w.p.IgnoreEOS || w.p.Grammar != nil) // a grammar only allows an end at its own
	if w.p.Grammar != nil {
		if err := w.p.Grammar.Accept(id); err != nil {
			return Step{}, err
		}
	}
	if end {
		return w.End(StopEOS), nil
	}
	w.sampler.Accept(id)
	w.tokens++
	s := Step{ID: id, Special: w.p.Special && w.e.tok.Kind(id) == token.Control}
	if w.p.LogProbs {
		s.LogProb, s.Top = logProbs(logits, id, w.p.TopProbs)
	}
	var stopped string
	s.Text, stopped = w.out.add(w.decode.Add(id))
	switch {
	case stopped != "":
		s.Reason, s.StopText = StopText, stopped
	case w.Finished():
		s.Reason = StopLength
		s.Text += w.out.flush(w.decode.Flush())
	}
	return s, nil
}

// logProbs is the logarithm of the probability of id and the n likeliest tokens, likeliest first.
func logProbs(logits []float32, id int32, n int) (float32, []TokenProb) {
	top := slices.Max(logits)
	sum := 0.0
	for _, l := range logits {
		sum += math.Exp(float64(l - top))
	}
	norm := top + float32(math.Log(sum))
	n = min(n, len(logits))
	if n <= 0 {
		return logits[id] - norm, nil
	}
	// A sorted list of the n best so far: one comparison for most of the vocabulary.
	best := make([]TokenProb, 0, n+1)
	for i, l := range logits {
		if l != l || len(best) == n && l <= best[n-1].LogProb {
			continue
		}
		at, _ := slices.BinarySearchFunc(best, l, func(b TokenProb, l float32) int {
			if b.LogProb >= l {
				return -1
			}
			return 1
		})
		best = slices.Insert(best, at, TokenProb{int32(i), l})
		best = best[:min(len(best), n)]
	}
	for i := range best {
		best[i].LogProb -= norm
	}
	return logits[id] - norm, best
}
