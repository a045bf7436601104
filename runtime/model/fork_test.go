package model

import (
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// TestFork continues one beginning in two ways, in caches that share it, and wants the logits of caches that do not.
func TestFork(t *testing.T) {
	b, err := modeltest.Build("llama")
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, Options{Threads: 2, Context: 2 * pageLen})
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	const common = pageLen + 3 // one whole page and the beginning of another
	run := func(c *Cache, from, n int, id int32) []float32 {
		var tokens []Token
		for i := range n {
			tokens = append(tokens, Token{ID: (id + int32(from+i)) % int32(m.Vocab), Pos: from + i, Cache: c, Logits: i == n-1})
		}
		l, err := m.Forward(nil, tokens)
		if err != nil {
			t.Fatal(err)
		}
		return l
	}
	for _, typ := range []CacheType{CacheF16, CacheF32, CacheQ8} {
		alone := m.NewCache(typ)
		run(alone, 0, common, 1)
		wantA := run(alone, common, 5, 2)
		alone = m.NewCache(typ)
		run(alone, 0, common, 1)
		wantB := run(alone, common, 7, 3)

		a := m.NewCache(typ)
		run(a, 0, common+20, 1) // what the fork leaves out
		one := a.Bytes()
		b := a.Fork(common)
		if got := CacheBytes(a, b); got != one {
			t.Errorf("type %d: a cache and its fork take %d bytes, want those of the cache, %d", typ, got, one)
		}
		gotB := run(b, common, 7, 3)
		gotA := run(a, common, 5, 2)
		if !slices.Equal(gotA, wantA) || !slices.Equal(gotB, wantB) {
			t.Errorf("type %d: logits after a fork differ from those of caches of their own", typ)
		}
		if got := CacheBytes(a, b); got != one+one/2 {
			t.Errorf("type %d: after writing they take %d bytes, want one page of two shared: %d", typ, got, one+one/2)
		}
		c := b.Fork(common + 7)
		if err := m.Shift(c, 2, 10, common+7); err != nil {
			t.Fatal(err)
		}
		if got := run(b, common, 7, 3); !slices.Equal(got, wantB) {
			t.Errorf("type %d: a shift of the fork changes the original", typ)
		}
		b.Truncate(3)
		if got := b.Bytes(); got != one/2 {
			t.Errorf("type %d: %d bytes are left of three positions, want a page of every layer: %d", typ, got, one/2)
		}
	}
}
