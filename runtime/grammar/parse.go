package grammar

import (
	"cmp"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// Parse compiles a grammar whose first symbol is root.
func Parse(text, root string) (*Grammar, error) {
	if len(text) > maxText {
		return nil, fmt.Errorf("%w: %d bytes, want at most %d", ErrLimit, len(text), maxText)
	}
	p := &parser{text: text, ids: map[string]int{}, g: &Grammar{}}
	p.space(true)
	for p.at < len(text) {
		if err := p.rule(); err != nil {
			return nil, err
		}
		p.space(true)
	}
	var ok bool
	if p.g.root, ok = p.ids[root]; !ok {
		return nil, fmt.Errorf("%w: there is no rule %q", ErrSyntax, root)
	}
	for id, alts := range p.g.rules {
		if alts == nil {
			return nil, fmt.Errorf("%w: rule %q is used but not defined", ErrSyntax, p.g.names[id])
		}
	}
	return p.g, p.g.checkRecursion()
}

type parser struct {
	text   string
	at     int
	depth  int
	copies int // items that repetitions have written out
	ids    map[string]int
	g      *Grammar
}

func (p *parser) fail(format string, args ...any) error {
	line := 1 + strings.Count(p.text[:p.at], "\n")
	return fmt.Errorf("%w: line %d, offset %d: %s", ErrSyntax, line, p.at, fmt.Sprintf(format, args...))
}

// space skips blanks and comments, and newlines where they mean nothing.
func (p *parser) space(newlines bool) {
	for p.at < len(p.text) {
		switch c := p.text[p.at]; {
		case c == '#':
			for p.at < len(p.text) && p.text[p.at] != '\n' && p.text[p.at] != '\r' {
				p.at++
			}
		case c == ' ' || c == '\t' || newlines && (c == '\n' || c == '\r'):
			p.at++
		default:
			return
		}
	}
}

func (p *parser) peek() byte {
	if p.at < len(p.text) {
		return p.text[p.at]
	}
	return 0
}

func isNameByte(c byte) bool {
	return c == '-' || c == '_' || c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

func (p *parser) name() (string, error) {
	from := p.at
	for isNameByte(p.peek()) {
		p.at++
	}
	if p.at == from {
		return "", p.fail("want the name of a rule, got %.10q", p.text[p.at:])
	}
	return p.text[from:p.at], nil
}

// id is the number of a rule by name, made when it is new.
func (p *parser) id(name string) int {
	id, ok := p.ids[name]
	if !ok {
		id = p.fresh(name)
		p.ids[name] = id
	}
	return id
}

func (p *parser) fresh(name string) int {
	p.g.rules = append(p.g.rules, nil)
	p.g.names = append(p.g.names, name)
	return len(p.g.rules) - 1
}

// rule is NAME ::= alternatives NEWLINE
func (p *parser) rule() error {
	name, err := p.name()
	if err != nil {
		return err
	}
	id := p.id(name)
	if p.g.rules[id] != nil {
		return p.fail("rule %q is defined twice", name)
	}
	p.space(false)
	if !strings.HasPrefix(p.text[p.at:], "::=") {
		return p.fail("want ::= after %q", name)
	}
	p.at += 3
	p.space(true)
	alts, err := p.alternatives()
	if err != nil {
		return err
	}
	if err := p.define(id, alts); err != nil {
		return err
	}
	if c := p.peek(); c != 0 && c != '\n' && c != '\r' {
		return p.fail("want the end of the rule, got %.10q", p.text[p.at:])
	}
	return nil
}

// define stores the alternatives of a rule.
func (p *parser) define(id int, alts [][]item) error {
	for _, a := range alts {
		p.g.rules[id] = append(p.g.rules[id], len(p.g.items))
		p.g.items = append(append(p.g.items, a...), item{})
	}
	if len(p.g.items) > maxItems {
		return fmt.Errorf("%w: more than %d items", ErrLimit, maxItems)
	}
	return nil
}

func (p *parser) alternatives() ([][]item, error) {
	var alts [][]item
	for {
		a, err := p.sequence()
		if err != nil {
			return nil, err
		}
		alts = append(alts, a)
		if p.peek() != '|' {
			return alts, nil
		}
		p.at++
		p.space(true)
	}
}

// sequence reads items up to a bar, a closing parenthesis or the end of the rule.
func (p *parser) sequence() ([]item, error) {
	var out []item
	last := 0 // where the item a repetition applies to begins
	for {
		c := p.peek()
		var next []item
		switch {
		case c == '"':
			s, err := p.literal()
			if err != nil {
				return nil, err
			}
			for _, r := range s {
				next = append(next, item{kind: char, set: []runRange{{r, r}}})
			}
		case c == '[':
			it, err := p.class()
			if err != nil {
				return nil, err
			}
			next = []item{it}
		case c == '.':
			p.at++
			next = []item{{kind: char, negat: true}}
		case c == '(':
			id, err := p.group()
			if err != nil {
				return nil, err
			}
			next = []item{{kind: ref, rule: id}}
		case isNameByte(c):
			name, _ := p.name()
			next = []item{{kind: ref, rule: p.id(name)}}
		case c == '*' || c == '+' || c == '?' || c == '{':
			if last == len(out) {
				return nil, p.fail("%q has nothing to repeat", c)
			}
			lo, hi, err := p.counts()
			if err != nil {
				return nil, err
			}
			if out, err = p.repeat(out[:last], out[last:], lo, hi); err != nil {
				return nil, err
			}
			last = len(out)
			p.space(p.depth > 0)
			continue
		default:
			return out, nil
		}
		last = len(out)
		out = append(out, next...)
		p.space(p.depth > 0)
	}
}

func (p *parser) group() (int, error) {
	if p.depth++; p.depth > maxNesting {
		return 0, fmt.Errorf("%w: groups are nested more than %d deep", ErrLimit, maxNesting)
	}
	p.at++
	p.space(true)
	alts, err := p.alternatives()
	if err != nil {
		return 0, err
	}
	if p.peek() != ')' {
		return 0, p.fail("want ), got %.10q", p.text[p.at:])
	}
	p.at++
	p.depth--
	id := p.fresh("(group)")
	return id, p.define(id, alts)
}

// counts reads * + ? {m} {m,} {m,n}; hi is -1 for no limit.
func (p *parser) counts() (lo, hi int, err error) {
	c := p.peek()
	p.at++
	switch c {
	case '*':
		return 0, -1, nil
	case '+':
		return 1, -1, nil
	case '?':
		return 0, 1, nil
	}
	body, _, ok := strings.Cut(p.text[p.at:], "}")
	if !ok {
		return 0, 0, p.fail("{ is not closed")
	}
	from, to, ranged := strings.Cut(body, ",")
	lo, err1 := strconv.Atoi(strings.TrimSpace(from))
	hi = lo
	var err2 error
	if ranged {
		if to = strings.TrimSpace(to); to == "" {
			hi = -1
		} else {
			hi, err2 = strconv.Atoi(to)
		}
	}
	if err1 != nil || err2 != nil || lo < 0 || hi >= 0 && hi < lo {
		return 0, 0, p.fail("{%s} is no repetition; want {m}, {m,} or {m,n}", body)
	}
	if lo > maxRepeat || hi > maxRepeat {
		return 0, 0, fmt.Errorf("%w: {%s} repeats more than %d times", ErrLimit, body, maxRepeat)
	}
	p.at += len(body) + 1
	return lo, hi, nil
}

// repeat appends x lo to hi times: lo copies, then a rule for the rest.
func (p *parser) repeat(out, x []item, lo, hi int) ([]item, error) {
	x = slices.Clone(x)
	if len(x) > 1 { // a literal of several characters
		id := p.fresh("(literal)")
		if err := p.define(id, [][]item{x}); err != nil {
			return nil, err
		}
		x = []item{{kind: ref, rule: id}}
	}
	if p.copies += lo; p.copies > maxItems {
		return nil, fmt.Errorf("%w: more than %d items", ErrLimit, maxItems)
	}
	for range lo {
		out = append(out, x...)
	}
	if hi < 0 { // rest ::= x rest |
		id := p.fresh("(repetition)")
		return append(out, item{kind: ref, rule: id}), p.define(id, [][]item{{x[0], {kind: ref, rule: id}}, nil})
	}
	rest := -1
	for range hi - lo { // rest ::= x rest' |
		a := []item{x[0]}
		if rest >= 0 {
			a = append(a, item{kind: ref, rule: rest})
		}
		rest = p.fresh("(repetition)")
		if err := p.define(rest, [][]item{a, nil}); err != nil {
			return nil, err
		}
	}
	if rest >= 0 {
		out = append(out, item{kind: ref, rule: rest})
	}
	return out, nil
}

// literal is "..." with escapes.
func (p *parser) literal() (string, error) {
	p.at++
	var b strings.Builder
	for p.peek() != '"' {
		r, err := p.char()
		if err != nil {
			return "", err
		}
		b.WriteRune(r)
	}
	p.at++
	return b.String(), nil
}

// class is [...] with ranges, negated by ^.
func (p *parser) class() (item, error) {
	it := item{kind: char}
	p.at++
	if p.peek() == '^' {
		it.negat = true
		p.at++
	}
	for p.peek() != ']' {
		lo, err := p.char()
		if err != nil {
			return it, err
		}
		hi := lo
		if p.peek() == '-' && p.at+1 < len(p.text) && p.text[p.at+1] != ']' {
			p.at++
			if hi, err = p.char(); err != nil {
				return it, err
			}
		}
		if hi < lo {
			return it, p.fail("the range %q-%q is empty", lo, hi)
		}
		it.set = append(it.set, runRange{lo, hi})
	}
	p.at++
	it.set = apart(it.set)
	return it, nil
}

// apart sorts ranges and joins those that overlap or touch.
func apart(set []runRange) []runRange {
	slices.SortFunc(set, func(a, b runRange) int { return cmp.Compare(a.lo, b.lo) })
	out := set[:0]
	for _, x := range set {
		if n := len(out); n > 0 && x.lo <= out[n-1].hi+1 {
			out[n-1].hi = max(out[n-1].hi, x.hi)
			continue
		}
		out = append(out, x)
	}
	return out
}

// char is one character, perhaps escaped.
func (p *parser) char() (rune, error) {
	if p.at >= len(p.text) || p.text[p.at] == '\n' {
		return 0, p.fail("a literal or class is not closed")
	}
	r, n := utf8.DecodeRuneInString(p.text[p.at:])
	if r == utf8.RuneError && n == 1 {
		return 0, p.fail("byte %#x is no UTF-8", p.text[p.at])
	}
	p.at += n
	if r != '\\' {
		return r, nil
	}
	if p.at >= len(p.text) {
		return 0, p.fail("a literal or class is not closed")
	}
	c := p.text[p.at]
	p.at++
	switch c {
	case 'n':
		return '\n', nil
	case 'r':
		return '\r', nil
	case 't':
		return '\t', nil
	case '\\', '"', '[', ']', '-', '^':
		return rune(c), nil
	}
	digits := map[byte]int{'x': 2, 'u': 4, 'U': 8}[c]
	if digits == 0 || p.at+digits > len(p.text) {
		return 0, p.fail(`unknown escape \%c; known are \n \r \t \\ \" \[ \] \xHH \uHHHH \UHHHHHHHH`, c)
	}
	v, err := strconv.ParseUint(p.text[p.at:p.at+digits], 16, 32)
	if err != nil || v > unicode.MaxRune {
		return 0, p.fail(`\%c%s is no character`, c, p.text[p.at:p.at+digits])
	}
	p.at += digits
	return rune(v), nil
}
