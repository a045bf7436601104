package token

import (
	"bytes"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// build makes a tokenizer from keys.
func build(t testing.TB, keys map[string]any) (*Tokenizer, error) {
	t.Helper()
	var w gguf.Writer
	for k, v := range keys {
		if err := w.Add(k, v); err != nil {
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
	return New(f)
}

type keys = map[string]any

func kindsOf(n int, special map[int]Kind) []int32 {
	l := make([]int32, n)
	for i := range l {
		l[i] = int32(Normal)
		if k, ok := special[i]; ok {
			l[i] = int32(k)
		}
	}
	return l
}

// spmKeys is a small SentencePiece vocabulary with bytes.
func spmKeys() keys {
	texts := []string{"<unk>", "<s>", "</s>"}
	special := map[int]Kind{0: Unknown, 1: Control, 2: Control}
	for b := range 256 {
		special[len(texts)] = Byte
		texts = append(texts, fmt.Sprintf("<0x%02X>", b))
	}
	n := len(texts) // 259
	texts = append(texts, "▁", "a", "b", "c", "ab", "bc", "▁ab", "abc", "<think>", "é")
	special[slices.Index(texts, "<think>")] = UserDefined
	scores := make([]float32, len(texts))
	for i, s := range texts[n:] {
		scores[n+i] = map[string]float32{"ab": -1, "bc": -2, "▁ab": -3, "abc": -4}[s]
	}
	return keys{"tokenizer.ggml.model": "llama", "tokenizer.ggml.tokens": texts, "tokenizer.ggml.scores": scores,
		"tokenizer.ggml.token_type": kindsOf(len(texts), special)}
}

// names spells ids by their texts.
func names(t *Tokenizer, ids []int32) string {
	var l []string
	for _, id := range ids {
		l = append(l, t.Text(id))
	}
	return strings.Join(l, "|")
}

func TestSPM(t *testing.T) {
	tok, err := build(t, spmKeys())
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text         string
		add, special bool
		want         string
	}{
		{"", true, false, "<s>"}, {"", false, false, ""},
		{"ab", false, false, "▁ab"},            // ab first (-1), then with the space (-3)
		{"abc", false, false, "▁ab|c"},         // not abc: the space took ab
		{"  abc", true, true, "<s>|▁|▁|▁ab|c"}, // the prefix and two spaces
		{"cbc", false, false, "▁|c|bc"},
		{"é", false, false, "▁|é"},
		{"ñ", false, false, "▁|<0xC3>|<0xB1>"},
		{"\xff", false, false, "▁|<0xFF>"},
		{"a</s>ab", false, false, "▁|a|<0x3C>|<0x2F>|<0x73>|<0x3E>|ab"},
		{"a</s>ab", false, true, "▁|a|</s>|▁ab"}, // after a special token the prefix comes again
		{"a<think>ab", false, false, "▁|a|<think>|▁ab"},
		{"<s><s>", true, true, "<s>|<s>|<s>"},
	} {
		if got := names(tok, tok.Encode(c.text, c.add, c.special)); got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
	if !tok.IsEOG(2) || tok.IsEOG(1) || tok.EOS != 2 || tok.BOS != 1 {
		t.Errorf("ends: %v, BOS %d, EOS %d", tok.eog, tok.BOS, tok.EOS)
	}
	if got := tok.Decode(tok.Encode("ab é\xff<s>", false, true), false); got != " ab é\uFFFD" {
		t.Errorf("decoded %q", got)
	}
	if got := tok.Decode([]int32{1, 2}, true); got != "<s></s>" {
		t.Errorf("special decoded %q", got)
	}
}

// bpeKeys is a small byte-level vocabulary.
func bpeKeys(pre string) keys {
	var texts []string
	for _, r := range byteRunes {
		texts = append(texts, string(r))
	}
	texts = append(texts, "he", "ll", "hell", "hello", "Ġw", "ld", "<|end|>", "日")
	return keys{"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": pre, "tokenizer.ggml.tokens": texts,
		"tokenizer.ggml.token_type": kindsOf(len(texts), map[int]Kind{262: Control}),
		"tokenizer.ggml.merges":     []string{"h e", "l l", "he ll", "Ġ w", "l d", "o r", "or ld"}}
}

func TestBPE(t *testing.T) {
	tok, err := build(t, bpeKeys("gpt-2"))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		text    string
		special bool
		want    string
	}{
		{"hello world", false, "hell|o|Ġw|o|r|l|d"}, // "orld" merges into no entry and falls back to characters
		{"hello", false, "hell|o"},
		{"<|end|>", true, "<|end|>"},
		{"日", false, "æ|Ĺ|¥"}, // an entry outside the alphabet is only found as a special token
		{"\xff", false, "ï|¿|½"},
	} {
		got := names(tok, tok.Encode(c.text, true, c.special))
		if got != c.want {
			t.Errorf("%q: got %s, want %s", c.text, got, c.want)
		}
	}
	// Families that take whole words from the vocabulary.
	tok, err = build(t, bpeKeys("llama-bpe"))
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tok, tok.Encode("hello", false, false)); got != "hello" {
		t.Errorf("llama-bpe: got %s", got)
	}
}

// TestMerge compares the two ways of merging on random words and merge lists.
func TestMerge(t *testing.T) {
	r := rand.New(rand.NewPCG(7, 8))
	for range 300 {
		m := &bpe{pairs: map[uint64]pair{}, size: 1000}
		for rank := range 30 {
			m.pairs[pairKey(int32(r.IntN(8)), int32(r.IntN(8)))] = pair{uint32(rank), int32(r.IntN(8))}
		}
		n := 2 + r.IntN(shortWord-1)
		syms := make([]symbol, n)
		for i := range syms {
			syms[i] = symbol{start: int32(i), end: int32(i + 1), id: int32(r.IntN(8))}
		}
		short := slices.Clone(mergeShort("", slices.Clone(syms), m))
		long := mergeLong("", slices.Clone(syms), m)
		same := func(a, b symbol) bool { return a.start == b.start && a.end == b.end && a.id == b.id }
		if !slices.EqualFunc(short, long, same) {
			t.Fatalf("%v: short %v, long %v", syms, short, long)
		}
	}
}

// TestSpecialOverlap: longer special tokens win, also when they begin later.
func TestSpecialOverlap(t *testing.T) {
	k := spmKeys()
	texts := append(k["tokenizer.ggml.tokens"].([]string), "ABC", "BCDE", "BC")
	special := append(k["tokenizer.ggml.token_type"].([]int32), 4, 4, 4)
	k["tokenizer.ggml.tokens"], k["tokenizer.ggml.token_type"] = texts, special
	k["tokenizer.ggml.scores"] = make([]float32, len(texts))
	tok, err := build(t, k)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"ABCDE": "▁|<0x41>|BCDE", "ABCABC": "ABC|ABC", "BCBC": "BC|BC", "ABCD": "ABC|▁|<0x44>"} {
		if got := names(tok, tok.Encode(text, false, false)); got != want {
			t.Errorf("%s: got %s, want %s", text, got, want)
		}
	}
	tok.Encode(strings.Repeat("ABC", 1<<18), false, true) // many occurrences take linear time
}

func TestPhi3Strips(t *testing.T) {
	k := spmKeys()
	k["general.name"] = "Phi-3 mini"
	tok, err := build(t, k)
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"</s> \n ab": "</s>|▁ab", "<s> ab": "<s>|▁|▁ab", "<think>  ": "<think>"} {
		if got := names(tok, tok.Encode(text, false, true)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
}

func TestWordPiece(t *testing.T) {
	texts := []string{"[PAD]", "[UNK]", "[CLS]", "[SEP]", "▁cafe", "▁un", "aff", "able", "▁!", "▁中", "▁ᄎ"}
	tok, err := build(t, keys{"tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": texts,
		"tokenizer.ggml.token_type":   kindsOf(len(texts), map[int]Kind{0: Control, 1: Control, 2: Control, 3: Control}),
		"tokenizer.ggml.bos_token_id": 2, "tokenizer.ggml.seperator_token_id": 3, "tokenizer.ggml.unknown_token_id": 1})
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{"Café!": "▁cafe|▁!", "츓": "▁ᄎ", "caf\u0378e": "[UNK]", "unaffable": "▁un|aff|able", "unaffablex": "[UNK]", "中cafe\x00\u200b": "▁中|▁cafe", "": ""} {
		if got := names(tok, tok.Encode(text, false, false)); got != want {
			t.Errorf("%q: got %s, want %s", text, got, want)
		}
	}
	if got := names(tok, tok.Encode("cafe", true, false)); got != "[CLS]|▁cafe|[SEP]" {
		t.Errorf("with special tokens: %s", got)
	}
}

// TestWordPieceLongEntry: an entry nobody writes is refused, since the time of every word grows with the longest.
func TestWordPieceLongEntry(t *testing.T) {
	for n, want := range map[int]error{maxEntry: nil, maxEntry + 1: ErrVocab} {
		_, err := build(t, keys{"tokenizer.ggml.model": "bert", "tokenizer.ggml.tokens": []string{"[UNK]", strings.Repeat("a", n)},
			"tokenizer.ggml.token_type": kindsOf(2, map[int]Kind{0: Control}), "tokenizer.ggml.unknown_token_id": 0})
		if !errors.Is(err, want) {
			t.Errorf("%d bytes: got %v, want %v", n, err, want)
		}
		if want != nil && !strings.Contains(err.Error(), "entry 1 has 257 bytes, want at most 256") {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
}

// TestDecoder feeds every byte alone and wants whole characters only.
func TestDecoder(t *testing.T) {
	tok, err := build(t, spmKeys())
	if err != nil {
		t.Fatal(err)
	}
	const text = "aé猫😀\xffb\xe7\x8c\xf0"
	d := tok.Decoder(false)
	var pieces []string
	for i := range len(text) {
		if s := d.Add(3 + int32(text[i])); s != "" {
			pieces = append(pieces, s)
		}
	}
	pieces = append(pieces, d.Flush())
	if got := strings.Join(pieces, "|"); got != "a|é|猫|😀|\uFFFD|b|\uFFFD|\uFFFD" {
		t.Errorf("got %q", got)
	}
	if d.Flush() != "" {
		t.Error("flushed twice")
	}
}

func TestRefuses(t *testing.T) {
	with := func(k keys, name string, v any) keys {
		if v == nil {
			delete(k, name)
		} else {
			k[name] = v
		}
		return k
	}
	for name, c := range map[string]struct {
		k    keys
		err  error
		want string
	}{
		"model":     {with(spmKeys(), "tokenizer.ggml.model", "t5"), ErrUnsupported, `"t5"; supported are llama, gpt2, gemma4, bert`},
		"no model":  {with(spmKeys(), "tokenizer.ggml.model", nil), ErrVocab, "missing"},
		"no tokens": {with(spmKeys(), "tokenizer.ggml.tokens", nil), ErrVocab, "0 tokens"},
		"types":     {with(spmKeys(), "tokenizer.ggml.token_type", []int32{1}), ErrVocab, "1 entries"},
		"scores":    {with(spmKeys(), "tokenizer.ggml.scores", []float32{1}), ErrVocab, "1 entries"},
		"a string":  {with(spmKeys(), "tokenizer.ggml.tokens", "x"), gguf.ErrCorrupt, "array of strings"},
		"pre":       {with(bpeKeys("gpt-2"), "tokenizer.ggml.pre", "nope"), ErrUnsupported, `"nope"; supported are`},
		"merge":     {with(bpeKeys("gpt-2"), "tokenizer.ggml.merges", []string{"ab"}), ErrVocab, `merge 0 is "ab"`},
		"empty":     {with(bpeKeys("gpt-2"), "tokenizer.ggml.merges", []string{""}), ErrVocab, `merge 0 is ""`},
	} {
		_, err := build(t, c.k)
		if !errors.Is(err, c.err) || !strings.Contains(fmt.Sprint(err), c.want) {
			t.Errorf("%s: %v; want %v and %q", name, err, c.err, c.want)
		}
	}
	// Ids outside the vocabulary are not followed.
	k := spmKeys()
	k["tokenizer.ggml.eos_token_id"] = 99999
	tok, err := build(t, k)
	if err != nil || tok.EOS != 2 || tok.Piece(-1, true) != "" || tok.Piece(99999, true) != "" || tok.Text(-5) != "" || tok.Kind(1<<30) != Undefined {
		t.Errorf("%v, EOS %d", err, tok.EOS)
	}
}

func FuzzEncode(f *testing.F) {
	var toks []*Tokenizer
	for _, k := range []keys{spmKeys(), bpeKeys("llama-bpe"), bpeKeys("deepseek-v3"), bpeKeys("gpt-4o"), bpeKeys("falcon")} {
		t, err := build(f, k)
		if err != nil {
			f.Fatal(err)
		}
		toks = append(toks, t)
	}
	f.Add("Hello, world! </s> 12345 \xff é")
	f.Fuzz(func(t *testing.T, text string) {
		for _, tok := range toks {
			ids := tok.Encode(text, true, true)
			for _, id := range ids {
				if id < 0 || int(id) >= tok.Size() {
					t.Fatalf("%q: id %d", text, id)
				}
			}
			tok.Decode(ids, true)
		}
	})
}
