package engine

import (
	"context"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// FuzzOpen feeds damaged models: what opens must compute without a panic.
func FuzzOpen(f *testing.F) {
	for _, arch := range model.Architectures() {
		b, err := modeltest.Build(arch)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(b, uint32(0), uint32(0))
	}
	f.Fuzz(func(t *testing.T, b []byte, at, value uint32) {
		if len(b) > 4 { // one more change, which mutation of such long inputs seldom makes in the header
			b = append([]byte(nil), b...)
			b[int(at)%min(len(b), 16<<10)] ^= byte(value)
		}
		e, err := Open("fuzz.gguf", b, Options{Threads: 1, Context: 16})
		if err != nil {
			return
		}
		defer e.Close()
		e.Info()
		s, err := e.NewSession()
		if err != nil {
			return
		}
		ids := e.Tokenize("the cat 1</s>", true, true)
		s.Generate(context.Background(), ids[:min(len(ids), 8)], Params{N: 4, Shift: true}, func(int32, string) error { return nil })
		e.Embed(ids[:min(len(ids), 8)], model.PoolNone)
		e.ChatPrompt([]chat.Message{{Role: "user", Content: "x"}}, true)
	})
}
