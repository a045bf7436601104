package token

import (
	"strings"
	"testing"
)

// TestOddTexts has texts on which random comparison with llama.cpp found differences, cut down; the pieces are llama.cpp's.
func TestOddTexts(t *testing.T) {
	buildClasses()
	for _, c := range []struct{ pre, text, want string }{
		{"deepseek-coder", "a \u2000", "a| \u2000"}, // beyond ASCII, white space is in no range
		{"deepseek-llm", "a\u3000", "a|\u3000"},
		{"deepseek-v3", " \u2ffcb", " \u2ffc|b"},                        // a symbol since Unicode 15.1
		{"qwen2", "\U0002ee21<b", "\U0002ee21|<b"},                      // a letter since Unicode 15.1
		{"seed-coder", "x!!\n\ny", "x|!!|\n\n|y"},                       // newlines are not part of punctuation
		{"ufakzeka", "ab's", "ab|'s"},                                   // no contractions, but an apostrophe may begin a word
		{"ufakzeka", "ab'stanbul", "ab|'stanbul"},                       // which then goes on
		{"qwen2", "ab'stanbul", "ab|'s|tanbul"},                         // unlike here
		{"", "a$b", "a|$|b"},                                            // an empty name is the default
		{"gpt-2", "\xc1\x81!\xed\xa0\x80\xff", "A|!\xed\xa0\x80\uFFFD"}, // overlong letters, surrogates, stray bytes
	} {
		p, ok := preTokenizers[c.pre]
		if !ok {
			t.Errorf("%q is not known", c.pre)
			continue
		}
		parts := []string{repair(c.text)}
		for _, split := range p.stages {
			var next []string
			for _, s := range parts {
				for len(s) > 0 {
					n := split(s)
					next, s = append(next, s[:n]), s[n:]
				}
			}
			parts = next
		}
		if got := strings.Join(parts, "|"); got != c.want {
			t.Errorf("%s: %q is cut %q, want %q", c.pre, c.text, got, c.want)
		}
	}
}

// TestSPMInvalid: the first byte of a character takes the bytes behind it, be they what they may.
func TestSPMInvalid(t *testing.T) {
	tok, err := build(t, spmKeys())
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tok, tok.Encode("\xe0 ab", false, false)); got != "▁|<0xE0>|<0xE2>|<0x96>|<0x81>|ab" {
		t.Errorf("got %s", got)
	}
}

// TestEqualMarks: of special tokens of one length that overlap, the first in the vocabulary wins, wherever it stands.
func TestEqualMarks(t *testing.T) {
	k := spmKeys()
	k["tokenizer.ggml.tokens"] = append(k["tokenizer.ggml.tokens"].([]string), "yz", "xy")
	k["tokenizer.ggml.scores"] = append(k["tokenizer.ggml.scores"].([]float32), 0, 0)
	k["tokenizer.ggml.token_type"] = append(k["tokenizer.ggml.token_type"].([]int32), 4, 4)
	tok, err := build(t, k)
	if err != nil {
		t.Fatal(err)
	}
	if got := names(tok, tok.Encode("xyz", false, false)); got != "▁|<0x78>|yz" {
		t.Errorf("got %s", got)
	}
}

// TestFillTokens: tokens of fill-in-the-middle prompts are control tokens and some of them end a text.
func TestFillTokens(t *testing.T) {
	k := spmKeys()
	texts := k["tokenizer.ggml.tokens"].([]string)
	n := len(texts)
	k["tokenizer.ggml.tokens"] = append(texts, "<fim_prefix>", "<|file_sep|>", "<my_pad>")
	k["tokenizer.ggml.scores"] = append(k["tokenizer.ggml.scores"].([]float32), 0, 0, 0)
	k["tokenizer.ggml.token_type"] = append(k["tokenizer.ggml.token_type"].([]int32), 4, 4, 3)
	k["tokenizer.ggml.fim_pad_token_id"] = n + 2
	tok, err := build(t, k)
	if err != nil {
		t.Fatal(err)
	}
	for i, ends := range []bool{false, true, true} {
		id := int32(n + i)
		if tok.IsEOG(id) != ends || tok.Kind(id) != Control {
			t.Errorf("%s: ends %v, kind %v", tok.Text(id), tok.IsEOG(id), tok.Kind(id))
		}
	}
	if ids := tok.Encode("<fim_prefix>", false, false); len(ids) < 2 {
		t.Errorf("a control token was recognised in plain text: %v", ids)
	}
}

// TestHarmony: the marks of the harmony format are text, and <|end|> ends nothing there.
func TestHarmony(t *testing.T) {
	for _, c := range []struct {
		extra string
		ends  bool
	}{{"<|call|>", false}, {"<|x|>", true}} {
		k := spmKeys()
		n := int32(len(k["tokenizer.ggml.tokens"].([]string)))
		k["tokenizer.ggml.tokens"] = append(k["tokenizer.ggml.tokens"].([]string), "<|channel|>", "<|return|>", "<|end|>", c.extra)
		k["tokenizer.ggml.scores"] = append(k["tokenizer.ggml.scores"].([]float32), 0, 0, 0, 0)
		k["tokenizer.ggml.token_type"] = append(k["tokenizer.ggml.token_type"].([]int32), 3, 3, 3, 3)
		tok, err := build(t, k)
		if err != nil {
			t.Fatal(err)
		}
		if got := tok.Piece(n, false); got != "<|channel|>" {
			t.Errorf("%s: a mark is shown as %q", c.extra, got)
		}
		if !tok.IsEOG(n+1) || tok.IsEOG(n+2) != c.ends {
			t.Errorf("%s: <|end|> ends a generation: %v, want %v", c.extra, tok.IsEOG(n+2), c.ends)
		}
	}
}
