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
	p := &s.p
	repeat := p.RepeatPenalty != 0 && p.RepeatPenalty != 1
	if p.RepeatLastN == 0 || !repeat && p.FrequencyPenalty == 0 && p.PresencePenalty == 0 {
		return
	}
	clear(s.counts)
	for _, id := range s.recent(p.RepeatLastN) {
		s.counts[id]++
	}
	for i := range s.cand {
		c := &s.cand[i]
		n := s.counts[c.id]
		if n == 0 {
			continue
		}
		if repeat {
			if c.logit <= 0 {
				c.logit *= p.RepeatPenalty
			} else {
				c.logit /= p.RepeatPenalty
			}
		}
		c.logit -= float32(n)*p.FrequencyPenalty + p.PresencePenalty
	}
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
