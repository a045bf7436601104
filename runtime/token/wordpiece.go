package token

import (
	"fmt"
	"unicode"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"golang.org/x/text/unicode/norm"
)

// wordPiece is BERT's tokenizer (Devlin et al. 2019): text is normalised and cut at white space, punctuation and CJK
// characters; every word is covered from the left by the longest entries, or becomes the unknown token.
// Vocabularies mark the start of a word with U+2581.
type wordPiece struct {
	t       *Tokenizer
	lower   bool
	accents bool // remove accents
	longest int  // bytes of the longest entry
	caches  cachePool
}

// maxEntry bounds an entry of a vocabulary, in bytes: every part of a word as long as the longest entry is looked up, so
// a hostile one would make a word cost its square. Entries of real vocabularies have less than a hundred.
const maxEntry = 256

func newWordPiece(t *Tokenizer, f *gguf.File) (*wordPiece, error) {
	m := &wordPiece{t: t}
	var err error
	if m.lower, err = f.Bool("tokenizer.ggml.normalizer.lowercase", true); err != nil {
		return nil, err
	}
	if m.accents, err = f.Bool("tokenizer.ggml.normalizer.strip_accents", m.lower); err != nil {
		return nil, err
	}
	for id, s := range t.texts {
		if len(s) > maxEntry {
			return nil, fmt.Errorf("%w: %s: entry %d has %d bytes, want at most %d", ErrVocab, f.At("tokenizer.ggml.tokens"), id, len(s), maxEntry)
		}
		m.longest = max(m.longest, len(s))
	}
	return m, nil
}

func (m *wordPiece) encode(dst []int32, text string, _ bool) []int32 {
	c := m.caches.get()
	defer m.caches.put(c)
	word := []byte(spaceMark)
	flush := func() {
		if len(word) == len(spaceMark) {
			return
		}
		s := string(word)
		var ok bool
		if dst, ok = c.find(dst, s); !ok {
			from := len(dst)
			dst = m.word(dst, s)
			c.keep(s, dst[from:])
		}
		word = word[:len(spaceMark)]
	}
	for _, r := range repair(text) {
		if m.accents {
			r = firstOfNFD(r)
		}
		k := classOf(r)
		switch {
		case k&space != 0:
			flush()
			continue
		case r == 0 || r == utf8.RuneError || k&control != 0 || m.accents && k&mark_ != 0:
			continue
		}
		if m.lower {
			r = unicode.ToLower(r)
		}
		if k&punct != 0 || r < 0x7F && k&symbolC != 0 || isCJK(r) {
			flush()
			word = utf8.AppendRune(word, r)
			flush()
			continue
		}
		word = utf8.AppendRune(word, r)
	}
	flush()
	return dst
}

// word covers one word with entries; one uncovered byte makes the whole word unknown.
func (m *wordPiece) word(dst []int32, word string) []int32 {
	from := len(dst)
	for i := 0; i < len(word); {
		j := min(len(word), i+m.longest)
		for ; j > i; j-- {
			if id, ok := m.t.ids[word[i:j]]; ok {
				dst = append(dst, id)
				break
			}
		}
		if j == i {
			dst = dst[:from]
			if m.t.Unk != None {
				dst = append(dst, m.t.Unk)
			}
			return dst
		}
		i = j
	}
	return dst
}

// firstOfNFD is the base character of a precomposed one.
func firstOfNFD(r rune) rune {
	if r < 0x80 {
		return r
	}
	if r >= 0xAC00 && r < 0xAC00+11172 { // a Hangul syllable (Unicode 15.0, section 3.12): its leading consonant
		return 0x1100 + (r-0xAC00)/588
	}
	var b [utf8.UTFMax]byte
	d := norm.NFD.Properties(utf8.AppendRune(b[:0], r)).Decomposition()
	if len(d) == 0 {
		return r
	}
	first, _ := utf8.DecodeRune(d)
	return first
}

// isCJK has the ranges of BERT's _is_chinese_char, with the slip of the Hugging Face library that everyone kept.
func isCJK(r rune) bool {
	for _, x := range [...][2]rune{{0x4E00, 0x9FFF}, {0x3400, 0x4DBF}, {0x20000, 0x2A6DF}, {0x2A700, 0x2B73F},
		{0x2B740, 0x2B81F}, {0x2B920, 0x2CEAF}, {0xF900, 0xFAFF}, {0x2F800, 0x2FA1F}} {
		if r >= x[0] && r <= x[1] {
			return true
		}
	}
	return false
}
