package sample

import (
	"errors"
	"math"
	"slices"
	"testing"
)

// load prepares a sampler with candidates of the given probabilities, ids counting from 0.
func prepared(t *testing.T, p Params, probs ...float32) *Sampler {
	t.Helper()
	s, err := New(p)
	if err != nil {
		t.Fatal(err)
	}
	logits := make([]float32, len(probs))
	for i, x := range probs {
		logits[i] = float32(math.Log(float64(x)))
	}
	s.load(logits, nil, false)
	return s
}

// expect compares ids and probabilities of what is left, likeliest first.
func expect(t *testing.T, s *Sampler, name string, want ...float32) {
	t.Helper()
	s.sort()
	s.softmax()
	var got []float32
	for _, c := range s.cand {
		got = append(got, c.p)
	}
	ok := len(got) == len(want)
	for i := 0; ok && i < len(got); i++ {
		ok = math.Abs(float64(got[i]-want[i])) < 1e-5
	}
	if !ok {
		t.Errorf("%s: got %v, want %v", name, got, want)
	}
}

// The expected values follow from the definitions; llama.cpp's tests/test-sampling.cpp states the same cases.
func TestCutting(t *testing.T) {
	four := []float32{0.1, 0.2, 0.3, 0.4}
	for _, c := range []struct {
		name string
		p    Params
		f    func(*Sampler)
		want []float32
	}{
		{"temp 1", Params{Temp: 1}, (*Sampler).temperature, []float32{0.4, 0.3, 0.2, 0.1}},
		{"temp 0", Params{}, (*Sampler).temperature, []float32{1}},
		{"dynatemp 1", Params{Temp: 1.1, DynaRange: 0}, (*Sampler).temperature, nil},
		{"top-k 1", Params{TopK: 1}, func(s *Sampler) { s.topK(1) }, []float32{1}},
		{"top-k 3", Params{TopK: 3}, func(s *Sampler) { s.topK(3) }, []float32{0.44444, 0.33333, 0.22222}},
		{"top-k 9", Params{}, func(s *Sampler) { s.topK(9) }, []float32{0.4, 0.3, 0.2, 0.1}},
		{"top-k 0", Params{}, func(s *Sampler) { s.topK(0) }, []float32{0.4, 0.3, 0.2, 0.1}},
		{"top-p 0.7", Params{TopP: 0.7}, (*Sampler).topP, []float32{0.571429, 0.428571}},
		{"top-p 0.8", Params{TopP: 0.8}, (*Sampler).topP, []float32{0.44444, 0.33333, 0.22222}},
		{"top-p 1", Params{TopP: 1}, (*Sampler).topP, []float32{0.4, 0.3, 0.2, 0.1}},
		{"min-p 0.24", Params{MinP: 0.24}, (*Sampler).minP, []float32{0.4, 0.3, 0.2, 0.1}},
		{"min-p 0.26", Params{MinP: 0.26}, (*Sampler).minP, []float32{0.4 / 0.9, 0.3 / 0.9, 0.2 / 0.9}},
		{"min-p 0.51", Params{MinP: 0.51}, (*Sampler).minP, []float32{0.4 / 0.7, 0.3 / 0.7}},
		{"min-p 0.76", Params{MinP: 0.76}, (*Sampler).minP, []float32{1}},
		{"xtc 0.99, 0.09", Params{XTCProbability: 0.99, XTCThreshold: 0.09}, (*Sampler).xtc, []float32{1}},
		{"xtc 0.99, 0.19", Params{XTCProbability: 0.99, XTCThreshold: 0.19}, (*Sampler).xtc, []float32{0.66667, 0.33333}},
		{"xtc 0.99, 0.39", Params{XTCProbability: 0.99, XTCThreshold: 0.39}, (*Sampler).xtc, []float32{0.4, 0.3, 0.2, 0.1}},
		{"typical 0.49", Params{TypicalP: 0.49}, (*Sampler).typical, []float32{0.6, 0.4}},
		{"top-n-sigma 1", Params{TopNSigma: 1}, (*Sampler).topNSigma, []float32{0.571429, 0.428571}},
		{"top-n-sigma 3", Params{TopNSigma: 3}, (*Sampler).topNSigma, []float32{0.4, 0.3, 0.2, 0.1}},
		{"top-n-sigma 0", Params{}, (*Sampler).topNSigma, []float32{0.4, 0.3, 0.2, 0.1}},
	} {
		if c.want == nil {
			continue
		}
		s := prepared(t, c.p, four...)
		c.f(s)
		expect(t, s, c.name, c.want...)
	}
}

func TestDynamicTemperature(t *testing.T) {
	// A flat distribution has full entropy and gets the highest temperature, Temp+DynaRange.
	s := prepared(t, Params{Temp: 1, DynaRange: 0.5}, 0.25, 0.25, 0.25, 0.25)
	before := s.cand[0].logit
	s.temperature()
	if got := s.cand[0].logit; math.Abs(float64(got-before/1.5)) > 1e-6 {
		t.Errorf("flat: logit %v, want %v", got, before/1.5)
	}
	// A certain one has none and gets the lowest.
	s = prepared(t, Params{Temp: 0.5, DynaRange: 0.5}, 1, 0, 0, 0)
	s.temperature()
	expect(t, s, "certain", 1)
}

func TestPenalties(t *testing.T) {
	s := prepared(t, Params{RepeatPenalty: 2, FrequencyPenalty: 0.25, PresencePenalty: 0.5, RepeatLastN: 3}, 1, 1, 1)
	for _, id := range []int32{2, 0, 1, 1} { // 2 is no longer recent
		s.Accept(id)
	}
	for i := range s.cand {
		s.cand[i].logit = []float32{3, -3, 3}[i]
	}
	s.penalties()
	for i, want := range []float32{3.0/2 - 0.75, -3*2 - 1, 3} {
		if got := s.cand[i].logit; got != want {
			t.Errorf("logit %d is %v, want %v", i, got, want)
		}
	}
}

func TestDRY(t *testing.T) {
	p := Params{DRYMultiplier: 1, DRYBase: 2, DRYAllowedLength: 2}
	s := prepared(t, p, 1, 1, 1, 1, 1)
	for _, id := range []int32{1, 2, 3, 4, 1, 2, 3} { // 4 would repeat "1 2 3 4": length 3
		s.Accept(id)
	}
	s.dry()
	for i, c := range s.cand {
		want := float32(0)
		if i == 4 {
			want = -2 // 1 * 2^(3-2)
		}
		if c.logit != want {
			t.Errorf("logit of %d is %v, want %v", i, c.logit, want)
		}
	}
	p.DRYBreakers = []int32{2} // the repetition starts again after 2: length 1
	s = prepared(t, p, 1, 1, 1, 1, 1)
	for _, id := range []int32{1, 2, 3, 4, 1, 2, 3} {
		s.Accept(id)
	}
	if s.dry(); s.cand[4].logit != 0 {
		t.Errorf("with a breaker the logit is %v, want 0", s.cand[4].logit)
	}
}

func TestGreedy(t *testing.T) {
	s, err := New(Params{})
	if err != nil {
		t.Fatal(err)
	}
	nan := float32(math.NaN())
	if id := s.Choose([]float32{1, 5, nan, 5, 2}, nil); id != 1 {
		t.Errorf("got %d, want 1: the first of the largest", id)
	}
	if id := s.Choose([]float32{nan, nan}, nil); id != -1 {
		t.Errorf("only NaN: got %d, want -1", id)
	}
	s, _ = New(Params{LogitBias: map[int32]float32{4: 10, 1: float32(math.Inf(-1))}})
	if id := s.Choose([]float32{1, 5, 0, 5, 2}, nil); id != 4 {
		t.Errorf("with a bias: got %d, want 4", id)
	}
}

// TestSeed wants the same tokens for the same seed and others for another.
func TestSeed(t *testing.T) {
	draw := func(p Params) []int32 {
		s, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		logits := make([]float32, 1000)
		for i := range logits {
			logits[i] = float32(math.Sin(float64(i)))
		}
		var ids []int32
		for range 50 {
			id := s.Choose(logits, nil)
			s.Accept(id)
			ids = append(ids, id)
		}
		return ids
	}
	for _, p := range []Params{{Temp: 1}, {Temp: 1, TopK: 40, TopP: 0.95, MinP: 0.05}, {Temp: 1, Mirostat: 1}, {Temp: 1, Mirostat: 2},
		{Temp: 1, XTCProbability: 0.5, XTCThreshold: 0.001}, {Temp: 1, TypicalP: 0.9}} {
		p.Seed = 7
		a := draw(p)
		if b := draw(p); !slices.Equal(a, b) {
			t.Errorf("%+v: the same seed gave %v and %v", p, a, b)
		}
		p.Seed = 8
		if b := draw(p); slices.Equal(a, b) {
			t.Errorf("%+v: two seeds gave the same", p)
		}
	}
}

// TestDistribution draws often and compares frequencies with probabilities.
func TestDistribution(t *testing.T) {
	s, _ := New(Params{Temp: 1})
	logits := []float32{0, 1, 2}
	var count [3]float64
	const n = 20000
	for range n {
		count[s.Choose(logits, nil)]++
	}
	sum := 1 + math.E + math.E*math.E
	for i, want := range []float64{1 / sum, math.E / sum, math.E * math.E / sum} {
		if got := count[i] / n; math.Abs(got-want) > 0.015 {
			t.Errorf("token %d: frequency %.3f, want %.3f", i, got, want)
		}
	}
}

// TestMirostat wants the mean surprise near the target, which is what mirostat is for.
func TestMirostat(t *testing.T) {
	for version := 1; version <= 2; version++ {
		s, _ := New(Params{Temp: 1, Mirostat: version, MirostatTau: 3, Seed: 1})
		logits := make([]float32, 2000)
		for i := range logits {
			logits[i] = -1.1 * float32(math.Log(float64(i+1))) // Zipf
		}
		const n = 2000
		start := s.mu
		for range n {
			s.Choose(logits, nil)
		}
		// Every token moves mu by eta times its surprise over the target, so mu tells the mean.
		if mean := 3 + (start-s.mu)/(0.1*n); math.Abs(mean-3) > 0.05 || s.mu < 1 || s.mu > 20 {
			t.Errorf("version %d: mean surprise %.2f, want about 3", version, mean)
		}
	}
}

// TestMirostatCut compares what the first step keeps, and the probability of the likeliest after it, with llama.cpp's
// samplers temp and mirostat.
func TestMirostatCut(t *testing.T) {
	logits := make([]float32, 512)
	for i := range logits {
		logits[i] = float32(-1.3*math.Log(float64(1+i*37%512)) + 0.3*math.Sin(float64(i)))
	}
	for _, c := range []struct {
		version   int
		tau, temp float32
		size      int
		p         float64
	}{
		{1, 1, 1, 1, 1}, {1, 2, 0.8, 4, 0.5736026}, {1, 2, 1, 3, 0.5503369}, {1, 2, 1.25, 2, 0.6187956},
		{1, 3, 0.8, 10, 0.49399185}, {1, 3, 1, 11, 0.39982966}, {1, 3, 1.25, 9, 0.34496862},
		{2, 1, 1, 1, 1}, {2, 2, 0.8, 3, 0.6006382}, {2, 2, 1, 3, 0.5503369}, {2, 2, 1.25, 2, 0.6187956},
		{2, 3, 0.8, 8, 0.5096992}, {2, 3, 1, 10, 0.40610567}, {2, 3, 1.25, 10, 0.33311242},
	} {
		s, err := New(Params{Temp: c.temp, Mirostat: c.version, MirostatTau: c.tau})
		if err != nil {
			t.Fatal(err)
		}
		s.Choose(logits, nil)
		if got := float64(s.cand[0].p); len(s.cand) != c.size || math.Abs(got-c.p) > 1e-5 {
			t.Errorf("version %d, tau %g, temperature %g: keeps %d with %g first, want %d with %g", c.version, c.tau, c.temp, len(s.cand), got, c.size, c.p)
		}
	}
}

type even struct{}

func (even) Allowed(id int32) bool { return id%2 == 0 }

type nothing struct{}

func (nothing) Allowed(int32) bool { return false }

func TestFilter(t *testing.T) {
	for _, p := range []Params{{}, {Temp: 1, TopK: 1}, {Temp: 1, Seed: 3}} {
		s, _ := New(p)
		for range 50 {
			if id := s.Choose([]float32{1, 9, 2, 8}, even{}); id%2 != 0 {
				t.Fatalf("%+v chose %d", p, id)
			}
		}
		if id := s.Choose([]float32{1, 2}, nothing{}); id != -1 {
			t.Errorf("nothing allowed: got %d", id)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, p := range []Params{{Temp: float32(math.NaN())}, {TopP: float32(math.Inf(1))}, {Mirostat: 3}, {RepeatPenalty: -1}, {Order: []string{"top_q"}},
		{DRYBase: float32(math.NaN())}, {XTCThreshold: float32(math.NaN())}, {DynaRange: float32(math.Inf(1))},
		{DynaExponent: float32(math.NaN())}, {MirostatTau: float32(math.NaN())}, {MirostatEta: float32(math.Inf(-1))}} {
		if _, err := New(p); !errors.Is(err, ErrParams) {
			t.Errorf("%+v: %v", p, err)
		}
	}
}

// TestSelectTop compares the heap with sorting.
func TestSelectTop(t *testing.T) {
	logits := make([]float32, 5000)
	for i := range logits {
		logits[i] = float32((i * 7919) % 251)
	}
	for _, k := range []int{1, 2, 40, 300} {
		s, _ := New(Params{})
		s.load(logits, nil, false)
		want := slices.Clone(s.cand)
		slices.SortFunc(want, byLogit)
		s.topK(k)
		if !slices.Equal(s.cand, want[:k]) {
			t.Errorf("top %d differs from sorting", k)
		}
	}
}
