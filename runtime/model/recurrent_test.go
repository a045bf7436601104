package model

import (
	"context"
	"errors"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// hybrids are the architectures with recurrent layers.
var hybrids = []string{"qwen35", "qwen35moe", "qwen3next", "lfm2", "lfm2moe"}

// TestAllPositions compares the logits at every position of a prompt, however it is cut into batches, with llama.cpp's.
func TestAllPositions(t *testing.T) {
	for _, file := range golden.Models(t) {
		all := file.Positions(t)
		if all == nil {
			continue
		}
		t.Run(file.Name, func(t *testing.T) {
			m := openModel(t, file.File, Options{Threads: 2, Context: 512})
			ids := file.Exact(t).PromptTokens
			bar := 5e-3
			if m.Arch == "gemma4" {
				bar = 1e-2 // llama.cpp's table of GELU is made with other roundings than tableGELU
			}
			whole := textLogits(t, m, ids)
			if _, most := golden.Distance(whole, all); most > bar {
				t.Errorf("max |diff| of logits is %g, want at most %g", most, bar)
			}
			for _, sizes := range [][]int{{1}, {1, 5, len(ids)}, {7}} {
				c := m.NewCache(CacheF32)
				var got []float32
				for pos, k := 0, 0; pos < len(ids); k++ {
					n := min(sizes[min(k, len(sizes)-1)], len(ids)-pos)
					var toks []Token
					for i := range n {
						toks = append(toks, Token{ID: ids[pos+i], Pos: pos + i, Cache: c, Logits: true})
					}
					got = append(got, forward(t, m, toks)...)
					pos += n
				}
				if !slices.Equal(got, whole) {
					t.Errorf("batches of %v give other logits than one of %d", sizes, len(ids))
				}
			}
		})
	}
}

// TestSnapshots takes sequences back to where a snapshot is, in place and in a fork, and wants the logits of a sequence
// that went there directly.
func TestSnapshots(t *testing.T) {
	for _, arch := range hybrids {
		m := buildModel(t, &modeltest.Model{Arch: arch}, Options{Context: 64, Threads: 2})
		ids := modeltest.PeerIDs
		feed := func(c *Cache, pos int, ids ...int32) []float32 {
			var toks []Token
			for i, id := range ids {
				toks = append(toks, Token{ID: id, Pos: pos + i, Cache: c, Logits: i == len(ids)-1})
			}
			return forward(t, m, toks)
		}
		fresh := m.NewCache(CacheF32)
		prompt := feed(fresh, 0, ids[:12]...)
		want := feed(fresh, 12, 290, 291)

		c := m.NewCache(CacheF32)
		feed(c, 0, ids[:12]...)
		for i, id := range ids[12:] {
			feed(c, 12+i, id)
		}
		// The whole sequence, its end before the last token of the prompt, and nothing in between.
		for n, want := range map[int]int{len(ids): len(ids), len(ids) - 1: 11, 12: 11, 11: 11, 10: 0, len(ids) + 3: len(ids)} {
			if got := c.Reusable(n); got != want {
				t.Errorf("%s: %d of %d tokens can be used again, want %d", arch, got, n, want)
			}
		}
		b := c.Fork(11)
		if got := feed(b, 11, ids[11]); !slices.Equal(got, prompt) {
			t.Errorf("%s: a fork computes other logits after the prompt", arch)
		}
		if got := feed(b, 12, 290, 291); !slices.Equal(got, want) {
			t.Errorf("%s: a fork goes on differently", arch)
		}
		if _, err := m.Forward(nil, []Token{{ID: 1, Pos: 15, Cache: c}}); !errors.Is(err, ErrState) {
			t.Errorf("%s: going back to where no snapshot is: %v, want %v", arch, err, ErrState)
		}
		if got := feed(c, 11, ids[11]); !slices.Equal(got, prompt) {
			t.Errorf("%s: going back gives other logits", arch)
		}
		if got := feed(c, 0, ids[:12]...); !slices.Equal(got, prompt) {
			t.Errorf("%s: beginning anew gives other logits", arch)
		}
		if err := m.Shift(c, 1, 3, 12); !errors.Is(err, ErrContext) {
			t.Errorf("%s: a shift: %v, want %v", arch, err, ErrContext)
		}
		// Many prompts leave a bounded number of snapshots, the oldest and the newest among them.
		for pos := 12; pos < 50; pos += 5 {
			feed(c, pos, 1, 2, 3, 4, 5)
		}
		if n := len(c.state.saved); n != mostSnapshots || c.state.saved[0].pos != 11 || c.state.saved[n-1].pos != 51 {
			t.Errorf("%s: %d snapshots, from position %d on", arch, n, c.state.saved[0].pos)
		}
		one, all := stateBytes(c.state.layers), CacheBytes(c, c.Fork(51))
		if got := c.Bytes(); got < (1+mostSnapshots)*one || all != got+one {
			t.Errorf("%s: a cache of %d bytes takes %d with a fork; a state has %d", arch, got, all, one)
		}
	}
}

// TestStoppedState: a pass that is given up leaves no state that could be taken for a whole one.
func TestStoppedState(t *testing.T) {
	m := buildModel(t, &modeltest.Model{Arch: "qwen35"}, Options{Context: 64})
	ids := modeltest.PeerIDs
	c := m.NewCache(CacheF32)
	tokens := make([]Token, 12)
	for i := range tokens {
		tokens[i] = Token{ID: ids[i], Pos: i, Cache: c, Logits: i == 11}
	}
	want := forward(t, m, tokens)
	ended, end := context.WithCancel(context.Background())
	end()
	if _, err := m.ForwardContext(ended, nil, []Token{{ID: 1, Pos: 12, Cache: c}, {ID: 2, Pos: 13, Cache: c}}); err == nil {
		t.Fatal("a pass whose context has ended gives no error")
	}
	if n := c.Reusable(12); n != 11 {
		t.Errorf("%d tokens can be used again, want 11", n)
	}
	if got := forward(t, m, tokens[11:]); !slices.Equal(got, want) {
		t.Error("other logits after a pass that was given up")
	}
}
