package grammar

import (
	"math/rand/v2"
	"strings"
	"testing"
	"time"
)

// TestClass compares classes with their ranges asked one by one.
func TestClass(t *testing.T) {
	r := rand.New(rand.NewPCG(11, 1))
	for range 3000 {
		var text strings.Builder
		var set []runRange
		for range r.IntN(12) {
			lo := 'A' + rune(r.IntN(50))
			hi := lo + rune(r.IntN(4))
			set = append(set, runRange{lo, hi})
			for _, c := range []rune{lo, '-', hi} {
				if strings.ContainsRune(`[\]^`, c) {
					text.WriteByte('\\')
				}
				text.WriteRune(c)
			}
		}
		negated := r.IntN(2) == 1
		class := "[" + text.String() + "]"
		if negated {
			class = "[^" + text.String() + "]"
		}
		p := &parser{text: class}
		it, err := p.class()
		if err != nil {
			t.Fatalf("%s: %v", class, err)
		}
		has := func(c rune) bool {
			for _, x := range set {
				if x.lo <= c && c <= x.hi {
					return !negated
				}
			}
			return negated
		}
		lo := 'A' - 3 + rune(r.IntN(60))
		hi, any := lo+rune(r.IntN(8)), false
		for c := lo; c <= hi; c++ {
			if it.matches(c) != has(c) {
				t.Fatalf("%s: %q matches: %v", class, c, it.matches(c))
			}
			any = any || has(c)
		}
		if it.matchesAny(lo, hi) != any {
			t.Fatalf("%s: any of %q to %q: %v, want %v", class, lo, hi, !any, any)
		}
	}
}

// TestWideClass: many ranges are not asked one after the other. A million questions at 95,000 ranges each would take a
// minute.
func TestWideClass(t *testing.T) {
	var b strings.Builder
	for c := rune(0x100); c < 0x30000; c += 2 {
		if c < 0xD800 || c > 0xDFFF {
			b.WriteRune(c)
		}
	}
	p := &parser{text: "[" + b.String() + "]"}
	it, err := p.class()
	if err != nil {
		t.Fatal(err)
	}
	begin := time.Now()
	for c := rune(0); c < 1_000_000; c++ {
		want := c >= 0x100 && c < 0x30000 && c%2 == 0 && (c < 0xD800 || c > 0xDFFF)
		if it.matches(c) != want || it.matchesAny(c, c) != want {
			t.Fatalf("%U: want %v", c, want)
		}
	}
	if d := time.Since(begin); d > 10*time.Second {
		t.Errorf("a million questions took %v", d)
	}
}
