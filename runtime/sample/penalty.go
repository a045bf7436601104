package sample

import (
	"math"
	"slices"
)

// recent is the last n tokens of the sequence, all of them for n < 0.
func (s *Sampler) recent(n int) []int32 {
	if n < 0 || n > len(s.history) {
		n = len(s.history)
	}
	return s.history[len(s.history)-n:]
}

// penalties makes recent tokens less likely.
func (s *Sampler) penalties() {
	counts := s.penalised()
	if len(counts) == 0 {
		return
	}
	for i := range s.cand {
		c := &s.cand[i]
		if n := counts[c.id]; n > 0 {
			c.logit = s.penalise(c.logit, n)
		}
	}
}

// repeats reports whether the repeat penalty does anything.
func (p *Params) repeats() bool { return p.RepeatPenalty != 0 && p.RepeatPenalty != 1 }

// penalised counts the tokens that get penalties; none when there are no penalties.
func (s *Sampler) penalised() map[int32]int {
	p := &s.p
	if p.RepeatLastN == 0 || !p.repeats() && p.FrequencyPenalty == 0 && p.PresencePenalty == 0 {
		return nil
	}
	clear(s.counts)
	for _, id := range s.recent(p.RepeatLastN) {
		s.counts[id]++
	}
	return s.counts
}

// penalise is the logit of a token that occurred n times.
func (s *Sampler) penalise(logit float32, n int) float32 {
	p := &s.p
	if p.repeats() {
		if logit <= 0 {
			logit *= p.RepeatPenalty
		} else {
			logit /= p.RepeatPenalty
		}
	}
	return logit - (float32(n)*p.FrequencyPenalty + p.PresencePenalty)
}

// dryLongest bounds the length of a repetition that counts; the penalty has long reached the largest float by then.
const dryLongest = 256

// dry penalises tokens that would continue a repetition of what is at the end of the sequence: multiplier *
// base^(length-allowed), for the longest repetition each of them continues.
func (s *Sampler) dry() {
	p := &s.p
	if p.DRYMultiplier == 0 || p.DRYBase < 1 {
		return
	}
	n := p.DRYLastN
	if n == 0 {
		n = -1
	}
	h := s.recent(n)
	if len(h) < p.DRYAllowedLength {
		return
	}
	end := len(h) - 1
	longest := map[int32]int{}
	for i := end - 1; i >= 0; i-- {
		length := 0
		for length < dryLongest && i-length >= 0 && h[i-length] == h[end-length] && !slices.Contains(p.DRYBreakers, h[i-length]) {
			length++
		}
		if length >= p.DRYAllowedLength && !slices.Contains(p.DRYBreakers, h[i+1]) {
			longest[h[i+1]] = max(longest[h[i+1]], length)
		}
	}
	for i := range s.cand {
		c := &s.cand[i]
		if l := longest[c.id]; l > 0 {
			c.logit -= p.DRYMultiplier * float32(min(math.MaxFloat32/1e3, math.Pow(float64(p.DRYBase), float64(l-p.DRYAllowedLength))))
		}
	}
}
