package jinja

import (
	"slices"
	"strings"
	"unicode"
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
