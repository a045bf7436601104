package sample

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestShortcut wants the same tokens from the few likeliest as from the whole vocabulary: the second sampler has a step
// without effect that forbids the shortcut.
func TestShortcut(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	orders := [][]string{nil, {"top_k", "penalties", "temperature"}, {"penalties", "top_k", "top_p", "temperature"}}
	for i := range 300 {
		logits := make([]float32, 2000)
		for k := range logits {
			logits[k] = float32(rng.NormFloat64()*3) - float32(k%7)
			if i%3 == 0 {
				logits[k] = float32(k % 11) // many are equal
			}
		}
		logits[rng.IntN(len(logits))] = float32(math.NaN())
		logits[rng.IntN(len(logits))] = float32(math.Inf(-1))
		p := Params{Temp: float32(i%4) / 2, TopK: 1 + rng.IntN(60), TopP: 0.9, MinP: 0.02, Seed: uint64(i), RepeatLastN: 20, Order: orders[i%3]}
		switch i % 5 {
		case 1:
			p.RepeatPenalty, p.FrequencyPenalty = 1.3, 0.2
		case 2:
			p.PresencePenalty = 0.5
			p.LogitBias = map[int32]float32{3: 5, 10: float32(math.Inf(-1)), 1 << 20: 1, -1: 2}
		}
		slow := p
		if slow.Temp <= 0 {
			slow.DRYMultiplier, slow.DRYAllowedLength = 1, 1000
		}
		order := p.Order
		if order == nil {
			order = DefaultOrder
		}
		slow.Order = append([]string{"typ_p"}, order...)
		a, err := New(p)
		if err != nil {
			t.Fatal(err)
		}
		b, err := New(slow)
		if err != nil {
			t.Fatal(err)
		}
		if k, _ := a.shortcut(len(logits)); k == 0 {
			t.Fatalf("%+v: no shortcut", p)
		}
		if k, _ := b.shortcut(len(logits)); k != 0 {
			t.Fatalf("%+v: a shortcut", slow)
		}
		for n := range 20 {
			x, y := a.Choose(logits, nil), b.Choose(logits, nil)
			if x != y {
				t.Fatalf("%+v: token %d is %d, from the whole vocabulary %d", p, n, x, y)
			}
			a.Accept(x)
			b.Accept(y)
		}
	}
}

func BenchmarkChoose(b *testing.B) {
	logits := make([]float32, 151936)
	for i := range logits {
		logits[i] = float32(math.Sin(float64(i)) * 10)
	}
	s, err := New(Params{Temp: 0.8, TopK: 40, TopP: 0.95, MinP: 0.05})
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		s.Choose(logits, nil)
	}
}
