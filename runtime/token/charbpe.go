package token

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// charBPE is BPE over characters as Gemma 4 has it (tokenizer.ggml.model "gemma4"): spaces become U+2581, text is cut
// before and behind runs of newlines only, and symbols are merged from characters in the order of the merge list. A run
// of newlines that is an entry is taken whole. What is no entry in the end falls back to the tokens of its bytes.
type charBPE struct {
	t      *Tokenizer
	inter  []string         // texts of symbols that are no entries; the first has the id Size
	chars  map[string]int32 // symbols that merges know but the vocabulary does not
	pairs  map[uint64]pair
	caches cachePool
}

func newCharBPE(t *Tokenizer, f *gguf.File) (*charBPE, error) {
	if _, ok := f.Find("tokenizer.ggml.merges"); !ok {
		return nil, fmt.Errorf("%w: key \"tokenizer.ggml.merges\" is missing, which tokenizer.ggml.model %q needs", ErrVocab, t.Model)
	}
	merges, err := f.Strings("tokenizer.ggml.merges")
	if err != nil {
		return nil, err
	}
	m := &charBPE{t: t, chars: map[string]int32{}, pairs: make(map[uint64]pair, len(merges))}
	intern := func(s string) int32 {
		if id, ok := t.ids[s]; ok {
			return id
		}
		if id, ok := m.chars[s]; ok {
			return id
		}
		id := int32(len(t.texts) + len(m.inter))
		m.inter = append(m.inter, s)
		m.chars[s] = id
		return id
	}
	for rank, line := range merges {
		// The first character may itself be a space, so the separator is looked for after it.
		i := 1 + strings.IndexByte(line[min(1, len(line)):], ' ')
		if i < 1 {
			return nil, fmt.Errorf("%w: %s: merge %d is %q, want two parts separated by a space", ErrVocab, f.At("tokenizer.ggml.merges"), rank, gguf.Clip(line))
		}
		left, right := line[:i], line[i+1:]
		key := pairKey(intern(left), intern(right))
		if _, dup := m.pairs[key]; !dup {
			m.pairs[key] = pair{uint32(rank), intern(left + right)}
		}
	}
	return m, nil
}

// foreign is the id of a character that neither the vocabulary nor a merge knows: it merges with nothing.
const foreign int32 = -2

func (m *charBPE) encode(dst []int32, text string, _ bool) []int32 {
	text = strings.ReplaceAll(repair(text), " ", spaceMark)
	c := m.caches.get()
	defer m.caches.put(c)
	for len(text) > 0 {
		n := 0
		for n < len(text) && (text[n] == '\n') == (text[0] == '\n') {
			n++
		}
		dst = m.word(dst, text[:n], c)
		text = text[n:]
	}
	return dst
}

func (m *charBPE) word(dst []int32, word string, c *wordCache) []int32 {
	dst, ok := c.find(dst, word)
	if ok {
		return dst
	}
	if id, ok := m.t.ids[word]; ok && word[0] == '\n' {
		return append(dst, id)
	}
	c.syms = c.syms[:0]
	for i := 0; i < len(word); {
		_, n := utf8.DecodeRuneInString(word[i:])
		id, ok := m.t.ids[word[i:i+n]]
		if !ok {
			if id, ok = m.chars[word[i:i+n]]; !ok {
				id = foreign
			}
		}
		c.syms = append(c.syms, symbol{start: int32(i), end: int32(i + n), id: id})
		i += n
	}
	from := len(dst)
	for _, s := range merge(word, c.syms, m) {
		if s.id >= 0 && int(s.id) < len(m.t.texts) {
			dst = append(dst, s.id)
			continue
		}
		for _, b := range []byte(word[s.start:s.end]) {
			if id, ok := m.t.ids[fmt.Sprintf("<0x%02X>", b)]; ok {
				dst = append(dst, id)
			}
		}
	}
	c.keep(word, dst[from:])
	return dst
}

func (m *charBPE) join(_ string, a, b *symbol) (uint32, int32, bool) {
	p, ok := m.pairs[pairKey(a.id, b.id)]
	return p.rank, p.id, ok
}
