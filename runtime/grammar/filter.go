package grammar

import (
	"fmt"
	"unicode"
	"unicode/utf8"
)

// Vocabulary is what a matcher needs to know of a tokenizer.
type Vocabulary interface {
	Piece(id int32, special bool) string // the bytes of a token
	IsEOG(id int32) bool                 // whether it ends the text
}

// Matcher restricts one generation to a grammar. It has the methods engine.Grammar wants.
type Matcher struct {
	m       *machine
	v       Vocabulary
	state   *state
	partial []byte // the beginning of a character
}

// NewMatcher starts at the beginning of the grammar.
func (g *Grammar) NewMatcher(v Vocabulary) (*Matcher, error) {
	m, s, err := newMachine(g)
	if err != nil {
		return nil, err
	}
	if s == nil {
		return nil, fmt.Errorf("%w: no text matches rule %q", ErrSyntax, g.names[g.root])
	}
	return &Matcher{m: m, v: v, state: s}, nil
}

// Allowed says whether a token may come next. An end is allowed where the grammar may end.
func (x *Matcher) Allowed(id int32) bool {
	if x.v.IsEOG(id) {
		return x.state.done && len(x.partial) == 0
	}
	piece := x.v.Piece(id, false)
	if piece == "" {
		return false
	}
	s, rest := x.walk(piece)
	return s != nil && (len(rest) == 0 || x.begins(s, rest))
}

// Accept moves on by a token.
func (x *Matcher) Accept(id int32) error {
	if x.v.IsEOG(id) {
		return nil
	}
	s, rest := x.walk(x.v.Piece(id, false))
	if x.m.full {
		return fmt.Errorf("%w: more than %d alternatives at once", ErrLimit, maxStacks)
	}
	if s == nil {
		return fmt.Errorf("token %d (%q) does not match", id, x.v.Piece(id, false))
	}
	x.state, x.partial = s, append(x.partial[:0], rest...)
	return nil
}

// Done says whether the text may end here.
func (x *Matcher) Done() bool { return x.state.done && len(x.partial) == 0 }

// walk follows a piece; rest is the beginning of a character at its end.
func (x *Matcher) walk(piece string) (s *state, rest []byte) {
	if x.m.crowded() {
		x.m.forget()
		x.state.next = map[rune]*state{}
	}
	s = x.state
	b := []byte(piece)
	if len(x.partial) > 0 {
		b = append(append([]byte{}, x.partial...), b...)
	}
	for len(b) > 0 {
		if !utf8.FullRune(b) {
			return s, b
		}
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 {
			return nil, nil // no UTF-8 matches nothing
		}
		if s = x.m.step(s, r); s == nil {
			return nil, nil
		}
		b = b[n:]
	}
	return s, nil
}

// begins says whether any character beginning with the bytes matches.
func (x *Matcher) begins(s *state, bytes []byte) bool {
	lo, hi, ok := prefixRange(bytes)
	if !ok {
		return false
	}
	for _, n := range s.stacks {
		if x.m.g.items[n.at].matchesAny(lo, hi) {
			return true
		}
	}
	return false
}

// prefixRange is the range of characters whose UTF-8 begins with b, which is not a whole character.
func prefixRange(b []byte) (lo, hi rune, ok bool) {
	var size int
	switch {
	case b[0] >= 0xF0:
		size, lo = 4, rune(b[0]&0x07)
	case b[0] >= 0xE0:
		size, lo = 3, rune(b[0]&0x0F)
	case b[0] >= 0xC0:
		size, lo = 2, rune(b[0]&0x1F)
	default:
		return 0, 0, false
	}
	for _, c := range b[1:] {
		lo = lo<<6 | rune(c&0x3F)
	}
	bits := 6 * (size - len(b))
	lo <<= bits
	hi = lo | (1<<bits - 1)
	// Longer forms of characters that have a shorter one are no UTF-8 (RFC 3629, section 3).
	least := []rune{2: 0x80, 3: 0x800, 4: 0x10000}[size]
	lo, hi = max(lo, least), min(hi, unicode.MaxRune)
	return lo, hi, lo <= hi
}

// Match says whether the whole text matches the grammar.
func (g *Grammar) Match(text string) (bool, error) {
	m, s, err := newMachine(g)
	if err != nil {
		return false, err
	}
	for _, r := range text {
		if s == nil {
			return false, nil
		}
		if m.crowded() {
			m.forget()
			s.next = map[rune]*state{}
		}
		s = m.step(s, r)
		if m.full {
			return false, fmt.Errorf("%w: more than %d alternatives at once", ErrLimit, maxStacks)
		}
	}
	return s != nil && s.done, nil
}
