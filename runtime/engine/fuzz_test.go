package engine

import (
	"context"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// FuzzOpen feeds damaged models: what opens must compute without a panic. A patch of three bytes changes one byte of
// the model: two of them are its offset, which covers the metadata and the list of tensors.
func FuzzOpen(f *testing.F) {
	var models [][]byte
	for i, arch := range model.Architectures() {
		b, err := modeltest.Build(arch)
		if err != nil {
			f.Fatal(err)
		}
		models = append(models, b)
		f.Add(uint8(i), []byte{})
		f.Add(uint8(i), []byte{0x00, 0x60, 0x7f, 0x10, 0x01, 0x80, 0xff, 0xff, 0xff})
	}
	f.Fuzz(func(t *testing.T, arch uint8, patch []byte) {
		b := slices.Clone(models[int(arch)%len(models)])
		for ; len(patch) >= 3; patch = patch[3:] {
			b[int(binary.LittleEndian.Uint16(patch))%len(b)] ^= patch[2]
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
		ids = ids[:min(len(ids), 8)]
		s.Generate(context.Background(), ids, Params{N: 4, Shift: true}, func(int32, string) error { return nil })
		e.Embed(ids, model.PoolNone)
		e.ChatPrompt([]chat.Message{{Role: "user", Content: "x"}}, true)
	})
}
