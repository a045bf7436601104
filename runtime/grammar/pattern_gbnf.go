package grammar

import (
	"fmt"
	"strings"
	"unicode"
)

// gbnf writes a pattern as it stands in a JSON string.
func (x *pattern) gbnf(b *strings.Builder) {
	switch x.kind {
	case oneOf:
		writeJSONClass(b, x.set)
	case repeated:
		b.WriteByte('(')
		x.subs[0].gbnf(b)
		b.WriteString(")" + repetition(x.lo, x.hi))
	case sequence:
		b.WriteString(`""`)
		for _, s := range x.subs {
			b.WriteByte(' ')
			s.gbnf(b)
		}
	case alternatives:
		b.WriteByte('(')
		for i, s := range x.subs {
			if i > 0 {
				b.WriteString(" | ")
			}
			s.gbnf(b)
		}
		b.WriteByte(')')
	}
}

// shortEscapes are the characters JSON has two-character escapes for that cannot stand in a string (RFC 8259, section 7).
var shortEscapes = map[rune]string{'"': `\"`, '\\': `\\`, '\b': `\b`, '\f': `\f`, '\n': `\n`, '\r': `\r`, '\t': `\t`}

// writeJSONClass writes a set of characters as they stand in a JSON string: some of them escaped.
func writeJSONClass(b *strings.Builder, set []runRange) {
	class := func(r rune) string {
		if r < 0x80 && !isLetterOrDigit(byte(r)) {
			return fmt.Sprintf(`\x%02X`, r)
		}
		if r < 0x10000 && !unicode.IsPrint(r) {
			return fmt.Sprintf(`\u%04X`, r)
		}
		if r >= 0x10000 {
			return fmt.Sprintf(`\U%08X`, r)
		}
		return string(r)
	}
	var plain strings.Builder
	var alts []string
	special := complement([]runRange{{0x20, 0x21}, {0x23, 0x5B}, {0x5D, unicode.MaxRune}}) // must be escaped
	for _, x := range set {
		for _, s := range special {
			for r := max(s.lo, x.lo); r <= min(s.hi, x.hi); r++ {
				if e := shortEscapes[r]; e != "" {
					alts = append(alts, quote(e))
				} else {
					alts = append(alts, quote(fmt.Sprintf(`\u%04x`, r)))
				}
			}
		}
		for _, s := range complement(special) {
			lo, hi := max(s.lo, x.lo), min(s.hi, x.hi)
			if lo == hi {
				plain.WriteString(class(lo))
			} else if lo < hi {
				plain.WriteString(class(lo) + "-" + class(hi))
			}
		}
	}
	if plain.Len() > 0 {
		alts = append([]string{"[" + plain.String() + "]"}, alts...)
	}
	b.WriteString("(" + strings.Join(alts, " | ") + ")")
}
