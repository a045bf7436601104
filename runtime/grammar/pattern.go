package grammar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Patterns of JSON schemas are ECMA-262 regular expressions (JSON Schema 2020-12 validation, section 6.3.3). Supported
// are characters, classes, the dot, groups, alternatives, repetitions (lazy ones allow the same texts) and ^ and $ at
// the ends. Not supported: back references, look-around, \b, \p{...}, and ^ or $ elsewhere.

const maxPatternDepth = 50 // groups in groups

// pattern is a parsed regular expression.
type pattern struct {
	kind patternKind
	set  []runRange // of one character, sorted, apart
	subs []*pattern // of a sequence, of alternatives, or the one repeated
	lo   int        // repetitions; hi is -1 for no limit
	hi   int
}

type patternKind uint8

const (
	oneOf patternKind = iota
	sequence
	alternatives
	repeated
)

var errPattern = errors.New("pattern")

type patternParser struct {
	text  string
	at    int
	depth int
}

// parsePattern reads a regular expression; a text matches if the pattern, or with the missing ^ or $ something around
// it, is the whole of it.
func parsePattern(text string) (*pattern, error) {
	p := &patternParser{text: text}
	x, err := p.alternatives()
	if err == nil && p.at < len(text) {
		err = p.fail("a ) without (")
	}
	return x, err
}

func (p *patternParser) fail(format string, args ...any) error {
	return fmt.Errorf("%w %q: offset %d: %s", errPattern, p.text, p.at, fmt.Sprintf(format, args...))
}

func (p *patternParser) more() bool { return p.at < len(p.text) }

func (p *patternParser) take(s string) bool {
	if !strings.HasPrefix(p.text[p.at:], s) {
		return false
	}
	p.at += len(s)
	return true
}

// alternatives reads a|b up to a closing parenthesis. At the top ^ and $ stand at the ends of each.
func (p *patternParser) alternatives() (*pattern, error) {
	if p.depth++; p.depth > maxPatternDepth {
		return nil, p.fail("groups are nested more than %d deep", maxPatternDepth)
	}
	defer func() { p.depth-- }()
	out := &pattern{kind: alternatives}
	for {
		seq := &pattern{kind: sequence}
		if p.depth == 1 && !p.take("^") {
			seq.subs = append(seq.subs, anything())
		}
		open := p.depth == 1 // no $ yet
		for p.more() && !strings.HasPrefix(p.text[p.at:], "|") && !strings.HasPrefix(p.text[p.at:], ")") {
			if p.depth == 1 && p.take("$") {
				if open = false; p.more() && p.text[p.at] != '|' {
					return nil, p.fail("$ is only supported at the end")
				}
				break
			}
			x, err := p.repetition()
			if err != nil {
				return nil, err
			}
			seq.subs = append(seq.subs, x)
		}
		if open {
			seq.subs = append(seq.subs, anything())
		}
		out.subs = append(out.subs, seq)
		if !p.take("|") {
			return out, nil
		}
	}
}

// anything is what may be before or after a pattern without ^ or $.
func anything() *pattern {
	return &pattern{kind: repeated, hi: -1, subs: []*pattern{{kind: oneOf, set: complement(nil)}}}
}

// repetition is an atom and what follows it: * + ? {m} {m,} {m,n}, perhaps lazy.
func (p *patternParser) repetition() (*pattern, error) {
	x, err := p.atom()
	if err != nil {
		return nil, err
	}
	lo, hi := 1, 1
	switch {
	case p.take("*"):
		lo, hi = 0, -1
	case p.take("+"):
		hi = -1
	case p.take("?"):
		lo = 0
	case p.more() && p.text[p.at] == '{':
		inside, _, found := strings.Cut(p.text[p.at+1:], "}")
		first, second, ranged := strings.Cut(inside, ",")
		lo, err = strconv.Atoi(first)
		hi = lo
		if ranged && second == "" {
			hi = -1
		} else if ranged && err == nil {
			hi, err = strconv.Atoi(second)
		}
		if err != nil || !found || lo < 0 || hi >= 0 && hi < lo {
			return nil, p.fail("no repetition: %.20q", p.text[p.at:])
		}
		if lo > maxRepeat || hi > maxRepeat {
			return nil, p.fail("more than %d repetitions", maxRepeat)
		}
		p.at += len(inside) + 2
	default:
		return x, nil
	}
	p.take("?")
	if p.more() && strings.IndexByte("*+?{", p.text[p.at]) >= 0 {
		return nil, p.fail("nothing to repeat")
	}
	return &pattern{kind: repeated, lo: lo, hi: hi, subs: []*pattern{x}}, nil
}

func (p *patternParser) atom() (*pattern, error) {
	switch c := p.text[p.at]; c {
	case '(':
		p.at++
		if p.take("?") && !p.take(":") {
			name, _, found := strings.Cut(p.text[p.at:], ">")
			if !p.take("<") || !found || strings.IndexAny(name, "=!") == 1 {
				return nil, p.fail("look-around is not supported")
			}
			p.at += len(name)
		}
		x, err := p.alternatives()
		if err == nil && !p.take(")") {
			err = p.fail("a group is not closed")
		}
		return x, err
	case '[':
		return p.class()
	case '.':
		p.at++
		return &pattern{set: complement([]runRange{{'\n', '\n'}, {'\r', '\r'}, {0x2028, 0x2029}})}, nil
	case '^', '$':
		return nil, p.fail("%c is only supported at the ends", c)
	case '*', '+', '?':
		return nil, p.fail("nothing to repeat")
	}
	set, err := p.character(false)
	return &pattern{set: set}, err
}

// class is [...].
func (p *patternParser) class() (*pattern, error) {
	p.at++
	negated := p.take("^")
	var set []runRange
	for {
		if !p.more() {
			return nil, p.fail("a class is not closed")
		}
		if p.take("]") {
			break
		}
		lo, err := p.character(true)
		if err != nil {
			return nil, err
		}
		if rest := p.text[p.at:]; len(lo) == 1 && lo[0].lo == lo[0].hi && len(rest) > 1 && rest[0] == '-' && rest[1] != ']' {
			p.at++
			hi, err := p.character(true)
			if err != nil {
				return nil, err
			}
			if len(hi) != 1 || hi[0].lo != hi[0].hi || hi[0].lo < lo[0].lo {
				return nil, p.fail("the range is empty")
			}
			lo[0].hi = hi[0].hi
		}
		set = append(set, lo...)
	}
	if set = complement(complement(set)); negated {
		set = complement(set)
	}
	if len(set) == 0 {
		return nil, p.fail("the class is empty")
	}
	return &pattern{set: set}, nil
}

// classes are the escapes for sets of characters.
var classes = map[byte][]runRange{
	'd': {{'0', '9'}},
	'w': {{'0', '9'}, {'A', 'Z'}, {'_', '_'}, {'a', 'z'}},
	's': {{'\t', '\r'}, {' ', ' '}, {0xA0, 0xA0}, {0x1680, 0x1680}, {0x2000, 0x200A}, {0x2028, 0x2029}, {0x202F, 0x202F}, {0x205F, 0x205F}, {0x3000, 0x3000}, {0xFEFF, 0xFEFF}},
}

// character is one character, or an escape.
func (p *patternParser) character(inClass bool) ([]runRange, error) {
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	if p.at += n; r != '\\' {
		return []runRange{{r, r}}, nil
	}
	if !p.more() {
		return nil, p.fail("a backslash at the end")
	}
	c := p.text[p.at]
	if set := classes[c|0x20]; set != nil {
		p.at++
		if c < 'a' {
			return complement(set), nil
		}
		return slices.Clone(set), nil
	}
	r = -1
	if i := strings.IndexByte("nrtfv0", c); i >= 0 {
		r = rune("\n\r\t\f\v\x00"[i])
		p.at++
	} else if c == 'b' && inClass {
		r = '\b'
		p.at++
	} else if c == 'x' || c == 'u' {
		p.at++
		digits := map[byte]int{'x': 2, 'u': 4}[c]
		hex := p.text[p.at:min(len(p.text), p.at+digits)]
		if inside, _, found := strings.Cut(p.text[p.at:], "}"); found && c == 'u' && strings.HasPrefix(inside, "{") {
			hex, digits = inside[1:], len(inside)+1
		}
		v, err := strconv.ParseUint(hex, 16, 32)
		if err != nil || v > unicode.MaxRune || v >= 0xD800 && v < 0xE000 {
			return nil, p.fail("no character: %.12q", p.text[p.at:])
		}
		r = rune(v)
		p.at += digits
	} else if c < utf8.RuneSelf && !isLetterOrDigit(c) {
		r = rune(c)
		p.at++
	}
	if r < 0 {
		return nil, p.fail(`\%c is not supported`, c)
	}
	return []runRange{{r, r}}, nil
}

func isLetterOrDigit(c byte) bool {
	return c >= '0' && c <= '9' || c|0x20 >= 'a' && c|0x20 <= 'z'
}

// complement is the characters that are not in set, sorted. Surrogates are no characters.
func complement(set []runRange) []runRange {
	set = append([]runRange{{0xD800, 0xDFFF}}, set...)
	slices.SortFunc(set, func(a, b runRange) int { return cmp.Compare(a.lo, b.lo) })
	var out []runRange
	next := rune(0)
	for _, x := range set {
		if x.lo > next {
			out = append(out, runRange{next, x.lo - 1})
		}
		next = max(next, x.hi+1)
	}
	if next <= unicode.MaxRune {
		out = append(out, runRange{next, unicode.MaxRune})
	}
	return out
}

// longest is taken for all greater lengths, so that they do not overflow.
const longest = 1 << 40

// length is the least and the greatest number of characters, -1 for no limit.
func (x *pattern) length() (lo, hi int) {
	switch x.kind {
	case oneOf:
		return 1, 1
	case repeated:
		lo, hi = x.subs[0].length()
		lo = min(lo*x.lo, longest)
		if hi > 0 && x.hi >= 0 {
			return lo, min(hi*x.hi, longest)
		}
		if hi != 0 && x.hi != 0 {
			return lo, -1
		}
		return lo, 0
	}
	for i, s := range x.subs {
		l, h := s.length()
		switch {
		case x.kind == sequence:
			lo = min(lo+l, longest)
			if hi >= 0 {
				hi = min(hi+h, longest)
			}
			if h < 0 {
				hi = -1
			}
		case i == 0:
			lo, hi = l, h
		default:
			lo = min(lo, l)
			if hi >= 0 {
				hi = max(hi, h)
			}
			if h < 0 {
				hi = -1
			}
		}
	}
	return lo, hi
}

// within narrows repetitions so that every text has lo to hi characters; hi is -1 for no limit. It can do so where one
// repetition of single characters is all that varies in an alternative.
func (x *pattern) within(lo, hi int) bool {
	least, most := x.length()
	if least >= lo && (hi < 0 || most >= 0 && most <= hi) {
		return true
	}
	if x.kind == alternatives {
		x.subs = slices.DeleteFunc(x.subs, func(s *pattern) bool { return !s.within(lo, hi) })
		return len(x.subs) > 0
	}
	if x.kind == repeated && x.subs[0].kind == oneOf {
		x.lo = max(x.lo, lo)
		if hi >= 0 && (x.hi < 0 || x.hi > hi) {
			x.hi = hi
		}
		return x.lo <= maxRepeat && (x.hi < 0 || x.lo <= x.hi)
	}
	if x.kind != sequence {
		return false
	}
	for _, s := range x.subs {
		l, h := s.length()
		if l == h {
			continue
		}
		// The others keep their least; this one takes what is left, if they cannot grow.
		rest := least - l
		for _, o := range x.subs {
			if a, b := o.length(); o != s && a != b {
				return false
			}
		}
		if hi >= 0 && hi < rest {
			return false
		}
		if hi >= 0 {
			hi -= rest
		}
		return s.within(max(0, lo-rest), hi)
	}
	return false
}
