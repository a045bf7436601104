// Package sample chooses the next token from a model's logits.
//
// It implements the samplers of llama.cpp (src/llama-sampler.cpp, 2026) with their definitions and default order:
// logit bias; penalties, dry, top_n_sigma, top_k, typ_p, top_p, min_p, xtc, temperature; then a random choice, or
// mirostat, which replaces everything after the penalties. The random numbers are not llama.cpp's, but they are a
// function of the seed alone: the same seed, parameters and logits give the same tokens everywhere.
package sample

import (
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
)

// ErrParams is wrapped by errors about parameters that make no sense.
var ErrParams = errors.New("wrong sampling parameters")

// Params says how to choose. The zero value takes the likeliest token; a zero field switches its sampler off.
type Params struct {
	Temp         float32 // 0 or less takes the likeliest token
	DynaRange    float32 // dynamic temperature: Temp-DynaRange to Temp+DynaRange, by entropy
	DynaExponent float32 // of the normalised entropy; 0 counts as 1

	TopK      int     // keep the likeliest TopK
	TopP      float32 // keep the likeliest that together reach probability TopP
	MinP      float32 // keep those with at least MinP times the probability of the likeliest
	TypicalP  float32 // keep the most typical that together reach probability TypicalP
	TopNSigma float32 // keep logits within this many standard deviations of the largest

	XTCProbability float32 // chance of removing the likeliest tokens
	XTCThreshold   float32 // of those above this probability all but the last

	RepeatPenalty    float32 // divides positive and multiplies negative logits of recent tokens
	FrequencyPenalty float32 // subtracted once for each recent occurrence
	PresencePenalty  float32 // subtracted once from recent tokens
	RepeatLastN      int     // how many tokens are recent; -1 for all

	DRYMultiplier    float32 // don't repeat yourself: penalty of tokens that continue a repetition
	DRYBase          float32 // grows by this for each token of the repetition; 0 counts as 1.75
	DRYAllowedLength int     // repetitions up to this are free; 0 counts as 2
	DRYLastN         int     // tokens looked at; -1 or 0 for all
	DRYBreakers      []int32 // tokens a repetition does not cross

	Mirostat    int     // 1 or 2: version of mirostat, 0 for none
	MirostatTau float32 // target surprise; 0 counts as 5
	MirostatEta float32 // learning rate; 0 counts as 0.1

	LogitBias map[int32]float32 // added to logits; -Inf forbids a token
	MinKeep   int               // samplers that cut keep at least this many; 0 counts as 1
	Order     []string          // names of samplers to apply in this order; nil for DefaultOrder
	Seed      uint64
}

// DefaultOrder is llama.cpp's order of samplers.
var DefaultOrder = []string{"penalties", "dry", "top_n_sigma", "top_k", "typ_p", "top_p", "min_p", "xtc", "temperature"}

// Filter restricts what may be chosen, as a grammar does.
type Filter interface {
	// Allowed says whether the token may come next.
	Allowed(id int32) bool
}

// Sampler chooses tokens of one sequence.
type Sampler struct {
	p       Params
	pcg     rand.PCG
	rng     *rand.Rand // draws from pcg
	history []int32    // all tokens so far, prompt included
	mu      float64    // of mirostat
	cand    []candidate
	counts  map[int32]int
	chain   []func()
	topAt   int       // where top_k is in the chain if only penalties come before it, else -1
	before  bool      // penalties come before it
	work    []float32 // logits after biases and penalties
}

// candidate is one token that may still be chosen.
type candidate struct {
	id    int32
	logit float32
	p     float32 // set by softmax
}

// New checks the parameters and makes a sampler.
func New(p Params) (*Sampler, error) {
	for name, v := range map[string]float32{"temperature": p.Temp, "top_p": p.TopP, "min_p": p.MinP, "typ_p": p.TypicalP,
		"top_n_sigma": p.TopNSigma, "xtc probability": p.XTCProbability, "repeat penalty": p.RepeatPenalty,
		"frequency penalty": p.FrequencyPenalty, "presence penalty": p.PresencePenalty, "dry multiplier": p.DRYMultiplier,
		"dry base": p.DRYBase, "xtc threshold": p.XTCThreshold, "dynamic temperature range": p.DynaRange,
		"dynamic temperature exponent": p.DynaExponent, "mirostat entropy": p.MirostatTau, "mirostat rate": p.MirostatEta} {
		if v != v || math.IsInf(float64(v), 0) {
			return nil, fmt.Errorf("%w: %s is %v, want a finite number", ErrParams, name, v)
		}
	}
	if p.Mirostat < 0 || p.Mirostat > 2 {
		return nil, fmt.Errorf("%w: mirostat is %d, want 0, 1 or 2", ErrParams, p.Mirostat)
	}
	if p.RepeatPenalty < 0 {
		return nil, fmt.Errorf("%w: repeat penalty is %v, want 0 or more", ErrParams, p.RepeatPenalty)
	}
	orDefault(&p.DynaExponent, 1)
	orDefault(&p.DRYBase, 1.75)
	orDefault(&p.MirostatTau, 5)
	orDefault(&p.MirostatEta, 0.1)
	orDefault(&p.DRYAllowedLength, 2)
	orDefault(&p.MinKeep, 1)
	s := &Sampler{p: p, pcg: *rand.NewPCG(p.Seed, 0x6C6C616D61), mu: 2 * float64(p.MirostatTau), counts: map[int32]int{}}
	s.rng = rand.New(&s.pcg)
	if err := s.buildChain(); err != nil {
		return nil, err
	}
	return s, nil
}

func orDefault[T int | float32](v *T, def T) {
	if *v == 0 {
		*v = def
	}
}

// buildChain resolves the names of the order.
func (s *Sampler) buildChain() error {
	steps := map[string]func(){
		"penalties": s.penalties, "dry": s.dry, "top_n_sigma": s.topNSigma, "top_k": func() { s.topK(s.p.TopK) },
		"typ_p": s.typical, "top_p": s.topP, "min_p": s.minP, "xtc": s.xtc, "temperature": s.temperature,
	}
	order := s.p.Order
	if order == nil {
		order = DefaultOrder
	}
	s.topAt = -1
	for i, name := range order {
		f, ok := steps[name]
		if !ok {
			return fmt.Errorf("%w: sampler %q is unknown; known are %s", ErrParams, name, strings.Join(DefaultOrder, " "))
		}
		if s.p.Mirostat > 0 && name != "penalties" && name != "dry" && name != "temperature" {
			continue // mirostat does the cutting
		}
		if name == "top_k" {
			if !slices.ContainsFunc(order[:i], func(n string) bool { return n != "penalties" && n != "dry" && n != "top_n_sigma" }) {
				s.topAt, s.before = len(s.chain), slices.Contains(order[:i], "penalties")
			}
		}
		s.chain = append(s.chain, f)
	}
	return nil
}

// Accept tells the sampler of a token that is now part of the sequence.
func (s *Sampler) Accept(id int32) { s.history = append(s.history, id) }

// Choose picks the next token. allowed may be nil; logits are not changed. It returns -1 when no token is allowed.
func (s *Sampler) Choose(logits []float32, allowed Filter) int32 {
	if allowed != nil {
		// Most of the time the free choice is allowed; testing every token of the vocabulary is far slower. The
		// random state is put back so that a sequence does not depend on whether the quick way worked.
		if id := s.choose(logits, allowed, false); id >= 0 {
			return id
		}
		return s.choose(logits, allowed, true)
	}
	return s.choose(logits, nil, false)
}

func (s *Sampler) choose(logits []float32, allowed Filter, all bool) int32 {
	k, next := s.shortcut(len(logits))
	if all {
		k, next = 0, 0
	}
	if k > 0 && !s.loadTop(logits, k) || k == 0 && !s.load(logits, allowed, all) {
		return -1
	}
	if s.p.Temp <= 0 && s.p.Mirostat == 0 {
		if k == 0 {
			s.penalties()
			s.dry()
		}
		return s.accept(s.best(), allowed)
	}
	pcg, mu := s.pcg, s.mu
	for _, f := range s.chain[next:] {
		f()
	}
	var id int32
	switch s.p.Mirostat {
	case 1:
		id = s.mirostat1(len(logits))
	case 2:
		id = s.mirostat2()
	default:
		s.softmax()
		id = s.cand[s.draw()].id
	}
	if r := s.accept(id, allowed); r < 0 {
		s.pcg, s.mu = pcg, mu
		return r
	}
	return id
}

// accept returns the id if it is allowed, else -1.
func (s *Sampler) accept(id int32, allowed Filter) int32 {
	if allowed != nil && !allowed.Allowed(id) {
		return -1
	}
	return id
}

// load fills the candidates; with all set only those the filter allows. NaN logits never win.
func (s *Sampler) load(logits []float32, allowed Filter, all bool) bool {
	s.cand = s.cand[:0]
	for i, l := range logits {
		id := int32(i)
		if l != l || all && !allowed.Allowed(id) {
			continue
		}
		if len(s.p.LogitBias) > 0 {
			l += s.p.LogitBias[id]
		}
		s.cand = append(s.cand, candidate{id: id, logit: l})
	}
	return len(s.cand) > 0
}

// best is the likeliest candidate, the lowest id among equals.
func (s *Sampler) best() int32 {
	b := s.cand[0]
	for _, c := range s.cand[1:] {
		if c.logit > b.logit {
			b = c
		}
	}
	return b.id
}

// draw picks an index by probability.
func (s *Sampler) draw() int {
	x := s.rng.Float64()
	sum := 0.0
	for i, c := range s.cand {
		sum += float64(c.p)
		if x < sum {
			return i
		}
	}
	for i := len(s.cand) - 1; i > 0; i-- { // rounding left a little
		if s.cand[i].p > 0 {
			return i
		}
	}
	return 0
}
