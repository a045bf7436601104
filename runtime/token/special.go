package token

import (
	"slices"
	"sort"

	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// marker finds special tokens written out in a text. Longer tokens win over shorter ones wherever they overlap,
// and among equals the one further left.
type marker struct {
	byFirst [256][]mark // candidates by first byte, longest first
}

type mark struct {
	text       string
	id         int32
	control    bool // only recognised when special tokens are parsed
	stripRight bool // takes the white space behind it
}

func newMarker(t *Tokenizer, f *gguf.File) *marker {
	m := &marker{}
	for i, s := range t.texts {
		k := t.kinds[i]
		if k == Control || k == Unknown || k == UserDefined {
			x := mark{s, int32(i), k != UserDefined, stripsRight(f, s)}
			m.byFirst[s[0]] = append(m.byFirst[s[0]], x)
		}
	}
	for _, l := range m.byFirst {
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
	for i := 0; i < len(text); i++ {
		l := m.byFirst[text[i]]
		for j := range l {
			x := &l[j]
			if len(x.text) <= len(text)-i && text[i:i+len(x.text)] == x.text && (parseSpecial || !x.control) {
				all = append(all, found{i, i + len(x.text), x})
			}
		}
	}
	if len(all) == 0 {
		return nil
	}
	slices.SortStableFunc(all, func(a, b found) int { return len(b.mark.text) - len(a.mark.text) })
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
