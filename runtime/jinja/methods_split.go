package jinja

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// texts makes a list of strings that share the memory of s.
func (e *env) texts(s string, parts []string, tuple bool) (Value, error) {
	if err := e.items(len(parts)); err != nil {
		return nil, err
	}
	l := make([]Value, len(parts))
	for i, p := range parts {
		l[i] = p
	}
	return &List{Items: l, Tuple: tuple}, e.spend(4 * len(s))
}

// separator returns the arguments of split and rsplit: sep is "" for white space, most -1 for no bound.
func separator(s string, a args) (sep string, most int, err error) {
	m, err := a.int(1, "maxsplit", -1)
	if err != nil {
		return "", 0, err
	}
	most = int(max(-1, min(m, int64(len(s)))))
	v, ok := a.get(0, "sep")
	if !ok || v == nil {
		return "", most, nil
	}
	sep, ok = text(v)
	if !ok || sep == "" {
		return "", 0, raise("a separator is empty or no str")
	}
	return sep, most, nil
}

func split(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	sep, most, err := separator(s, a)
	if err != nil {
		return nil, err
	}
	if sep == "" {
		if err := e.items(1 + len(s)/2); err != nil {
			return nil, err
		}
		return e.texts(s, splitFields(s, most), false)
	}
	if err := e.items(1 + strings.Count(s, sep)); err != nil {
		return nil, err
	}
	if most >= 0 {
		most++
	}
	return e.texts(s, strings.SplitN(s, sep, most), false)
}

// splitFields splits at white space, at most so many times; -1 for always.
func splitFields(s string, most int) []string {
	if most < 0 {
		return strings.FieldsFunc(s, isSpace)
	}
	var out []string
	for s = strings.TrimLeftFunc(s, isSpace); s != ""; s = strings.TrimLeftFunc(s, isSpace) {
		i := strings.IndexFunc(s, isSpace)
		if len(out) == most {
			return append(out, s)
		}
		if i < 0 {
			return append(out, s)
		}
		out = append(out, s[:i])
		s = s[i:]
	}
	return out
}

// rsplit is split from the right.
func rsplit(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	sep, most, err := separator(s, a)
	if err != nil {
		return nil, err
	}
	if most < 0 {
		return split(e, v, a)
	}
	var parts []string
	for rest := s; ; {
		if sep == "" {
			rest = strings.TrimRightFunc(rest, isSpace)
		}
		if sep == "" && rest == "" {
			break
		}
		at, n := strings.LastIndex(rest, sep), len(sep)
		if sep == "" {
			at = strings.LastIndexFunc(rest, isSpace)
			if at >= 0 {
				_, n = utf8.DecodeRuneInString(rest[at:])
			}
		}
		if at < 0 || len(parts) == most {
			if sep == "" {
				rest = strings.TrimLeftFunc(rest, isSpace)
			}
			parts = append(parts, rest)
			break
		}
		if err := firstError(e.items(1), e.spend(len(rest)-at)); err != nil {
			return nil, err
		}
		parts, rest = append(parts, rest[at+n:]), rest[:at]
	}
	slices.Reverse(parts)
	return e.texts(s, parts, false)
}

// splitLines is splitlines(keepends): at the line ends of Python's str.
func splitLines(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	keep := a.bool(0, "keepends", false)
	var parts []string
	start := 0
	for i := 0; i < len(s); {
		r, n := utf8.DecodeRuneInString(s[i:])
		if !strings.ContainsRune("\n\r\v\f\x1c\x1d\x1e\u0085\u2028\u2029", r) {
			i += n
			continue
		}
		end := i
		if i += n; r == '\r' && i < len(s) && s[i] == '\n' {
			i++
		}
		if keep {
			end = i
		}
		if err := e.items(1); err != nil {
			return nil, err
		}
		parts, start = append(parts, s[start:end]), i
	}
	if start < len(s) {
		parts = append(parts, s[start:])
	}
	return e.texts(s, parts, false)
}

func partition(index func(s, sep string) int) method {
	last := index("aa", "a") == 1
	return func(e *env, v Value, a args) (Value, error) {
		s, _ := text(v)
		sep, err := a.str(0, "sep", "")
		if err != nil || sep == "" {
			return nil, firstError(err, raise("the separator is empty"))
		}
		i := index(s, sep)
		switch {
		case i >= 0:
			return e.texts(s, []string{s[:i], sep, s[i+len(sep):]}, true)
		case last:
			return e.texts(s, []string{"", "", s}, true)
		}
		return e.texts(s, []string{s, "", ""}, true)
	}
}

// joinMethod is sep.join(list), of strings only.
func joinMethod(e *env, v Value, a args) (Value, error) {
	if len(a.pos) != 1 {
		return nil, raise("join: want one list")
	}
	items, err := e.elements(a.pos[0])
	if err != nil {
		return nil, err
	}
	for i, x := range items {
		if _, ok := text(x); !ok {
			return nil, raise("join: element %d is %s, want a str", i, typeName(x))
		}
	}
	return join(e, &List{Items: items}, args{pos: []Value{v}})
}
