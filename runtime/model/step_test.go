package model

import (
	"os"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// TestTokenAllocations: generating a token allocates nothing, so that the garbage collector does not run in the token
// loop. (Now and then a new page of the cache is needed; the test stays within one.)
func TestTokenAllocations(t *testing.T) {
	data, err := os.ReadFile("../../testdata/demo.gguf")
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	m, err := Open(f, Options{Threads: 2, keepQuantised: true})
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
			tokens[0] = Token{ID: 300, Pos: pos, Cache: c, Logits: true}
			if logits, err = m.Forward(logits, tokens); err != nil {
				t.Fatal(err)
			}
			pos++
		}
		for range 4 { // makes the scratch memory
			step()
		}
		if a := testing.AllocsPerRun(100, step); a != 0 {
			t.Errorf("cache type %d: %v allocations a token", typ, a)
		}
	}
}
