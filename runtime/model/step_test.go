package model

import (
	"context"
	"math"
	"os"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// TestTokenAllocations: generating a token allocates nothing, so that the garbage collector does not run in the token
// loop. (Now and then a new page of the cache is needed; the test stays within one.)
func TestTokenAllocations(t *testing.T) {
	demo, err := os.ReadFile("../../testdata/demo.gguf")
	if err != nil {
		t.Fatal(err)
	}
	hybrid, err := modeltest.Build("qwen35")
	if err != nil {
		t.Fatal(err)
	}
	tokenAllocations(t, demo)
	tokenAllocations(t, hybrid)
}

func tokenAllocations(t *testing.T, data []byte) {
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, Options{Threads: 2, Context: 512, keepQuantised: true})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	for _, typ := range []CacheType{CacheF16, CacheQ8} {
		c := m.NewCache(typ)
		var logits []float32
		tokens := make([]Token, 1)
		pos := 0
		step := func() {
			tokens[0] = Token{ID: 290, Pos: pos, Cache: c, Logits: true}
			if logits, err = m.Forward(logits, tokens); err != nil {
				t.Fatal(err)
			}
			pos++
		}
		for range 4 { // makes the scratch memory
			step()
		}
		// On a busy machine Go's scheduler allocates threads now and then, and that counts too: not three times over.
		least := math.Inf(1)
		for range 3 {
			least = min(least, testing.AllocsPerRun(100, step))
			if least == 0 {
				break
			}
		}
		if least != 0 {
			t.Errorf("cache type %d: %v allocations a token", typ, least)
		}
	}
}

// TestForwardContext: a pass whose context ends computes no products, whatever the network, and leaves nothing behind.
func TestForwardContext(t *testing.T) {
	ended, end := context.WithCancel(context.Background())
	end()
	for _, arch := range []string{"llama", "qwen3moe", "gpt-oss", "gemma2"} {
		m := buildModel(t, &modeltest.Model{Arch: arch}, Options{Threads: 2})
		tokens := make([]Token, 3)
		cache := m.NewCache(CacheF32)
		for i := range tokens {
			tokens[i] = Token{ID: int32(20 + i), Pos: i, Cache: cache, Logits: true}
		}
		want, err := m.Forward(nil, tokens)
		if err != nil {
			t.Fatal(err)
		}
		const mark = 42
		products := [][]float32{m.step.v, m.step.moe.y}
		for _, p := range products {
			for i := range p {
				p[i] = mark
			}
		}
		if got, err := m.ForwardContext(ended, nil, tokens); err != context.Canceled || got != nil {
			t.Errorf("%s: %d logits, error %v, want none and %v", arch, len(got), err, context.Canceled)
		}
		for _, p := range products {
			for _, v := range p {
				if v != mark {
					t.Fatalf("%s: a product was computed", arch)
				}
			}
		}
		got, err := m.Forward(nil, tokens)
		if err != nil || !slices.Equal(got, want) {
			t.Errorf("%s: other logits afterwards (%v)", arch, err)
		}
	}
}
