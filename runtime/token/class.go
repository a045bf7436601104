package token

import (
	"sync"
	"unicode"
	"unicode/utf8"
)

// class is a set of Unicode properties of a character, as far as tokenizers ask for them.
type class uint8

const (
	letter  class = 1 << iota // \p{L}
	number                    // \p{N}
	mark_                     // \p{M}
	punct                     // \p{P}
	symbolC                   // \p{S}
	space                     // \s: White_Space
	control                   // Cc, Cf, Co, Cs; not what is unassigned
)

// classes is a two-stage table: page of the high bits, class of the low eight. Pages that are equal are shared,
// which leaves some 50 KB.
var classes [(unicode.MaxRune + 1) >> 8]*[256]class

var buildClasses = sync.OnceFunc(func() {
	flat := make([]class, unicode.MaxRune+1)
	set := func(t *unicode.RangeTable, c class) {
		for _, r := range t.R16 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				flat[x] |= c
			}
		}
		for _, r := range t.R32 {
			for x := rune(r.Lo); x <= rune(r.Hi); x += rune(r.Stride) {
				flat[x] |= c
			}
		}
	}
	set(unicode.L, letter)
	set(unicode.N, number)
	set(unicode.M, mark_)
	set(unicode.P, punct)
	set(unicode.S, symbolC)
	set(unicode.White_Space, space)
	for _, t := range []*unicode.RangeTable{unicode.Cc, unicode.Cf, unicode.Co, unicode.Cs} {
		set(t, control) // not unicode.C, which holds unassigned characters too
	}
	set(newSymbols, symbolC)
	set(newLetters, letter)
	shared := map[[256]class]*[256]class{}
	for i := range classes {
		page := [256]class(flat[i<<8 : i<<8+256])
		if shared[page] == nil {
			shared[page] = &page
		}
		classes[i] = shared[page]
	}
})

// newSymbols and newLetters are characters of Unicode 15.1, which llama.cpp's tables have and those of package unicode,
// 15.0, lack: ideographic description characters and CJK extension I.
var (
	newSymbols = &unicode.RangeTable{R16: []unicode.Range16{{Lo: 0x2FFC, Hi: 0x2FFF, Stride: 1}}}
	newLetters = &unicode.RangeTable{R32: []unicode.Range32{{Lo: 0x2EBF0, Hi: 0x2EE5D, Stride: 1}}}
)

func classOf(r rune) class { return classes[r>>8][r&255] }

// next decodes the first character of s: its class, the character, and its length; all zero at the end.
func next(s string) (class, rune, int) {
	if len(s) == 0 {
		return 0, 0, 0
	}
	if c := s[0]; c < utf8.RuneSelf {
		return classes[0][c], rune(c), 1
	}
	r, n := utf8.DecodeRuneInString(s)
	return classOf(r), r, n
}

// run is the length of the characters at the start of s that have any of the classes.
func run(s string, any class) int {
	i := 0
	for i < len(s) {
		c, _, n := next(s[i:])
		if c&any == 0 {
			break
		}
		i += n
	}
	return i
}

// runNot is the length of the characters at the start of s that have none of the classes.
func runNot(s string, none class) int {
	i := 0
	for i < len(s) {
		c, _, n := next(s[i:])
		if c&none != 0 {
			break
		}
		i += n
	}
	return i
}
