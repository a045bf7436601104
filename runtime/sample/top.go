package sample

// Most requests sample from the few likeliest tokens after penalties that change few logits. Then candidates are made of
// those few alone: the vocabulary is read once, and nothing as long as it is written.

// shortcut reports how many candidates are enough and which step of the chain comes next; 0 for all of them.
func (s *Sampler) shortcut(vocab int) (k, next int) {
	p := &s.p
	if p.Mirostat != 0 || p.DRYMultiplier != 0 {
		return 0, 0
	}
	if p.Temp <= 0 {
		return 1, len(s.chain)
	}
	if s.topAt < 0 || p.TopK <= 0 || p.TopNSigma > 0 || p.TopK >= vocab/8 {
		return 0, 0
	}
	return p.TopK, s.topAt + 1
}

// loadTop fills the candidates with the k likeliest tokens, in order, after biases and penalties.
func (s *Sampler) loadTop(logits []float32, k int) bool {
	logits = s.adjusted(logits)
	s.cand = s.cand[:0]
	rest := 0
	for ; rest < len(logits) && len(s.cand) < k; rest++ {
		if l := logits[rest]; l == l {
			s.cand = append(s.cand, candidate{id: int32(rest), logit: l})
		}
	}
	if len(s.cand) == 0 {
		return false
	}
	s.heap()
	least := s.cand[0].logit
	for i := rest; i < len(logits); i++ {
		if l := logits[i]; l > least { // a later one that is equal is worse, and NaN is not larger
			s.cand[0] = candidate{id: int32(i), logit: l}
			s.down(0)
			least = s.cand[0].logit
		}
	}
	s.sort()
	return true
}

// adjusted is the logits after biases and penalties: they themselves when there are none.
func (s *Sampler) adjusted(logits []float32) []float32 {
	var counts map[int32]int
	if s.before || s.p.Temp <= 0 { // greedily penalties take effect in any order
		counts = s.penalised()
	}
	if len(s.p.LogitBias) == 0 && len(counts) == 0 {
		return logits
	}
	s.work = append(s.work[:0], logits...)
	for id, b := range s.p.LogitBias {
		if id >= 0 && int(id) < len(s.work) {
			s.work[id] += b
		}
	}
	for id, n := range counts {
		if id >= 0 && int(id) < len(s.work) {
			s.work[id] = s.penalise(s.work[id], n)
		}
	}
	return s.work
}
