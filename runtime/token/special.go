package token

import (
	"slices"
	"sort"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// marker finds special tokens written out in a text. Longer tokens win over shorter ones wherever they overlap, among
// equals the one with the lower id, and of one token the occurrence further left.
type marker struct {
	first [256]bool          // bytes a token begins with
	one   [256][]mark        // tokens of one byte
	two   map[[2]byte][]mark // longer ones by their first two bytes, longest first
}

type mark struct {
	text       string
	id         int32
	control    bool // only recognised when special tokens are parsed
	stripRight bool // takes the white space behind it
}

func newMarker(t *Tokenizer, f *gguf.File) *marker {
	m := &marker{two: map[[2]byte][]mark{}}
	for i, s := range t.texts {
		k := t.kinds[i]
		if k == Control || k == Unknown || k == UserDefined {
			x := mark{s, int32(i), k != UserDefined, stripsRight(f, s)}
			m.first[s[0]] = true
			if len(s) == 1 {
				m.one[s[0]] = append(m.one[s[0]], x)
			} else {
				k := [2]byte{s[0], s[1]}
				m.two[k] = append(m.two[k], x)
			}
		}
	}
	for _, l := range m.two {
		sort.SliceStable(l, func(i, j int) bool { return len(l[i].text) > len(l[j].text) })
	}
	return m
}

// found is one occurrence in a text.
type found struct {
	at, end int
	mark    *mark
}

// cut calls emit for every part of the text in order: ordinary text with id None, or a special token's id.
func (m *marker) cut(text string, parseSpecial bool, emit func(part string, id int32)) {
	at := 0
	for _, f := range m.find(text, parseSpecial) {
		if f.at > at {
			emit(text[at:f.at], None)
		}
		emit("", f.mark.id)
		at = f.end
	}
	if at < len(text) {
		emit(text[at:], None)
	}
}

func (m *marker) find(text string, parseSpecial bool) []found {
	var all []found
	try := func(i int, l []mark) {
		for j := range l {
			x := &l[j]
			if len(x.text) <= len(text)-i && text[i:i+len(x.text)] == x.text && (parseSpecial || !x.control) {
				all = append(all, found{i, i + len(x.text), x})
			}
		}
	}
	for i := 0; i < len(text); i++ {
		if !m.first[text[i]] {
			continue
		}
		if i+1 < len(text) {
			try(i, m.two[[2]byte{text[i], text[i+1]}])
		}
		try(i, m.one[text[i]])
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b found) int {
		if n := len(b.mark.text) - len(a.mark.text); n != 0 {
			return n
		}
		return int(a.mark.id - b.mark.id)
	})
	// A shorter occurrence that overlaps a longer one has its first or last byte inside it, so marking the bytes
	// that are taken is enough to find overlaps.
	taken := make([]bool, len(text))
	kept := all[:0]
	for _, f := range all {
		if taken[f.at] || taken[f.end-1] {
			continue
		}
		for f.mark.stripRight && f.end < len(text) && isASCIISpace(text[f.end]) && !taken[f.end] {
			f.end++
		}
		for i := f.at; i < f.end; i++ {
			taken[i] = true
		}
		kept = append(kept, f)
	}
	slices.SortFunc(kept, func(a, b found) int { return a.at - b.at })
	return kept
}

// isASCIISpace is C's isspace.
func isASCIISpace(c byte) bool { return c == ' ' || c >= '\t' && c <= '\r' }
