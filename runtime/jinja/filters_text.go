package jinja

import (
	"strings"
	"unicode/utf8"
)

// onText makes a filter of a method of strings.
func onText(name string) filter {
	return func(e *env, v Value, a args) (Value, error) {
		s, err := e.str(v)
		if err != nil {
			return nil, err
		}
		out, err := stringMethods[name](e, s, a)
		if t, ok := out.(string); ok {
			out = like(v, t)
		}
		return out, err
	}
}

func stringFilter(e *env, v Value, _ args) (Value, error) {
	if _, ok := text(v); ok {
		return v, nil
	}
	s, err := e.str(v)
	return s, err
}

// prettyPrint is pprint, on one line.
func prettyPrint(e *env, v Value, _ args) (Value, error) {
	s, err := e.repr(v)
	return s, err
}

func safe(e *env, v Value, _ args) (Value, error) {
	s, err := e.str(v)
	return Markup(s), err
}

var htmlEscapes = strings.NewReplacer("&", "&amp;", "<", "&lt;", ">", "&gt;", `"`, "&#34;", "'", "&#39;")

func escapeHTML(s string) string { return htmlEscapes.Replace(s) }

func escapeFilter(e *env, v Value, _ args) (Value, error) {
	if m, ok := v.(Markup); ok {
		return m, nil
	}
	return forceEscape(e, v, args{})
}

func forceEscape(e *env, v Value, _ args) (Value, error) {
	s, err := e.str(v)
	if err != nil {
		return nil, err
	}
	longer := 4*(strings.Count(s, "&")+strings.Count(s, `"`)+strings.Count(s, "'")) + 3*(strings.Count(s, "<")+strings.Count(s, ">"))
	if err := firstError(e.spend(2*len(s)), e.make(len(s)+longer)); err != nil {
		return nil, err
	}
	return Markup(escapeHTML(s)), nil
}

func centerFilter(e *env, v Value, a args) (Value, error) {
	if len(a.pos) == 0 && len(a.names) == 0 {
		a = args{pos: []Value{int64(80)}}
	}
	return onText("center")(e, v, a)
}

// replace is replace(old, new, count).
func replace(e *env, v Value, a args) (Value, error) {
	s, err := e.str(v)
	if err != nil {
		return nil, err
	}
	oldV, ok1 := a.get(0, "old")
	newV, ok2 := a.get(1, "new")
	if !ok1 || !ok2 {
		return nil, raise("replace: want the old and the new text")
	}
	from, err := e.str(oldV)
	if err != nil {
		return nil, err
	}
	to, err := e.str(newV)
	if err != nil {
		return nil, err
	}
	count, err := a.int(2, "count", -1)
	if err != nil {
		return nil, err
	}
	n := strings.Count(s, from)
	if count >= 0 {
		n = int(min(int64(n), count))
	}
	if n > 0 && len(to) > maxValue/n {
		return nil, limit("replace makes more than %d bytes", maxValue)
	}
	if err := firstError(e.make(len(s)+n*len(to)), e.spend(4*len(s))); err != nil {
		return nil, err
	}
	return strings.Replace(s, from, to, n), nil
}

// trim is trim(chars).
func trim(e *env, v Value, a args) (Value, error) { return onText("strip")(e, v, a) }

// titleFilter makes the first letter of every word large: words are cut at white space, hyphens and opening brackets.
func titleFilter(e *env, v Value, _ args) (Value, error) {
	s, err := e.str(v)
	if err != nil {
		return nil, err
	}
	start := true
	out := strings.Map(func(r rune) rune {
		was := start
		start = isSpace(r) || strings.ContainsRune("-({[<", r)
		if was {
			return []rune(strings.ToUpper(string(r)))[0]
		}
		return []rune(strings.ToLower(string(r)))[0]
	}, s)
	return out, firstError(e.make(len(out)), e.spend(16*len(s)))
}

// indent is indent(width, first, blank).
func indent(e *env, v Value, a args) (Value, error) {
	s, err := onlyText("indent", v)
	if err != nil {
		return nil, err
	}
	pad := "    "
	if w, ok := a.get(0, "width"); ok {
		t, isText := text(w)
		n, isInt := integer(w)
		switch {
		case isText:
			pad = t
		case isInt && n <= maxValue:
			pad = strings.Repeat(" ", int(max(n, 0)))
		default:
			return nil, limit("indent: want a width of at most %d", maxValue)
		}
	}
	firstToo, blankToo := a.bool(1, "first", false), a.bool(2, "blank", false)
	lines := strings.Count(s, "\n") + 1
	if len(pad) > maxValue/lines {
		return nil, limit("indent makes more than %d bytes", maxValue)
	}
	if err := firstError(e.make(len(s)+lines*len(pad)), e.spend(4*len(s))); err != nil {
		return nil, err
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(s, "\n") {
		if i == 0 && firstToo || i > 0 && (strings.TrimSuffix(line, "\n") != "" || blankToo) {
			out.WriteString(pad)
		}
		out.WriteString(line)
	}
	return like(v, out.String()), nil
}

// onlyText is the text of a string; other values are refused.
func onlyText(filter string, v Value) (string, error) {
	if u, ok := v.(Undefined); ok {
		return "", undefinedError(u)
	}
	s, ok := text(v)
	if !ok {
		return "", raise("%s: %s, want a str", filter, typeName(v))
	}
	return s, nil
}

// truncate is truncate(length, killwords, end, leeway).
func truncate(e *env, v Value, a args) (Value, error) {
	if _, isText := text(v); !isText { // what is short enough is returned as it is
		k, err := length(e, v, args{})
		n, err2 := a.int(0, "length", 255)
		leeway, err3 := a.int(3, "leeway", 5)
		if err := firstError(err, err2, err3); err != nil {
			return nil, err
		}
		if k.(int64) <= n+leeway {
			return v, nil
		}
	}
	s, err := onlyText("truncate", v)
	if err != nil {
		return nil, err
	}
	n, err := a.int(0, "length", 255)
	if err != nil {
		return nil, err
	}
	end, err := a.str(2, "end", "...")
	if err != nil {
		return nil, err
	}
	leeway, err := a.int(3, "leeway", 5)
	if err != nil {
		return nil, err
	}
	if err := e.make(4 * len(s)); err != nil {
		return nil, err
	}
	runes, tail := []rune(s), int64(utf8.RuneCountInString(end))
	switch {
	case n < tail || leeway < 0:
		return nil, raise("truncate: want a length of at least %d and no negative leeway", tail)
	case int64(len(runes)) <= n+leeway:
		return s, nil
	}
	cut := string(runes[:n-tail])
	if !a.bool(1, "killwords", false) {
		if i := strings.LastIndexByte(cut, ' '); i >= 0 {
			cut = cut[:i]
		}
	}
	return cut + end, nil
}

func wordCount(e *env, v Value, _ args) (Value, error) {
	s, err := e.str(v)
	if err != nil {
		return nil, err
	}
	n, inside := int64(0), false
	for _, r := range s {
		word := r == '_' || isAlnum(r)
		if word && !inside {
			n++
		}
		inside = word
	}
	return n, e.spend(8 * len(s))
}

// stripTags removes tags and comments and joins white space, as markupsafe does.
func stripTags(e *env, v Value, _ args) (Value, error) {
	s, err := e.str(v)
	if err == nil {
		err = firstError(e.make(len(s)), e.spend(16*len(s)))
	}
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for s != "" {
		i := strings.IndexByte(s, '<')
		if i < 0 {
			b.WriteString(s)
			break
		}
		b.WriteString(s[:i])
		s = s[i:]
		end := ">"
		if strings.HasPrefix(s, "<!--") {
			end = "-->"
		}
		j := strings.Index(s, end)
		if j < 0 {
			b.WriteString(s)
			break
		}
		s = s[j+len(end):]
	}
	unescape := strings.NewReplacer("&lt;", "<", "&gt;", ">", "&#34;", `"`, "&quot;", `"`, "&#39;", "'", "&amp;", "&")
	return unescape.Replace(strings.Join(strings.FieldsFunc(b.String(), isSpace), " ")), nil
}
