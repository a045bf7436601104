package jinja

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// method is a method of str, list, tuple or dict: the value and the arguments.
type method func(e *env, v Value, a args) (Value, error)

// methodOf returns a method of a value.
func methodOf(v Value, name string) (m method, ok bool) {
	switch x := v.(type) {
	case string, Markup:
		m, ok = stringMethods[name]
	case *List:
		if x.kind == generator {
			return nil, false
		}
		if m, ok = listMethods[name]; ok && (x.Tuple || x.kind != "") && name != "count" && name != "index" {
			return nil, false
		}
	case *Dict:
		m, ok = dictMethods[name]
	}
	return m, ok
}

// changing are the methods that immutable refuses.
var changing = map[string][]string{
	"list": {"append", "reverse", "insert", "sort", "extend", "remove", "clear"},
	"dict": {"clear", "pop", "popitem", "setdefault", "update"},
}

// changes reports whether a method would change its value.
func changes(v Value, name string) bool { return slices.Contains(changing[typeName(v)], name) }

// like is a text of the kind of another: markup for markup.
func like(v Value, s string) Value {
	if _, ok := v.(Markup); ok {
		return Markup(s)
	}
	return s
}

// immutable are methods that would change a value: the sandbox of transformers refuses them.
func immutable(name string) method {
	return func(_ *env, v Value, _ args) (Value, error) {
		return nil, raise("%s.%s would change the value, which chat templates may not do", typeName(v), name)
	}
}

var listMethods map[string]method
var dictMethods map[string]method
var stringMethods map[string]method

func init() { // methods and filters refer to each other
	listMethods = map[string]method{
		"index": listIndex, "count": listCount, "pop": listPop,
		"copy": func(e *env, v Value, _ args) (Value, error) {
			return &List{Items: slices.Clone(v.(*List).Items)}, e.items(len(v.(*List).Items))
		},
	}
	for _, name := range changing["list"] {
		listMethods[name] = immutable(name)
	}
	dictMethods = map[string]method{
		"items": func(e *env, v Value, _ args) (Value, error) {
			p, err := e.pairs(v.(*Dict))
			if err == nil {
				p.(*List).kind = "dict_items"
			}
			return p, err
		},
		"keys":   func(e *env, v Value, _ args) (Value, error) { return e.view("dict_keys", v.(*Dict).keys) },
		"values": func(e *env, v Value, _ args) (Value, error) { return e.view("dict_values", v.(*Dict).vals) },
		"get":    dictGet,
		"copy":   func(e *env, v Value, _ args) (Value, error) { return v.(*Dict).clone(), e.items(2 * v.(*Dict).Len()) },
	}
	for _, name := range changing["dict"] {
		dictMethods[name] = immutable(name)
	}
	stringMethods = map[string]method{
		"strip": trimmer(strings.TrimFunc), "lstrip": trimmer(strings.TrimLeftFunc), "rstrip": trimmer(strings.TrimRightFunc),
		"startswith": affix(strings.HasPrefix), "endswith": affix(strings.HasSuffix),
		"removeprefix": part(strings.TrimPrefix), "removesuffix": part(strings.TrimSuffix),
		"upper": mapping(upper), "lower": mapping(strings.ToLower), "casefold": mapping(foldCase), "title": mapping(title),
		"capitalize": mapping(capitalize), "swapcase": mapping(swapCase),
		"isdigit": predicate(unicode.IsDigit), "isdecimal": predicate(unicode.IsDigit), "isnumeric": predicate(unicode.IsNumber),
		"isalpha": predicate(unicode.IsLetter), "isspace": predicate(isSpace), "isalnum": predicate(isAlnum),
		"isascii":      wholeTest(func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return r > 127 }) < 0 }),
		"isprintable":  wholeTest(func(s string) bool { return strings.IndexFunc(s, func(r rune) bool { return !unicode.IsPrint(r) }) < 0 }),
		"isidentifier": wholeTest(isIdentifier), "istitle": wholeTest(isTitle), "format_map": formatMap,
		"isupper": cased(unicode.IsUpper, unicode.IsLower), "islower": cased(unicode.IsLower, unicode.IsUpper),
		"split": split, "rsplit": rsplit, "splitlines": splitLines, "partition": partition(strings.Index), "rpartition": partition(strings.LastIndex),
		"replace": replaceMethod, "join": joinMethod, "format": formatMethod, "count": countMethod,
		"find": find(strings.Index, false), "rfind": find(strings.LastIndex, false), "index": find(strings.Index, true), "rindex": find(strings.LastIndex, true),
		"zfill": zeros, "ljust": padded(func(n, _ int) int { return 0 }), "rjust": padded(func(n, _ int) int { return n }),
		"center": padded(func(n, width int) int { return n/2 + n&width&1 }), "expandtabs": expandTabs,
	}
}

// view makes the keys or values of a dict.
func (e *env) view(kind string, items []Value) (Value, error) {
	return &List{Items: slices.Clone(items), kind: kind}, e.items(len(items))
}

// copied makes a list of values.
func (e *env) copied(items []Value) (Value, error) {
	return &List{Items: slices.Clone(items)}, e.items(len(items))
}

// pairs are the members of a dict as tuples.
func (e *env) pairs(d *Dict) (Value, error) {
	if err := e.items(3 * d.Len()); err != nil {
		return nil, err
	}
	l := make([]Value, d.Len())
	for i, k := range d.keys {
		l[i] = tuple(k, d.vals[i])
	}
	return &List{Items: l}, nil
}

func listIndex(e *env, v Value, a args) (Value, error) {
	x, _ := a.get(0, "")
	for i, y := range v.(*List).Items {
		if same, err := e.equal(y, x, 0); err != nil || same {
			return int64(i), err
		}
	}
	return nil, raise("the value is not in the list")
}

func listCount(e *env, v Value, a args) (Value, error) {
	x, _ := a.get(0, "")
	n := int64(0)
	for _, y := range v.(*List).Items {
		same, err := e.equal(y, x, 0)
		if err != nil {
			return nil, err
		}
		if same {
			n++
		}
	}
	return n, nil
}

func listPop(e *env, v Value, a args) (Value, error) {
	l := v.(*List)
	i, err := a.int(0, "index", -1)
	if err != nil {
		return nil, err
	}
	if i < 0 {
		i += int64(len(l.Items))
	}
	if i < 0 || i >= int64(len(l.Items)) {
		return nil, raise("pop: the index is out of range")
	}
	x := l.Items[i]
	l.Items = slices.Delete(slices.Clone(l.Items), int(i), int(i)+1)
	return x, e.items(len(l.Items))
}

func dictGet(e *env, v Value, a args) (Value, error) {
	key, ok := a.get(0, "key")
	if !ok {
		return nil, raise("get: want a key")
	}
	if x, ok := v.(*Dict).Get(key); ok {
		return x, nil
	}
	x, _ := a.get(1, "default")
	return x, nil
}

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

func replaceMethod(e *env, v Value, a args) (Value, error) { return replace(e, v, a) }

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
