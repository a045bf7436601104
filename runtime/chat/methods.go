package chat

import (
	"errors"
	"fmt"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/ardanlabs/jinja"
)

// method is a method of Python's str, list or dict: the value and the arguments.
type method func(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error)

// maxSet bounds the characters a trim looks for: it compares every character with all of them.
const maxSet = 256

// textArgument is argument i, or def.
func textArgument(args []jinja.Value, i int, def string) string {
	if i < len(args) && args[i].IsString() {
		return args[i].AsString()
	}
	return def
}

// mapping makes a method of a function on strings whose result is at most four times as long.
func mapping(f func(s string) string) method {
	return func(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
		s := x.AsString()
		if err := b.spend(16 * len(s)); err != nil {
			return x, err
		}
		return b.text(f(s))
	}
}

// predicate makes a method of a test that every character of a string passes.
func predicate(f func(r rune) bool) method {
	return func(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
		s := x.AsString()
		all := s != "" && strings.IndexFunc(s, func(r rune) bool { return !f(r) }) < 0
		return jinja.NewBool(all), b.spend(8 * len(s))
	}
}

// trimmer makes strip and the like; def trims white space, set the characters given.
func trimmer(def func(string) string, set func(s, cutset string) string) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		s := x.AsString()
		if len(args) == 0 || args[0].IsNone() {
			return jinja.NewString(def(s)), b.spend(4 * len(s))
		}
		c := textArgument(args, 0, "")
		if len(c) > maxSet {
			return x, b.fail("characters to trim are %d bytes, want at most %d", len(c), maxSet)
		}
		return jinja.NewString(set(s, c)), b.spend(len(s) * (4 + len(c)))
	}
}

// affix makes startswith and endswith, which take a list of texts too.
func affix(has func(s, part string) bool) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		list := args
		if len(args) > 0 && args[0].IsList() {
			list = args[0].AsList().Items
		}
		for _, a := range list {
			if err := b.spend(costItem); err != nil {
				return x, err
			}
			if a.IsString() && has(x.AsString(), a.AsString()) {
				return jinja.NewBool(true), nil
			}
		}
		return jinja.NewBool(false), nil
	}
}

func trimSpace(s string) string      { return strings.TrimFunc(s, unicode.IsSpace) }
func trimLeftSpace(s string) string  { return strings.TrimLeftFunc(s, unicode.IsSpace) }
func trimRightSpace(s string) string { return strings.TrimRightFunc(s, unicode.IsSpace) }

func title(s string) string {
	inWord := false
	return strings.Map(func(r rune) rune {
		was := inWord
		if inWord = unicode.IsLetter(r); inWord && was {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

func capitalize(s string) string {
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 {
		return s
	}
	return string(unicode.ToUpper(r)) + strings.ToLower(s[n:])
}

func swapCase(s string) string {
	return strings.Map(func(r rune) rune {
		if unicode.IsUpper(r) {
			return unicode.ToLower(r)
		}
		return unicode.ToUpper(r)
	}, s)
}

// stringMethods are the methods of strings.
var stringMethods map[string]method

func init() { // methods refer to filters, and those to the table
	stringMethods = map[string]method{
		"strip": trimmer(trimSpace, strings.Trim), "lstrip": trimmer(trimLeftSpace, strings.TrimLeft), "rstrip": trimmer(trimRightSpace, strings.TrimRight),
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
		"upper": mapping(strings.ToUpper), "lower": mapping(strings.ToLower), "title": mapping(title), "capitalize": mapping(capitalize), "swapcase": mapping(swapCase),
		"isdigit": predicate(unicode.IsDigit), "isdecimal": predicate(unicode.IsDigit), "isnumeric": predicate(unicode.IsNumber),
		"isalpha": predicate(unicode.IsLetter), "isspace": predicate(unicode.IsSpace),
		"isalnum":      predicate(func(r rune) bool { return unicode.IsLetter(r) || unicode.IsNumber(r) }),
		"isupper":      predicate(func(r rune) bool { return !unicode.IsLower(r) }),
		"islower":      predicate(func(r rune) bool { return !unicode.IsUpper(r) }),
		"removeprefix": mapping2(strings.TrimPrefix), "removesuffix": mapping2(strings.TrimSuffix),
		"split": split, "rsplit": rsplit, "splitlines": splitLines, "partition": partition,
		"replace": replaceMethod, "join": joinMethod, "format": format,
		"count": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
			return jinja.NewInt(int64(strings.Count(x.AsString(), textArgument(args, 0, "")))), b.spend(4 * shallow(x))
		},
		"find": find(strings.Index), "rfind": find(strings.LastIndex), "index": found(strings.Index), "rindex": found(strings.LastIndex),
		"zfill": zeros, "ljust": padded(func(int, int) int { return 0 }), "rjust": padded(func(n, _ int) int { return n }),
		"center": padded(func(n, width int) int { return n/2 + n&width&1 }), "rpartition": rpartition,
	}
}

func mapping2(f func(s, part string) string) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		return jinja.NewString(f(x.AsString(), textArgument(args, 0, ""))), nil
	}
}

// find gives the position in characters, -1 for none.
func find(index func(s, part string) int) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		i := index(x.AsString(), textArgument(args, 0, ""))
		if i > 0 {
			i = utf8.RuneCountInString(x.AsString()[:i])
		}
		return jinja.NewInt(int64(i)), b.spend(4 * shallow(x))
	}
}

// found is find, but an error for none.
func found(index func(s, part string) int) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
		i, err := find(index)(b, x, args, named)
		if err == nil && i.AsInt() < 0 {
			err = errors.New("index: the text is not in the string")
		}
		return i, err
	}
}

// missing is how many characters s lacks to the width asked for.
func missing(s string, args []jinja.Value) (n, width int, err error) {
	w, ok := integer(firstOf(args))
	if !ok || w > maxWidth {
		return 0, 0, fmt.Errorf("want a width of at most %d", maxWidth)
	}
	return max(0, int(max(w, 0))-utf8.RuneCountInString(s)), int(w), nil
}

// padded makes ljust and the like: before says how many of n missing characters go in front.
func padded(before func(n, width int) int) method {
	return func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		s := x.AsString()
		n, width, err := missing(s, args)
		if err != nil {
			return x, err
		}
		fill := textArgument(args, 1, " ")
		if utf8.RuneCountInString(fill) != 1 {
			return x, errors.New("want one character to fill with")
		}
		left := before(n, width)
		return b.text(strings.Repeat(fill, left) + s + strings.Repeat(fill, n-left))
	}
}

// zeros is zfill: zeros behind the sign.
func zeros(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
	s, sign := x.AsString(), ""
	n, _, err := missing(s, args)
	if err != nil {
		return x, err
	}
	if strings.HasPrefix(s, "-") || strings.HasPrefix(s, "+") {
		sign, s = s[:1], s[1:]
	}
	return b.text(sign + strings.Repeat("0", n) + s)
}

// texts makes a list of strings that share the memory of s.
func (b *budget) texts(s string, parts []string) (jinja.Value, error) {
	l := make([]jinja.Value, len(parts))
	for i, p := range parts {
		l[i] = jinja.NewString(p)
	}
	return jinja.NewList(l), b.spend(4 * len(s))
}

// split is split(sep, maxsplit).
func split(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
	s := x.AsString()
	most := -1
	if v, ok := argument(args, named, 1, "maxsplit"); ok && v.IsInt() && v.AsInt() >= 0 {
		most = int(min(v.AsInt(), int64(len(s))))
	}
	sepValue, ok := argument(args, named, 0, "sep")
	if !ok || sepValue.IsNone() {
		if err := b.make(sizeItem * (1 + len(s)/2)); err != nil {
			return x, err
		}
		return b.texts(s, splitFields(s, most))
	}
	sep := text(sepValue)
	if sep == "" {
		return x, errors.New("split: the separator is empty")
	}
	if err := b.make(sizeItem * (1 + strings.Count(s, sep))); err != nil {
		return x, err
	}
	if most >= 0 {
		most++
	}
	return b.texts(s, strings.SplitN(s, sep, most))
}

// splitFields splits at white space, at most so many times; -1 for always.
func splitFields(s string, most int) []string {
	if most < 0 {
		return strings.Fields(s)
	}
	var out []string
	for s = trimLeftSpace(s); s != ""; s = trimLeftSpace(s) {
		i := strings.IndexFunc(s, unicode.IsSpace)
		if i < 0 || len(out) == most {
			return append(out, trimRightSpace(s))
		}
		out = append(out, s[:i])
		s = s[i:]
	}
	return out
}

// rsplit is split from the right.
func rsplit(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
	s, sep := x.AsString(), textArgument(args, 0, "")
	v, ok := argument(args, named, 1, "maxsplit")
	if sep == "" || !ok || !v.IsInt() || v.AsInt() < 0 {
		return split(b, x, args, named)
	}
	parts := []string{}
	for n := v.AsInt(); n > 0; n-- {
		i := strings.LastIndex(s, sep)
		if err := b.spend(len(s)); err != nil {
			return x, err
		}
		if i < 0 {
			break
		}
		if err := b.make(sizeItem); err != nil {
			return x, err
		}
		parts, s = append(parts, s[i+len(sep):]), s[:i]
	}
	parts = append(parts, s)
	for i, j := 0, len(parts)-1; i < j; i, j = i+1, j-1 {
		parts[i], parts[j] = parts[j], parts[i]
	}
	return b.texts(s, parts)
}

func splitLines(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
	s := strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(x.AsString())
	if err := b.make(len(s) + sizeItem*(1+strings.Count(s, "\n"))); err != nil || s == "" {
		return jinja.NewList(nil), err
	}
	return b.texts(s, strings.Split(strings.TrimSuffix(s, "\n"), "\n"))
}

func partition(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
	sep := textArgument(args, 0, "")
	before, after, found := strings.Cut(x.AsString(), sep)
	if sep == "" {
		return x, errors.New("partition: the separator is empty")
	}
	if !found {
		sep = ""
	}
	return b.texts(x.AsString(), []string{before, sep, after})
}

// rpartition is partition at the last separator.
func rpartition(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
	s, sep := x.AsString(), textArgument(args, 0, "")
	if sep == "" {
		return x, errors.New("rpartition: the separator is empty")
	}
	i := strings.LastIndex(s, sep)
	if i < 0 {
		return b.texts(s, []string{"", "", s})
	}
	return b.texts(s, []string{s[:i], sep, s[i+len(sep):]})
}

func replaceMethod(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
	return replace(b, append([]jinja.Value{x}, args...), named)
}

// joinMethod is sep.join(list).
func joinMethod(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
	if len(args) != 1 {
		return x, errors.New("join: want one list")
	}
	return join(b, []jinja.Value{args[0], x}, nil)
}

// format fills {} and {0} in; formats behind a colon are not supported.
func format(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
	var out strings.Builder
	next := 0
	for s := x.AsString(); s != ""; {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			i = len(s)
		}
		out.WriteString(s[:i])
		if s = s[i:]; s == "" {
			break
		}
		if len(s) > 1 && s[1] == s[0] { // {{ and }} stand for themselves
			out.WriteByte(s[0])
			s = s[2:]
			continue
		}
		end := strings.IndexByte(s, '}')
		if s[0] == '}' || end < 0 {
			return x, errors.New("format: a single brace")
		}
		name := s[1:end]
		s = s[end+1:]
		v, ok := named[name]
		n := next
		if name == "" {
			next++
		} else if _, err := fmt.Sscanf(name, "%d", &n); err != nil && !ok {
			return x, fmt.Errorf("format: no argument %.40q", name)
		}
		if !ok {
			if n < 0 || n >= len(args) {
				return x, fmt.Errorf("format: no argument %d", n)
			}
			v = args[n]
		}
		if err := b.whole(v); err != nil {
			return x, err
		}
		t := text(v)
		if err := b.make(len(t)); err != nil {
			return x, err
		}
		out.WriteString(t)
		if out.Len() > maxValue {
			return x, b.fail("a value of more than %d bytes", maxValue)
		}
	}
	return b.text(out.String())
}
