package jinja

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// mapping makes a method of a function whose result is at most four times as long.
func mapping(f func(string) string) method {
	return func(e *env, v Value, _ args) (Value, error) {
		s, _ := text(v)
		if err := e.spend(16 * len(s)); err != nil {
			return nil, err
		}
		return e.budget.str(f(s))
	}
}

// predicate makes a method of a test that every character of a string passes.
func predicate(f func(r rune) bool) method {
	return func(e *env, v Value, _ args) (Value, error) {
		s, _ := text(v)
		return s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0, e.spend(8 * len(s))
	}
}

// cased makes isupper and islower: some character is of the case, none of the other.
func cased(some, none func(r rune) bool) method {
	return func(e *env, v Value, _ args) (Value, error) {
		s, _ := text(v)
		return strings.IndexFunc(s, some) >= 0 && strings.IndexFunc(s, none) < 0, e.spend(8 * len(s))
	}
}

// wholeTest makes a method of a test of a string.
func wholeTest(f func(s string) bool) method {
	return func(e *env, v Value, _ args) (Value, error) {
		s, _ := text(v)
		return f(s), e.spend(8 * len(s))
	}
}

func isIdentifier(s string) bool {
	for i, r := range s {
		if !isNameRune(r) || i == 0 && unicode.IsDigit(r) {
			return false
		}
	}
	return s != ""
}

func isTitle(s string) bool { return title(s) == s && strings.IndexFunc(s, unicode.IsUpper) >= 0 }

func isAlnum(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }

// maxSet bounds the characters a trim looks for: it compares every character with all of them.
const maxSet = 256

// trimmer makes strip and the like.
func trimmer(trim func(string, func(rune) bool) string) method {
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		set, ok := a.get(0, "chars")
		if !ok || set == nil {
			return trim(s, isSpace), e.spend(4 * len(s))
		}
		c, ok := text(set)
		if !ok {
			return nil, raise("characters to trim are %s, want a str", typeName(set))
		}
		if len(c) > maxSet {
			return nil, limit("characters to trim are %d bytes, want at most %d", len(c), maxSet)
		}
		return trim(s, func(r rune) bool { return strings.ContainsRune(c, r) }), e.spend(len(s) * (4 + len(c)))
	}
}

// affix makes startswith and endswith, which take a tuple of texts too.
func affix(has func(s, part string) bool) method {
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		s, _, inside, err := e.window(s, a)
		if err != nil {
			return nil, err
		}
		x, _ := a.get(0, "prefix")
		list := []Value{x}
		if l, ok := x.(*List); ok {
			list = l.Items
		}
		for _, p := range list {
			if err := e.spend(costItem); err != nil {
				return nil, err
			}
			t, ok := text(p)
			if !ok {
				return nil, raise("startswith and endswith want a str or a tuple of them, not %s", typeName(p))
			}
			if inside && has(s, t) {
				return true, nil
			}
		}
		return false, nil
	}
}

func part(f func(s, part string) string) method {
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		t, err := a.str(0, "prefix", "")
		return f(s, t), err
	}
}

// upper is strings.ToUpper with the one letter in use whose upper case is two.
func upper(s string) string { return strings.ToUpper(strings.ReplaceAll(s, "ß", "SS")) }

func foldCase(s string) string { return strings.ToLower(strings.ReplaceAll(s, "ß", "ss")) }

func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		if inWord = unicode.IsLetter(r); inWord && was {
			return unicode.ToLower(r)
		}
		return unicode.ToTitle(r)
	}, s)
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	if r == 'ß' {
		return "Ss" + strings.ToLower(s[n:])
	}
	return string(unicode.ToTitle(r)) + strings.ToLower(s[n:])
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// find gives the position in characters; none is -1, or an error if required.
func find(index func(s, part string) int, required bool) method {
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		t, err := a.str(0, "sub", "")
		if err != nil {
			return nil, err
		}
		s, before, inside, err := e.window(s, a)
		if err != nil {
			return nil, err
		}
		i := -1
		if inside {
			i = index(s, t)
		}
		if i < 0 {
			if required {
				err = raise("the text is not in the string")
			}
			return int64(-1), err
		}
		return int64(before + utf8.RuneCountInString(s[:i])), e.spend(4 * len(s))
	}
}

// window is s[start:end], the arguments 1 and 2, and the number of characters before it; false when start is behind s.
func (e *env) window(s string, a args) (part string, before int, inside bool, err error) {
	var bounds [3]*int64
	for i, name := range []string{"start", "end"} {
		if v, ok := a.get(1+i, name); ok && v != nil {
			n, err := a.int(1+i, name, 0)
			if err != nil {
				return "", 0, false, err
			}
			bounds[i] = &n
		}
	}
	if bounds == ([3]*int64{}) {
		return s, 0, true, nil
	}
	n := utf8.RuneCountInString(s)
	if bounds[0] != nil && *bounds[0] > int64(n) {
		return "", 0, false, e.spend(len(s))
	}
	start, stop, _, err := clip(n, bounds)
	if err != nil {
		return "", 0, false, err
	}
	v, err := e.slice(s, bounds)
	if err != nil || stop < start {
		return "", start, err == nil, err
	}
	return v.(string), start, true, nil
}

func countMethod(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	s, _, _, err := e.window(s, a)
	if err != nil {
		return nil, err
	}
	t, err := a.str(0, "sub", "")
	return int64(strings.Count(s, t)), firstError(err, e.spend(4*len(s)))
}

func firstError(errs ...error) error {
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return nil
}

// maxWidth bounds the widths texts are padded to and the precision of conversions.
const maxWidth = 1000

// missing is how many characters s lacks to the width asked for.
func missing(s string, a args) (n, width int, err error) {
	w, err := a.int(0, "width", -1)
	if err != nil || w > maxWidth {
		return 0, 0, firstError(err, limit("a width of %d, want at most %d", w, maxWidth))
	}
	return max(0, int(max(w, 0))-utf8.RuneCountInString(s)), int(max(w, 0)), nil
}

// padded makes ljust and the like: before says how many of n missing characters go in front.
func padded(before func(n, width int) int) method {
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		n, width, err := missing(s, a)
		if err != nil {
			return nil, err
		}
		fill, err := a.str(1, "fillchar", " ")
		if err != nil || utf8.RuneCountInString(fill) != 1 {
			return nil, firstError(err, raise("want one character to fill with"))
		}
		left := before(n, width)
		return e.budget.str(strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left))
	}
}

// zeros is zfill: zeros behind the sign.
func zeros(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	n, _, err := missing(s, a)
	if err != nil {
		return nil, err
	}
	sign := ""
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	return e.budget.str(sign + strings.Repeat("0", n) + s)
}

func expandTabs(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	size, err := a.int(0, "tabsize", 8)
	if err != nil || size < 0 || size > maxWidth {
		return nil, firstError(err, limit("a tab of %d, want at most %d", size, maxWidth))
	}
	if err := e.make(len(s) + strings.Count(s, "\t")*int(size)); err != nil {
		return nil, err
	}
	var b strings.Builder
	column := 0
	for _, r := range s {
		switch {
		case r == '\t' && size > 0:
			n := int(size) - column%int(size)
			b.WriteString(strings.Repeat(" ", n))
			column += n
		case r == '\t':
		default:
			b.WriteRune(r)
			if column++; r == '\n' || r == '\r' {
				column = 0
			}
		}
	}
	return b.String(), nil
}

func replaceMethod(e *env, v Value, a args) (Value, error) { return replace(e, v, a) }
