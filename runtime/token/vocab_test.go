package token

import (
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/token/tokentest"
)

// TestPeer compares with llama.cpp's ids under every pre-tokenizer (tools/oracle tokens).
func TestPeer(t *testing.T) {
	b, err := os.ReadFile("testdata/llamacpp.json")
	if err != nil {
		t.Fatal(err)
	}
	var want map[string][][]int32
	if err := json.Unmarshal(b, &want); err != nil {
		t.Fatal(err)
	}
	for _, pre := range PreTokenizers() {
		ids, ok := want[pre]
		if !ok || len(ids) != len(tokentest.Texts()) {
			t.Errorf("pre-tokenizer %q: %d answers for %d texts; make them with go run ./tools/oracle tokens", pre, len(ids), len(tokentest.Texts()))
			continue
		}
		b, err := tokentest.BPE(pre)
		if err != nil {
			t.Fatal(err)
		}
		f, err := gguf.Parse(b)
		if err != nil {
			t.Fatal(err)
		}
		tok, err := New(f)
		if err != nil {
			t.Fatal(err)
		}
		for i, text := range tokentest.Texts() {
			if got := tok.Encode(text, false, false); !slices.Equal(got, ids[i]) {
				t.Errorf("pre-tokenizer %q, %q:\n got %v\nwant %v", pre, text, got, ids[i])
			}
		}
	}
}

func openVocab(t testing.TB, name string) *Tokenizer {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	g, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	tok, err := New(g)
	if err != nil {
		t.Fatal(err)
	}
	return tok
}

// vocabFiles are vocabularies of real models with inputs and the ids llama.cpp gives them, where ../shared/data is.
func vocabFiles(t testing.TB) []string {
	files, err := filepath.Glob(filepath.Join(golden.Shared(t, "vocab"), "*.gguf.gz"))
	if err != nil {
		t.Fatal(err)
	}
	return files
}

// TestRealVocabularies adds to TestPeer. It compares with llama.cpp's ids, one line per input.
func TestRealVocabularies(t *testing.T) {
	for _, name := range vocabFiles(t) {
		base := strings.TrimSuffix(name, ".gguf.gz")
		t.Run(filepath.Base(base), func(t *testing.T) {
			tok := openVocab(t, name)
			in, err := os.ReadFile(base + ".inp")
			if err != nil {
				t.Fatal(err)
			}
			out, err := os.ReadFile(base + ".out")
			if err != nil {
				t.Fatal(err)
			}
			texts := strings.Split(string(in), "\n__ggml_vocab_test__\n")
			want := strings.Split(string(out), "\n")
			for i, text := range texts {
				got := fmt.Sprint(tok.Encode(text, false, false))
				if w := fmt.Sprint(strings.Fields(want[i])); got != w {
					t.Errorf("%q:\n got %s\nwant %s", text, got, w)
				}
				if tok.Model == "bert" {
					continue // lower-cased: does not decode to the same text
				}
				back := tok.Decode(tok.Encode(text, false, false), false)
				if tok.addSpacePrefix {
					back = strings.TrimPrefix(back, " ")
				}
				if back != text {
					t.Errorf("%q decodes to %q", text, back)
				}
			}
		})
	}
}

// BenchmarkEncode is the rate of encoding a mixed text, one thread.
func BenchmarkEncode(b *testing.B) {
	for _, name := range vocabFiles(b) {
		base := strings.TrimSuffix(name, ".gguf.gz")
		b.Run(filepath.Base(base), func(b *testing.B) {
			tok := openVocab(b, name)
			text, err := os.ReadFile("split.go")
			if err != nil {
				b.Fatal(err)
			}
			in, err := os.ReadFile(base + ".inp")
			if err != nil {
				b.Fatal(err)
			}
			s := strings.Repeat(string(text)+string(in), 20)
			b.SetBytes(int64(len(s)))
			for b.Loop() {
				tok.Encode(s, false, false)
			}
		})
	}
}
