package token

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// bpe is byte-level BPE (Radford et al. 2019, GPT-2): words cut by the pre-tokenizer are merged from single bytes
// in the order of the merge list.
//
// Files store tokens and merges in an alphabet of 256 printable characters, one per byte; here everything is bytes.
// Results of merges that are no vocabulary entry still take part in further merges, so they get ids of their own
// beyond the vocabulary, and fall back to single bytes when nothing comes of them.
type bpe struct {
	bytes        [256]int32 // symbol of each byte
	inter        []string   // bytes of the symbols beyond the vocabulary, first is id size
	size         int32      // of the vocabulary
	pairs        map[uint64]pair
	words        map[string]int32 // whole words that need no merging; nil unless the family asks for it
	split        []splitter
	byteFallback [256]int32
	caches       cachePool
}

type pair struct {
	rank uint32
	id   int32
}

func newBPE(t *Tokenizer, f *gguf.File) (*bpe, error) {
	pre, ok := preTokenizers[t.Pre]
	if !ok {
		return nil, fmt.Errorf("%w: %s is %q; supported are %s", ErrUnsupported, f.At("tokenizer.ggml.pre"), gguf.Clip(t.Pre), strings.Join(PreTokenizers(), " "))
	}
	if _, ok := f.Find("tokenizer.ggml.merges"); !ok {
		return nil, fmt.Errorf("%w: key \"tokenizer.ggml.merges\" is missing, which tokenizer.ggml.model %q needs", ErrVocab, t.Model)
	}
	merges, err := f.Strings("tokenizer.ggml.merges")
	if err != nil {
		return nil, err
	}
	m := &bpe{size: int32(len(t.texts)), split: pre.stages, pairs: make(map[uint64]pair, len(merges))}
	known := make(map[string]int32, len(t.texts)) // by bytes
	for i, s := range t.texts {
		if b, ok := toBytes(s); ok {
			known[b] = int32(i)
		}
	}
	if pre.wholeWords {
		m.words = known
	}
	symbols := make(map[string]int32, 256)
	intern := func(s string) int32 {
		if id, ok := known[s]; ok {
			return id
		}
		if id, ok := symbols[s]; ok {
			return id
		}
		id := m.size + int32(len(m.inter))
		m.inter = append(m.inter, s)
		symbols[s] = id
		return id
	}
	for b := range m.bytes {
		s := string([]byte{byte(b)})
		m.bytes[b] = intern(s)
		m.byteFallback[b] = None
		// What is no entry falls back byte by byte to entries spelled with that one raw byte.
		if id, ok := t.ids[s]; ok {
			m.byteFallback[b] = id
		}
	}
	for rank, line := range merges {
		// The first character may itself be a space, so the separator is looked for after it.
		i := 1 + strings.IndexByte(line[min(1, len(line)):], ' ')
		if i < 1 {
			return nil, fmt.Errorf("%w: %s: merge %d is %q, want two parts separated by a space", ErrVocab, f.At("tokenizer.ggml.merges"), rank, gguf.Clip(line))
		}
		left, ok1 := toBytes(line[:i])
		right, ok2 := toBytes(line[i+1:])
		if !ok1 || !ok2 {
			continue // outside the byte alphabet: no text can ever match it
		}
		key := pairKey(intern(left), intern(right))
		if _, dup := m.pairs[key]; !dup {
			m.pairs[key] = pair{uint32(rank), intern(left + right)}
		}
	}
	return m, nil
}

func pairKey(a, b int32) uint64 { return uint64(uint32(a))<<32 | uint64(uint32(b)) }

func (m *bpe) encode(dst []int32, text string, _ bool) []int32 {
	text = repair(text)
	c := m.caches.get()
	defer m.caches.put(c)
	return m.pieces(dst, text, m.split, c)
}

// pieces cuts text with the first splitter, every piece with the next, and so on; the last pieces are words.
func (m *bpe) pieces(dst []int32, text string, stages []splitter, c *wordCache) []int32 {
	if len(stages) == 0 {
		return m.word(dst, text, c)
	}
	for len(text) > 0 {
		n := stages[0](text)
		dst = m.pieces(dst, text[:n], stages[1:], c)
		text = text[n:]
	}
	return dst
}

func (m *bpe) word(dst []int32, word string, c *wordCache) []int32 {
	dst, ok := c.find(dst, word)
	if ok {
		return dst
	}
	if id, ok := m.words[word]; ok {
		return append(dst, id)
	}
	c.syms = c.syms[:0]
	for i := range len(word) {
		c.syms = append(c.syms, symbol{start: int32(i), end: int32(i + 1), id: m.bytes[word[i]]})
	}
	from := len(dst)
	for _, s := range merge(word, c.syms, m) {
		if s.id < m.size {
			dst = append(dst, s.id)
			continue
		}
		for _, b := range []byte(toByteAlphabet(m.inter[s.id-m.size])) {
			if id := m.byteFallback[b]; id != None {
				dst = append(dst, id)
			}
		}
	}
	c.keep(word, dst[from:])
	return dst
}

func (m *bpe) join(_ string, a, b *symbol) (uint32, int32, bool) {
	p, ok := m.pairs[pairKey(a.id, b.id)]
	return p.rank, p.id, ok
}

// repair makes characters of what is not valid UTF-8 the way llama.cpp does: characters written longer than needed are
// taken as they are meant, every other byte becomes U+FFFD. Surrogates stay, as three bytes.
func repair(s string) string {
	if utf8.ValidString(s) {
		return s
	}
	b := make([]byte, 0, len(s)+16)
	for i := 0; i < len(s); {
		r, n := lenient(s[i:])
		if r >= 0xD800 && r < 0xE000 {
			b = append(b, s[i:i+n]...)
		} else {
			b = utf8.AppendRune(b, r)
		}
		i += n
	}
	return string(b)
}

// lenient decodes the first character of s, written at any length; U+FFFD and 1 when there is none.
func lenient(s string) (rune, int) {
	n := charLen(s[0])
	if n == 1 && s[0] >= utf8.RuneSelf || s[0] >= 0xF8 || n > len(s) {
		return utf8.RuneError, 1
	}
	if n == 1 {
		return rune(s[0]), 1
	}
	r := rune(s[0]) & (0x7F >> n)
	for _, c := range []byte(s[1:n]) {
		if c&0xC0 != 0x80 {
			return utf8.RuneError, 1
		}
		r = r<<6 | rune(c&0x3F)
	}
	if r > utf8.MaxRune {
		return utf8.RuneError, 1
	}
	return r, n
}

// The byte alphabet of GPT-2's encoder.py: printable Latin-1 bytes stand for themselves, the other 68 are mapped
// to U+0100 and up in order.
var (
	byteRunes [256]rune
	runeBytes = map[rune]byte{}
)

func init() {
	next := rune(0x100)
	for b := range byteRunes {
		r := rune(b)
		if r < '!' || r > '~' && r < '¡' || r == 0xAD {
			r = next
			next++
		}
		byteRunes[b] = r
		runeBytes[r] = byte(b)
	}
}

func toByteAlphabet(s string) string {
	var b strings.Builder
	for i := range len(s) {
		b.WriteRune(byteRunes[s[i]])
	}
	return b.String()
}

// toBytes decodes a text of the byte alphabet; false when it has other characters.
func toBytes(s string) (string, bool) {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		c, ok := runeBytes[r]
		if !ok {
			return "", false
		}
		b = append(b, c)
	}
	return string(b), true
}

// fromByteAlphabet decodes what can be decoded and leaves other characters as they are.
func fromByteAlphabet(s string) string {
	b := make([]byte, 0, len(s))
	for _, r := range s {
		if c, ok := runeBytes[r]; ok {
			b = append(b, c)
		} else {
			b = utf8.AppendRune(b, r)
		}
	}
	return string(b)
}
