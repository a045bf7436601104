package token

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// charVocab makes a small tokenizer of Gemma 4's kind; ids are positions in the list.
func charVocab(t *testing.T, merges ...string) (*Tokenizer, map[string]int32) {
	t.Helper()
	tokens := []string{"<pad>", "<eos>", "<bos>", "<unk>"}
	kinds := []int32{3, 3, 3, 2}
	for b := range 256 {
		tokens, kinds = append(tokens, fmt.Sprintf("<0x%02X>", b)), append(kinds, 6)
	}
	for _, s := range []string{"▁", "a", "b", "é", "\n", "\n\n", "ab", "▁a", "▁ab", "aa"} {
		tokens, kinds = append(tokens, s), append(kinds, 1)
	}
	var w gguf.Writer
	for _, k := range []struct {
		key   string
		value any
	}{
		{"tokenizer.ggml.model", "gemma4"}, {"tokenizer.ggml.tokens", tokens}, {"tokenizer.ggml.token_type", kinds},
		{"tokenizer.ggml.merges", merges}, {"tokenizer.ggml.bos_token_id", 2}, {"tokenizer.ggml.eos_token_id", 1},
		{"tokenizer.ggml.add_bos_token", false},
	} {
		if err := w.Add(k.key, k.value); err != nil {
			t.Fatal(err)
		}
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	tok, err := New(f)
	if err != nil {
		t.Fatal(err)
	}
	return tok, tok.ids
}

func TestCharBPE(t *testing.T) {
	// "ax" is no entry, yet "ax" and "x" merge to one that falls back to bytes.
	tok, ids := charVocab(t, "a b", "▁ a", "▁ ab", "\n \n", "a x", "ax x")
	for _, c := range []struct {
		text string
		want []string
	}{
		{"ab", []string{"ab"}},
		{" ab a", []string{"▁ab", "▁a"}},
		{"  a", []string{"▁", "▁a"}},
		{"a\n\nb", []string{"a", "\n\n", "b"}},
		{"\n\n\n", []string{"\n\n", "\n"}},
		{"é", []string{"é"}},
		{"ü", []string{"<0xC3>", "<0xBC>"}},
		{"axx", []string{"<0x61>", "<0x78>", "<0x78>"}},
		{"a\xff", []string{"a", "<0xEF>", "<0xBF>", "<0xBD>"}},
		{strings.Repeat("ab", 40), slices.Repeat([]string{"ab"}, 40)},
	} {
		want := []int32{2} // the beginning token, whatever the file says
		for _, s := range c.want {
			want = append(want, ids[s])
		}
		for range 2 { // the second time from the cache
			if got := tok.Encode(c.text, true, false); !slices.Equal(got, want) {
				t.Errorf("%q: %v, want %v", c.text, got, want)
			}
		}
		if back := tok.Decode(want[1:], false); back != strings.ToValidUTF8(c.text, "\uFFFD") {
			t.Errorf("%q comes back as %q", c.text, back)
		}
	}
}
