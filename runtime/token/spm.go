package token

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// spaceMark stands for a space inside SentencePiece vocabularies (U+2581).
const spaceMark = "▁"

// spm is SentencePiece's BPE model (Kudo and Richardson 2018): characters are merged into the vocabulary entry with
// the best score until none fits; what is no entry then falls back to bytes.
type spm struct {
	t        *Tokenizer
	ranks    []uint32 // of each id: 0 for the best score
	bytes    [256]int32
	wordwise bool            // no entry continues over the start of a word, so words can be merged one by one
	joined   *[256][256]bool // bytes that some entry has side by side; between others nothing can be merged
	caches   cachePool
}

func newSPM(t *Tokenizer) *spm {
	m := &spm{t: t, ranks: make([]uint32, len(t.texts)), wordwise: true, joined: new([256][256]bool)}
	order := make([]int32, len(t.texts))
	for i, s := range t.texts {
		order[i] = int32(i)
		for j := 1; j < len(s); j++ {
			m.joined[s[j-1]][s[j]] = true
		}
		if crossesWord(s) {
			m.wordwise = false
		}
	}
	slices.SortStableFunc(order, func(a, b int32) int {
		switch x, y := t.score(a), t.score(b); {
		case x > y:
			return -1
		case x < y:
			return 1
		}
		return 0
	})
	rank := uint32(0)
	for i, id := range order {
		if i > 0 && t.score(id) != t.score(order[i-1]) {
			rank++
		}
		m.ranks[id] = rank
	}
	const hex = "0123456789ABCDEF"
	for b := range m.bytes {
		id, ok := t.ids["<0x"+string([]byte{hex[b>>4], hex[b&15]})+">"]
		if !ok {
			id, ok = t.ids[string([]byte{byte(b)})]
		}
		if !ok {
			id = t.Unk
		}
		m.bytes[b] = id
	}
	return m
}

func (t *Tokenizer) score(id int32) float32 {
	if t.scores == nil {
		return 0
	}
	if s := t.scores[id]; s == s { // NaN, which has no order, counts as 0
		return s
	}
	return 0
}

// crossesWord says whether s has a space mark after something else.
func crossesWord(s string) bool {
	i := 0
	for strings.HasPrefix(s[i:], spaceMark) {
		i += len(spaceMark)
	}
	return strings.Contains(s[i:], spaceMark)
}

func (m *spm) encode(dst []int32, text string, afterSpecial bool) []int32 {
	text = strings.ReplaceAll(text, " ", spaceMark)
	if afterSpecial && m.t.addSpacePrefix {
		text = spaceMark + text
	}
	c := m.caches.get()
	defer m.caches.put(c)
	// The beginning of a character that does not go on takes what follows with it, over the end of a word.
	valid := utf8.ValidString(text)
	for len(text) > 0 {
		n := len(text)
		if valid {
			n = m.wordEnd(text)
		}
		dst = m.word(dst, text[:n], c)
		text = text[n:]
	}
	return dst
}

// wordEnd finds the first place at which no merge can reach over: between characters whose bytes no entry has side by
// side, and before a space mark that follows something else if no entry continues over those.
func (m *spm) wordEnd(s string) int {
	marks := true // nothing but space marks so far
	for i := 0; i < len(s); {
		if i > 0 && !m.joined[s[i-1]][s[i]] {
			return i
		}
		if s[i] != spaceMark[0] || !strings.HasPrefix(s[i:], spaceMark) {
			marks = false
			i += charLen(s[i])
			continue
		}
		if !marks && m.wordwise {
			return i
		}
		i += len(spaceMark)
	}
	return len(s)
}

func (m *spm) word(dst []int32, word string, c *wordCache) []int32 {
	dst, ok := c.find(dst, word)
	if ok {
		return dst
	}
	c.syms = c.syms[:0]
	for i := 0; i < len(word); {
		n := min(charLen(word[i]), len(word)-i)
		c.syms = append(c.syms, symbol{start: int32(i), end: int32(i + n), id: None})
		i += n
	}
	from := len(dst)
	for _, s := range merge(word, c.syms, m) {
		part := word[s.start:s.end]
		if id, ok := m.t.ids[part]; ok {
			dst = append(dst, id)
			continue
		}
		for i := range len(part) {
			if id := m.bytes[part[i]]; id != None {
				dst = append(dst, id)
			}
		}
	}
	c.keep(word, dst[from:])
	return dst
}

func (m *spm) join(text string, a, b *symbol) (uint32, int32, bool) {
	id, ok := m.t.ids[text[a.start:b.end]]
	if !ok {
		return 0, 0, false
	}
	return m.ranks[id], id, true
}

// charLen is the length of a UTF-8 character by its first byte; a stray continuation byte counts as one.
func charLen(b byte) int {
	switch {
	case b < 0xC0:
		return 1
	case b < 0xE0:
		return 2
	case b < 0xF0:
		return 3
	}
	return 4
}
