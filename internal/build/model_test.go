package build

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

func TestPieces(t *testing.T) {
	p := newPieces([][]byte{[]byte("one "), nil, []byte("two "), []byte("three"), {}})
	if err := iotest.TestReader(io.NewSectionReader(p, 0, p.size), []byte("one two three")); err != nil {
		t.Error(err)
	}
}

// TestSplitModel splits the demo model in two and expects the joined one to hold the
// same tensors and keys.
func TestSplitModel(t *testing.T) {
	data, err := os.ReadFile("../../testdata/demo.gguf")
	if err != nil {
		t.Fatal(err)
	}
	whole, err := gguf.Parse(data)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	base := filepath.Join(dir, "demo")
	for i := range 2 {
		w := new(gguf.Writer)
		must := func(err error) {
			if err != nil {
				t.Fatal(err)
			}
		}
		for _, kv := range whole.Keys {
			if i == 0 {
				must(w.Add(kv.Key, kv.Value))
			}
		}
		must(w.Add("split.no", uint16(i)))
		must(w.Add("split.count", uint16(2)))
		must(w.Add("split.tensors.count", int32(len(whole.Tensors))))
		half := len(whole.Tensors) / 2
		for _, x := range [][]gguf.Tensor{whole.Tensors[:half], whole.Tensors[half:]}[i] {
			must(w.AddTensor(x.Name, x.Type, x.Dims, x.Data))
		}
		segments, err := w.Segments()
		must(err)
		must(os.WriteFile(fmt.Sprintf("%s-%05d-of-00002.gguf", base, i+1), bytes.Join(segments, nil), 0o600))
	}
	if _, err := Open(base + "-00002-of-00002.gguf"); err == nil || !strings.Contains(err.Error(), "later part") {
		t.Errorf("second part: got %v, want an error that says so", err)
	}
	m, err := Open(base + "-00001-of-00002.gguf")
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	joined, err := io.ReadAll(io.NewSectionReader(m.Data, 0, m.Size))
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(joined)
	if err != nil {
		t.Fatal(err)
	}
	if m.Name != "demo.gguf" || len(f.Tensors) != len(whole.Tensors) {
		t.Errorf("%s holds %d tensors, want demo.gguf with %d", m.Name, len(f.Tensors), len(whole.Tensors))
	}
	for i, x := range whole.Tensors {
		if y := f.Tensors[i]; y.Name != x.Name || !bytes.Equal(y.Data, x.Data) {
			t.Errorf("tensor %d: %s differs from %s", i, y.Name, x.Name)
		}
	}
	if err := os.Remove(base + "-00002-of-00002.gguf"); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(base + "-00001-of-00002.gguf"); err == nil {
		t.Error("second part missing: no error")
	}
}

// TestVocabularyAlone: llama.cpp's test vocabularies are models without weights.
func TestVocabularyAlone(t *testing.T) {
	w := &gguf.Writer{}
	if err := w.Add("general.architecture", "llama"); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
		t.Fatal(err)
	}
	if _, err := Open(path); err == nil || !strings.Contains(err.Error(), "no weights in it") {
		t.Errorf("got %v, want a word about the weights", err)
	}
}

func TestModelsTheEngineCannotRun(t *testing.T) {
	for _, c := range []struct {
		name, arch, tokenizer string
		typ                   tensor.Type
		want                  string // empty: accepted
	}{
		{"known", "llama", "", tensor.F32, ""},
		{"architecture", "mamba", "", tensor.F32, "architecture not supported: key \"general.architecture\" at offset 0x38 is \"mamba\"; supported are"},
		{"type", "llama", "", 16, "tensor type not supported"}, // IQ2_XXS
		{"tokenizer", "llama", "rwkv", tensor.F32, "tokenizer not supported: key \"tokenizer.ggml.model\" at offset"},
	} {
		w := &gguf.Writer{}
		if err := w.Add("general.architecture", c.arch); err != nil {
			t.Fatal(err)
		}
		if c.tokenizer != "" {
			if err := w.Add("tokenizer.ggml.model", c.tokenizer); err != nil {
				t.Fatal(err)
			}
			if err := w.Add("tokenizer.ggml.tokens", []string{"a"}); err != nil {
				t.Fatal(err)
			}
		}
		size := 256 * 4
		if c.typ != tensor.F32 {
			size = 66 // a block of 256 weights
		}
		if err := w.AddTensor("token_embd.weight", c.typ, []int{256}, make([]byte, size)); err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "m.gguf")
		var b bytes.Buffer
		if _, err := w.WriteTo(&b); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, b.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
		m, err := Open(path)
		if err == nil {
			m.Close()
		}
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: error %v, want %q", c.name, err, c.want)
		}
		// A projector of the same kind is only carried.
		if m, err := OpenProjector(path); err != nil {
			t.Errorf("%s: %v", c.name, err)
		} else {
			m.Close()
		}
	}
}

// TestOneFile: a file that takes the name of a model after it was opened changes nothing, neither what is run for the
// golden tokens nor what is copied.
func TestOneFile(t *testing.T) {
	want, err := os.ReadFile("../../testdata/demo.gguf")
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "m.gguf")
	if err := os.WriteFile(path, want, 0o600); err != nil {
		t.Fatal(err)
	}
	m, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Close()
	if err := os.Rename(path, path+".old"); err != nil {
		if runtime.GOOS == "windows" {
			t.Skip("an open file keeps its name on Windows")
		}
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte("another"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := m.recordGolden(t.Context(), GoldenYes); err != nil || m.Golden == nil || m.Golden.IDs == "" {
		t.Errorf("golden tokens: %v, %+v", err, m.Golden)
	}
	got, err := io.ReadAll(io.NewSectionReader(m.Data, 0, m.Size))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("%d bytes, %v; want the %d bytes that were opened", len(got), err, len(want))
	}
}
