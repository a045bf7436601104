package runewidth

import (
	"testing"
	"unicode"

	"golang.org/x/text/width"
)

// TestAgainstUnicode compares every assigned character with the tables of x/text.
func TestAgainstUnicode(t *testing.T) {
	for r := rune(0x300); r <= unicode.MaxRune; r++ {
		if unicode.Is(unicode.Cn, r) {
			continue
		}
		kind := width.LookupRune(r).Kind()
		want := kind == width.EastAsianWide || kind == width.EastAsianFullwidth
		if got := Of(r) == 2; got != want {
			t.Fatalf("U+%04X: wide %v, want %v", r, got, want)
		}
	}
}

func TestOfString(t *testing.T) {
	for s, want := range map[string]int{"": 0, "abc": 3, "é": 1, "e\u0301": 1, "漢字": 4, "😀": 2, "a\u200bb": 2, "한": 2, "─█": 2} {
		if got := OfString(s); got != want {
			t.Errorf("%q: %d columns, want %d", s, got, want)
		}
	}
}
