package sample

import "math"

// Mirostat (Basu et al. 2021) keeps the surprise of the text near a target by moving mu after every token.

// mirostatM is the number of likeliest tokens from which version 1 estimates the exponent of Zipf's law.
const mirostatM = 100

func (s *Sampler) mirostat1(vocab int) int32 {
	s.sort()
	s.softmax()
	// Estimate s of p_i ~ i^-s by least squares over neighbours (equation 4).
	var tb, tt float64
	for i := 0; i < min(mirostatM, len(s.cand))-1; i++ {
		if s.cand[i+1].p <= 0 {
			break
		}
		t := math.Log(float64(i+2) / float64(i+1))
		b := math.Log(float64(s.cand[i].p) / float64(s.cand[i+1].p))
		tb, tt = tb+t*b, tt+t*t
	}
	k := float64(len(s.cand))
	if tt > 0 {
		z := tb / tt
		e := z - 1
		k = math.Pow(e*math.Pow(2, s.mu)/(1-math.Pow(float64(vocab), -e)), 1/z)
	}
	if k != k || k < 1 {
		k = 1
	}
	// Beyond 2^31 llama.cpp's conversion to int overflows and leaves one token, after which mu grows for ever.
	s.topK(int(min(k, float64(len(s.cand)))))
	return s.surprise()
}

func (s *Sampler) mirostat2() int32 {
	s.sort()
	s.softmax()
	for i, c := range s.cand {
		if i > 0 && -math.Log2(float64(c.p)) > s.mu {
			s.cand = s.cand[:i]
			break
		}
	}
	return s.surprise()
}

// surprise draws a token and corrects mu by how far its surprise was off the target.
func (s *Sampler) surprise() int32 {
	s.softmax()
	c := s.cand[s.draw()]
	s.mu -= float64(s.p.MirostatEta) * (-math.Log2(float64(c.p)) - float64(s.p.MirostatTau))
	return c.id
}
