package sample

import (
	"math"
	"slices"
)

// byLogit sorts likeliest first, the lowest id first among equals.
func byLogit(a, b candidate) int {
	switch {
	case a.logit > b.logit:
		return -1
	case a.logit < b.logit:
		return 1
	}
	return int(a.id - b.id)
}

// sort puts the candidates in order, likeliest first.
func (s *Sampler) sort() {
	if !slices.IsSortedFunc(s.cand, byLogit) {
		slices.SortFunc(s.cand, byLogit)
	}
}

// softmax sets the probabilities: p = exp(logit - max) / sum.
func (s *Sampler) softmax() {
	top := float32(math.Inf(-1))
	for _, c := range s.cand {
		top = max(top, c.logit)
	}
	sum := 0.0
	for i := range s.cand {
		p := math.Exp(float64(s.cand[i].logit - top))
		if p != p { // every logit is -Inf
			p = 1
		}
		s.cand[i].p = float32(p)
		sum += p
	}
	for i := range s.cand {
		s.cand[i].p = float32(float64(s.cand[i].p) / sum)
	}
}

// topK keeps the k likeliest, in order.
func (s *Sampler) topK(k int) {
	if k <= 0 {
		return
	}
	if k < len(s.cand)/8 {
		s.selectTop(k)
	}
	s.sort()
	s.cand = s.cand[:min(k, len(s.cand))]
}

// selectTop keeps the k likeliest: one pass over the vocabulary.
func (s *Sampler) selectTop(k int) {
	rest := s.cand[k:]
	s.cand = s.cand[:k]
	s.heap()
	for _, c := range rest {
		if byLogit(c, s.cand[0]) < 0 {
			s.cand[0] = c
			s.down(0)
		}
	}
}

// heap orders the candidates as a heap whose root is the least likely.
func (s *Sampler) heap() {
	for i := len(s.cand)/2 - 1; i >= 0; i-- {
		s.down(i)
	}
}

// down restores the order of the heap below i.
func (s *Sampler) down(i int) {
	for h, k := s.cand, len(s.cand); ; {
		c := 2*i + 1
		if c >= k {
			return
		}
		if c+1 < k && byLogit(h[c+1], h[c]) > 0 {
			c++
		}
		if byLogit(h[c], h[i]) <= 0 {
			return
		}
		h[i], h[c] = h[c], h[i]
		i = c
	}
}

// topP keeps the likeliest whose probabilities reach TopP together (Holtzman et al. 2020).
func (s *Sampler) topP() {
	if s.p.TopP <= 0 || s.p.TopP >= 1 {
		return
	}
	s.sort()
	s.softmax()
	sum := float32(0)
	for i, c := range s.cand {
		sum += c.p
		if sum >= s.p.TopP && i+1 >= s.p.MinKeep {
			s.cand = s.cand[:i+1]
			return
		}
	}
}

// minP keeps what has at least MinP times the probability of the likeliest.
func (s *Sampler) minP() {
	if s.p.MinP <= 0 || s.p.MinP > 1 {
		return
	}
	top := float32(math.Inf(-1))
	for _, c := range s.cand {
		top = max(top, c.logit)
	}
	least := top + float32(math.Log(float64(s.p.MinP)))
	kept := 0
	for _, c := range s.cand {
		if c.logit >= least {
			kept++
		}
	}
	if kept < s.p.MinKeep {
		s.topK(s.p.MinKeep)
		return
	}
	s.cand = slices.DeleteFunc(s.cand, func(c candidate) bool { return c.logit < least })
}

// typical keeps what is closest to the expected surprise (Meister et al. 2022).
func (s *Sampler) typical() {
	if s.p.TypicalP <= 0 || s.p.TypicalP >= 1 {
		return
	}
	s.softmax()
	entropy := 0.0
	for _, c := range s.cand {
		if c.p > 0 {
			entropy -= float64(c.p) * math.Log(float64(c.p))
		}
	}
	distance := func(c candidate) float64 { return math.Abs(-math.Log(float64(c.p)) - entropy) }
	slices.SortStableFunc(s.cand, func(a, b candidate) int {
		switch x, y := distance(a), distance(b); {
		case x < y:
			return -1
		case x > y:
			return 1
		}
		return 0
	})
	sum := float32(0)
	for i, c := range s.cand {
		sum += c.p
		if sum > s.p.TypicalP && i+1 >= s.p.MinKeep {
			s.cand = s.cand[:i+1]
			return
		}
	}
}

// topNSigma keeps logits within TopNSigma standard deviations of the largest.
func (s *Sampler) topNSigma() {
	if s.p.TopNSigma <= 0 || len(s.cand) <= 1 {
		return
	}
	top, sum, n := float32(math.Inf(-1)), 0.0, 0.0
	for _, c := range s.cand {
		top = max(top, c.logit)
		if !math.IsInf(float64(c.logit), 0) {
			sum += float64(c.logit)
			n++
		}
	}
	if n == 0 {
		return
	}
	mean, dev := sum/n, 0.0
	for _, c := range s.cand {
		if !math.IsInf(float64(c.logit), 0) {
			dev += (float64(c.logit) - mean) * (float64(c.logit) - mean)
		}
	}
	least := top - s.p.TopNSigma*float32(math.Sqrt(dev/n))
	s.cand = slices.DeleteFunc(s.cand, func(c candidate) bool { return c.logit < least })
}

// xtc sometimes removes the likeliest tokens, all of those above the threshold but the last.
func (s *Sampler) xtc() {
	if s.p.XTCProbability <= 0 || s.p.XTCThreshold > 0.5 || len(s.cand) < 2 {
		return
	}
	if s.rng.Float32() > s.p.XTCProbability {
		return
	}
	s.sort()
	s.softmax()
	last := 0
	for i, c := range s.cand {
		if c.p < s.p.XTCThreshold {
			break
		}
		last = i
	}
	if last > 0 && len(s.cand)-last >= s.p.MinKeep {
		s.cand = append(s.cand[:0], s.cand[last:]...)
	}
}

// temperature divides the logits, by more the flatter the distribution when DynaRange is set.
func (s *Sampler) temperature() {
	t := s.p.Temp
	if s.p.DynaRange > 0 && len(s.cand) > 1 {
		s.softmax()
		entropy := 0.0
		for _, c := range s.cand {
			if c.p > 0 {
				entropy -= float64(c.p) * math.Log(float64(c.p))
			}
		}
		norm := entropy / math.Log(float64(len(s.cand)))
		low, high := max(0, t-s.p.DynaRange), t+s.p.DynaRange
		t = low + (high-low)*float32(math.Pow(norm, float64(s.p.DynaExponent)))
	}
	if t <= 0 { // a range down to zero on a certain distribution: keep the likeliest
		s.topK(1)
		return
	}
	for i := range s.cand {
		s.cand[i].logit /= t
	}
}
