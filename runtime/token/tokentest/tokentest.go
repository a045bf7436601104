// Package tokentest has a byte-level BPE vocabulary and texts on which tokenizers differ, for the comparison with
// llama.cpp: tools/oracle asks it for the ids of Texts under every pre-tokenizer, and the test of runtime/token wants
// the same ones.
package tokentest

import (
	"bytes"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// Texts are the inputs: each has something that pre-tokenizers treat differently.
func Texts() []string {
	return []string{
		"", " ", "  ", "\t", "\n", "\n\n", "\r\n", "\t\n", "Hello world", " Hello world", "Hello  World!", " Hello, world! ",
		"this is 🦙.cpp", "w048 7tuijk dsdfhu", "нещо на Български", "កាន់តែពិសេសអាចខលចេញ", "日本語のテキスト、です。", "한국어 텍스트",
		"I'm you've he'll WE'D it'S don't I’m", "3", "33", "333", "3333", "33333", "1,234.56", "٣٤٥ ½ Ⅷ", "a1b2c3", "x=y+z;",
		"if (a[i] == 0x1F) {\n\treturn a->b;\n}\n", "  indented\n    more\n\n\n  less", "trailing   ", "tab\tand\u00a0nbsp\u3000wide",
		"UPPER lower Title camelCase snake_case kebab-case", "https://example.org/a?b=c&d=%20#e", "user@example.org",
		"!!!???...---", "“quotes” «and» ‘more’", "éèêëēėę e\u0301", "ﬁ ﬂ ﬀ", "👩‍👩‍👧‍👦 🇩🇪 👍🏽", "\u200b\u200dzero", "a\u0000b",
		"مرحبا بالعالم", "שלום עולם", "हिन्दी में", "Ελληνικά", "ไทย", "<|im_start|>", "</s><s>", "100% $5 €7 £3 ¥9", "C++ and C#, F♯",
		"one\ntwo\r\nthree\rfour", "... \n ...", "'''", "\"\"\"", "```go\nfmt.Println(\"x\")\n```", "x'y'z 'tis O'Neil's", "\u2028\u2029",
	}
}

// corpus is what the merges are learned from.
const corpus = "the quick brown fox jumps over the lazy dog and then the other animals in the garden were happy that there is " +
	"something to return when one has been waiting for a long time 12 123 2024 1999 don't it's I'm we'll they've " +
	"Hello World hello world if else for while return function class import from this that with without"

// byteChar is the printable character of a byte in vocabularies of GPT-2's kind.
func byteChar(b byte) rune {
	printable := func(b int) bool { return b >= '!' && b <= '~' || b >= 0xa1 && b <= 0xac || b >= 0xae }
	if printable(int(b)) {
		return rune(b)
	}
	n := 0
	for i := range int(b) {
		if !printable(i) {
			n++
		}
	}
	return rune(256 + n)
}

// learn returns up to count merges of the most frequent neighbours in the words of the corpus; of equals the first wins.
func learn(count int) (merges [][2]string) {
	var words [][]string
	for _, w := range strings.Fields(corpus) {
		var parts []string
		for _, b := range []byte(" " + w) {
			parts = append(parts, string(byteChar(b)))
		}
		words = append(words, parts)
	}
	for range count {
		seen := map[[2]string]int{}
		var best [2]string
		for _, w := range words {
			for i := 1; i < len(w); i++ {
				pair := [2]string{w[i-1], w[i]}
				seen[pair]++
			}
		}
		most := 0
		for _, w := range words {
			for i := 1; i < len(w); i++ {
				if pair := [2]string{w[i-1], w[i]}; seen[pair] > most {
					best, most = pair, seen[pair]
				}
			}
		}
		if most == 0 {
			break // every word is one token
		}
		merges = append(merges, best)
		for k, w := range words {
			var joined []string
			for i := 0; i < len(w); i++ {
				if i+1 < len(w) && w[i] == best[0] && w[i+1] == best[1] {
					joined = append(joined, w[i]+w[i+1])
					i++
					continue
				}
				joined = append(joined, w[i])
			}
			words[k] = joined
		}
	}
	return merges
}

// maxMerges bounds the merges of BPE's vocabulary.
const maxMerges = 250

// BPE makes a GGUF file with nothing but a vocabulary: tokenizer.ggml.model is gpt2, tokenizer.ggml.pre is pre.
func BPE(pre string) ([]byte, error) {
	var tokens, merges []string
	for b := range 256 {
		tokens = append(tokens, string(byteChar(byte(b))))
	}
	known := map[string]bool{}
	for _, m := range learn(maxMerges) {
		merges = append(merges, m[0]+" "+m[1])
		if t := m[0] + m[1]; !known[t] {
			known[t] = true
			tokens = append(tokens, t)
		}
	}
	end := len(tokens)
	tokens = append(tokens, "<|endoftext|>")
	kinds := make([]int32, len(tokens))
	for i := range kinds {
		kinds[i] = 1
	}
	kinds[end] = 3
	var w gguf.Writer
	for _, k := range []struct {
		name  string
		value any
	}{
		{"general.architecture", "llama"}, {"tokenizer.ggml.model", "gpt2"}, {"tokenizer.ggml.pre", pre},
		{"tokenizer.ggml.tokens", tokens}, {"tokenizer.ggml.token_type", kinds}, {"tokenizer.ggml.merges", merges},
		{"tokenizer.ggml.bos_token_id", end}, {"tokenizer.ggml.eos_token_id", end},
		{"llama.block_count", 1}, {"llama.context_length", 64}, {"llama.embedding_length", 32}, {"llama.feed_forward_length", 32},
		{"llama.attention.head_count", 4}, {"llama.attention.layer_norm_rms_epsilon", float32(1e-5)},
	} {
		if err := w.Add(k.name, k.value); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	_, err := w.WriteTo(&b)
	return b.Bytes(), err
}
