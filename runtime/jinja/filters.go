package jinja

import (
	"fmt"
	"math"
	"math/big"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// filter is a filter: the value and the arguments behind it.
type filter func(e *env, v Value, a args) (Value, error)

var filters map[string]filter

func init() { // filters refer to the table: map, select
	filters = map[string]filter{
		"abs": abs, "attr": attrFilter, "capitalize": onText("capitalize"), "center": centerFilter, "count": length, "length": length,
		"d": defaulted, "default": defaulted, "dictsort": dictSort, "e": escapeFilter, "escape": escapeFilter, "forceescape": forceEscape,
		"filesizeformat": fileSize, "first": first, "float": floatFilter, "format": formatFilter, "fromjson": fromJSON, "groupby": groupBy,
		"indent": indent, "int": intFilter, "items": items, "join": join, "last": last, "list": list, "lower": onText("lower"), "map": mapFilter,
		"max": extreme(1), "min": extreme(-1), "reject": selecting(false, false), "rejectattr": selecting(false, true), "replace": replace,
		"reverse": reverse, "round": round, "safe": safe, "select": selecting(true, false), "selectattr": selecting(true, true),
		"batch": batch, "slice": slice, "sort": sortFilter, "string": stringFilter, "striptags": stripTags, "sum": sum, "title": titleFilter,
		"pprint": prettyPrint, "tojson": toJSON, "trim": trim, "truncate": truncate, "unique": unique, "upper": onText("upper"), "urlencode": urlEncode,
		"wordcount": wordCount, "wordwrap": wordWrap, "xmlattr": xmlAttr,
	}
}

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
	if err == nil {
		err = e.make(min(5*len(s), maxValue))
	}
	if err != nil {
		return nil, err
	}
	return Markup(escapeHTML(s)), nil
}

func abs(e *env, v Value, _ args) (Value, error) {
	if n, ok := bigInt(v); ok {
		return normalInt(new(big.Int).Abs(n))
	}
	if f, ok := float(v); ok {
		return math.Abs(f), nil
	}
	return nil, operandError("abs", v, v)
}

func attrFilter(e *env, v Value, a args) (Value, error) {
	s, err := a.str(0, "name", "")
	if err != nil {
		return nil, err
	}
	if _, ok := v.(*Dict); ok { // attr looks at attributes only, and a dict's are its methods
		if _, ok := methodOf(v, s); !ok {
			return Undefined{fmt.Sprintf("dict has no attribute %.60q", s)}, nil
		}
	}
	return e.attr(v, s)
}

func centerFilter(e *env, v Value, a args) (Value, error) {
	if len(a.pos) == 0 && len(a.names) == 0 {
		a = args{pos: []Value{int64(80)}}
	}
	return onText("center")(e, v, a)
}

func length(e *env, v Value, _ args) (Value, error) {
	switch x := v.(type) {
	case *List:
		if x.kind == generator {
			return nil, raise("a generator has no length: make a list of it")
		}
		return int64(len(x.Items)), nil
	case *Dict:
		return int64(x.Len()), nil
	case Undefined:
		return int64(0), nil
	}
	if s, ok := text(v); ok {
		return int64(utf8.RuneCountInString(s)), e.spend(len(s))
	}
	return nil, raise("%s has no length", typeName(v))
}

// defaulted is default(value, boolean).
func defaulted(_ *env, v Value, a args) (Value, error) {
	d, ok := a.get(0, "default_value")
	if !ok {
		d = ""
	}
	if _, undefined := v.(Undefined); undefined || a.bool(1, "boolean", false) && !truth(v) {
		return d, nil
	}
	return v, nil
}

func items(e *env, v Value, _ args) (Value, error) {
	switch x := v.(type) {
	case *Dict:
		p, err := e.pairs(x)
		if err == nil {
			p.(*List).kind = generator
		}
		return p, err
	case Undefined:
		return generated(nil), nil
	}
	return nil, raise("items: %s is no mapping", typeName(v))
}

// dictSort is dictsort(case_sensitive, by, reverse).
func dictSort(e *env, v Value, a args) (Value, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, raise("dictsort: %s is no dict", typeName(v))
	}
	by, err := a.str(1, "by", "key")
	if err != nil {
		return nil, err
	}
	pos := map[string]int64{"key": 0, "value": 1}
	i, ok := pos[by]
	if !ok {
		return nil, raise(`dictsort: by is %.40q, want "key" or "value"`, by)
	}
	p, err := e.pairs(d)
	if err != nil {
		return nil, err
	}
	return e.sorted(p.(*List).Items, a.bool(2, "reverse", false), a.bool(0, "case_sensitive", false), []Value{i})
}

func join(e *env, v Value, a args) (Value, error) {
	sep := ""
	if d, ok := a.get(0, "d"); ok {
		var err error
		if sep, err = e.str(d); err != nil {
			return nil, err
		}
	}
	attr, byAttr := a.get(1, "attribute")
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	var w writer
	for i, x := range list {
		if byAttr && attr != nil {
			if x, err = e.path(x, attr); err != nil {
				return nil, err
			}
		}
		if i > 0 {
			w.add(sep)
		}
		s, err := e.str(x)
		if err != nil {
			return nil, err
		}
		if _, safe := x.(Markup); e.escape && !safe {
			s = escapeHTML(s)
		}
		if w.add(s); w.err != nil {
			return nil, w.err
		}
	}
	if e.escape {
		return Markup(w.out.String()), e.make(w.out.Len())
	}
	return e.budget.str(w.out.String())
}

func first(e *env, v Value, _ args) (Value, error) {
	l, err := e.elements(v)
	if err != nil || len(l) > 0 {
		return firstOf(l), err
	}
	return Undefined{"there is no first item, the sequence is empty"}, nil
}

func firstOf(l []Value) Value {
	if len(l) == 0 {
		return nil
	}
	return l[0]
}

func last(e *env, v Value, _ args) (Value, error) {
	if l, ok := v.(*List); ok && l.kind == generator {
		return nil, raise("a generator has no last item: make a list of it")
	}
	l, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	if len(l) > 0 {
		return l[len(l)-1], nil
	}
	return Undefined{"there is no last item, the sequence is empty"}, nil
}

func list(e *env, v Value, _ args) (Value, error) {
	l, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	return e.copied(l)
}

func reverse(e *env, v Value, _ args) (Value, error) {
	minus := int64(-1)
	if _, ok := text(v); ok {
		return e.slice(v, [3]*int64{nil, nil, &minus})
	}
	from, isList := v.(*List)
	l, err := list(e, v, args{})
	if err != nil {
		return nil, err
	}
	slices.Reverse(l.(*List).Items)
	if !isList || from.kind != generator { // Python's reversed needs a sequence
		l.(*List).kind = generator
	}
	return l, nil
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

// intFilter is int(default, base).
func intFilter(e *env, v Value, a args) (Value, error) {
	if u, ok := v.(Undefined); ok {
		return nil, undefinedError(u)
	}
	def, ok := a.get(0, "default")
	if !ok {
		def = int64(0)
	}
	base, err := a.int(1, "base", 10)
	if err != nil || base < 2 || base > 36 {
		return nil, firstError(err, raise("int: a base of %d", base))
	}
	if n, ok := bigInt(v); ok {
		return normalInt(n)
	}
	if s, ok := text(v); ok {
		s = strings.ReplaceAll(strings.TrimFunc(s, isSpace), "_", "")
		if len(s) > 200 {
			return def, nil
		}
		digits := s
		if len(s) > 2 && s[0] == '0' && map[int64]byte{16: 'x', 8: 'o', 2: 'b'}[base] == s[1]|0x20 {
			digits = s[2:]
		}
		if n, ok := new(big.Int).SetString(digits, int(base)); ok {
			return normalInt(n)
		}
		f, err := strconv.ParseFloat(s, 64)
		if err != nil {
			return def, nil
		}
		v = f
	}
	if f, ok := v.(float64); ok && !math.IsNaN(f) && !math.IsInf(f, 0) {
		n, _ := big.NewFloat(f).Int(nil)
		return normalInt(n)
	}
	return def, nil
}

func floatFilter(e *env, v Value, a args) (Value, error) {
	if u, ok := v.(Undefined); ok {
		return nil, undefinedError(u)
	}
	if f, ok := float(v); ok {
		return f, nil
	}
	if s, ok := text(v); ok {
		if f, err := strconv.ParseFloat(strings.TrimFunc(s, isSpace), 64); err == nil {
			return f, nil
		}
	}
	if d, ok := a.get(0, "default"); ok {
		return d, nil
	}
	return 0.0, nil
}

// round is round(precision, method). Halves go to the even neighbour, as in Python.
func round(e *env, v Value, a args) (Value, error) {
	f, ok := float(v)
	if !ok {
		return nil, operandError("round", v, v)
	}
	digits, err := a.int(0, "precision", 0)
	if err != nil {
		return nil, err
	}
	digits = max(-300, min(digits, 300))
	how, err := a.str(1, "method", "common")
	if err != nil {
		return nil, err
	}
	scale := math.Pow(10, float64(digits))
	switch how {
	case "ceil":
		return (math.Ceil(f*scale) + 0) / scale, nil // + 0 because Python's ceil is an int, without -0
	case "floor":
		return (math.Floor(f*scale) + 0) / scale, nil
	case "common":
	default:
		return nil, raise("round: method %.40q, want common, ceil or floor", how)
	}
	if n, ok := bigInt(v); ok {
		return roundInt(n, -digits)
	}
	if digits < 0 {
		return math.RoundToEven(f*scale) / scale, nil
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(digits), 64), 64)
	return r, err
}

// roundInt rounds an integer to a multiple of 10**digits, halves to the even one.
func roundInt(n *big.Int, digits int64) (Value, error) {
	if digits <= 0 {
		return normalInt(n)
	}
	unit := new(big.Int).Exp(big.NewInt(10), big.NewInt(digits), nil)
	q, m := new(big.Int).DivMod(n, unit, new(big.Int))
	if c := m.Lsh(m, 1).Cmp(unit); c > 0 || c == 0 && q.Bit(0) == 1 {
		q.Add(q, big.NewInt(1))
	}
	return normalInt(q.Mul(q, unit))
}

// sum is sum(attribute, start).
func sum(e *env, v Value, a args) (Value, error) {
	list, err := e.elements(v)
	attr, byAttr := a.get(0, "attribute")
	total, ok := a.get(1, "start")
	if !ok {
		total = int64(0)
	}
	for _, x := range list {
		if byAttr && attr != nil && err == nil {
			x, err = e.path(x, attr)
		}
		if err == nil {
			total, err = e.arithmetic("+", total, x)
		}
		if err != nil {
			return nil, err
		}
	}
	return total, err
}

// path follows an attribute such as "function.name" or "0.x".
func (e *env) path(x, attr Value) (Value, error) {
	if _, ok := integer(attr); ok {
		return e.item(x, attr)
	}
	s, ok := text(attr)
	if !ok {
		return nil, raise("an attribute is %s, want a str or an int", typeName(attr))
	}
	for _, part := range strings.Split(s, ".") {
		var key Value = part
		if n, err := strconv.ParseInt(part, 10, 64); err == nil {
			key = n
		}
		v, err := e.item(x, key)
		if err != nil {
			return nil, err
		}
		x = v
	}
	return x, nil
}

// paths splits an attribute of sort such as "age,name".
func paths(attr Value) []Value {
	s, ok := text(attr)
	if !ok {
		return []Value{attr}
	}
	var out []Value
	for _, p := range strings.Split(s, ",") {
		out = append(out, p)
	}
	return out
}

// folded is a key of a comparison that ignores case unless it is cased.
func (e *env) folded(v Value, cased bool) (Value, error) {
	if s, ok := text(v); ok && !cased {
		return e.budget.str(strings.ToLower(s))
	}
	return v, nil
}

// sortFilter is sort(reverse, case_sensitive, attribute).
func sortFilter(e *env, v Value, a args) (Value, error) {
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	var by []Value
	if attr, ok := a.get(2, "attribute"); ok && attr != nil {
		by = paths(attr)
	}
	return e.sorted(list, a.bool(0, "reverse", false), a.bool(1, "case_sensitive", false), by)
}

// sorted sorts by attributes, or by the values themselves when there are none.
func (e *env) sorted(list []Value, reverse, cased bool, by []Value) (Value, error) {
	if err := e.items((2 + len(by)) * len(list)); err != nil {
		return nil, err
	}
	type keyed struct{ key, value Value }
	sorting := make([]keyed, len(list))
	for i, x := range list {
		keys := []Value{x}
		for k, attr := range by {
			v, err := e.path(x, attr)
			if err != nil {
				return nil, err
			}
			keys = append(keys[:k], v)
		}
		for k := range keys {
			var err error
			if keys[k], err = e.folded(keys[k], cased); err != nil {
				return nil, err
			}
		}
		sorting[i] = keyed{tuple(keys...), x}
		if len(keys) == 1 {
			sorting[i].key = keys[0]
		}
	}
	var err error
	slices.SortStableFunc(sorting, func(x, y keyed) int {
		if err != nil {
			return 0
		}
		c, ok, e2 := e.order(x.key, y.key, 0)
		_, undefinedX := x.key.(Undefined)
		_, undefinedY := y.key.(Undefined)
		if err = e2; err == nil && !ok && (!undefinedX || !undefinedY) {
			err = operandError("sort", x.key, y.key)
		}
		if reverse {
			return -c
		}
		return c
	})
	out := make([]Value, len(sorting))
	for i := range sorting {
		out[i] = sorting[i].value
	}
	return &List{Items: out}, err
}

// extreme is max (1) or min (-1): (case_sensitive, attribute).
func extreme(sign int) filter {
	return func(e *env, v Value, a args) (Value, error) {
		list, err := e.elements(v)
		if err != nil {
			return nil, err
		}
		if len(list) == 0 {
			return Undefined{"there is no item, the sequence is empty"}, nil
		}
		attr, byAttr := a.get(1, "attribute")
		var best, bestKey Value
		for i, x := range list {
			key := x
			if byAttr && attr != nil {
				if key, err = e.path(x, attr); err != nil {
					return nil, err
				}
			}
			if key, err = e.folded(key, a.bool(0, "case_sensitive", false)); err != nil {
				return nil, err
			}
			if i == 0 {
				best, bestKey = x, key
				continue
			}
			c, ok, err := e.order(key, bestKey, 0)
			if err == nil && !ok {
				err = operandError("max and min", key, bestKey)
			}
			if err != nil {
				return nil, err
			}
			if c*sign > 0 {
				best, bestKey = x, key
			}
		}
		return best, nil
	}
}

// unique is unique(case_sensitive, attribute).
func unique(e *env, v Value, a args) (Value, error) {
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	attr, byAttr := a.get(1, "attribute")
	seen := NewDict()
	out := []Value{}
	for _, x := range list {
		key := x
		if byAttr && attr != nil {
			if key, err = e.path(x, attr); err != nil {
				return nil, err
			}
		}
		if key, err = e.folded(key, a.bool(0, "case_sensitive", false)); err != nil {
			return nil, err
		}
		if _, ok := hash(key); !ok {
			return nil, raise("unique: %s cannot be a key", typeName(key))
		}
		if _, was := seen.Get(key); was {
			if err := e.spend(costStep); err != nil {
				return nil, err
			}
			continue
		}
		if err := e.items(4); err != nil {
			return nil, err
		}
		seen.Set(key, nil)
		out = append(out, x)
	}
	return generated(out), nil
}

// groupTuple is the kind of the tuples of groupby, whose items have the names grouper and list.
const groupTuple = "_GroupTuple"

// groupBy is groupby(attribute, default, case_sensitive): tuples of a key and the list of what has it.
func groupBy(e *env, v Value, a args) (Value, error) {
	attr, ok := a.get(0, "attribute")
	if !ok {
		return nil, raise("groupby: want an attribute")
	}
	def, hasDef := a.get(1, "default")
	cased := a.bool(2, "case_sensitive", false)
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	if err := e.items(6 * len(list)); err != nil {
		return nil, err
	}
	keyed := make([]Value, len(list)) // (sort key, key, item)
	for i, x := range list {
		key, err := e.path(x, attr)
		if err != nil {
			return nil, err
		}
		if _, u := key.(Undefined); u && hasDef {
			key = def
		}
		by, err := e.folded(key, cased)
		if err != nil {
			return nil, err
		}
		keyed[i] = tuple(by, key, x)
	}
	sorted, err := e.sorted(keyed, false, true, []Value{int64(0)})
	if err != nil {
		return nil, err
	}
	groups := []Value{}
	var lastKey Value
	for i, t := range sorted.(*List).Items {
		parts := t.(*List).Items
		same := false
		if i > 0 {
			if same, err = e.equal(parts[0], lastKey, 0); err != nil {
				return nil, err
			}
		}
		if !same {
			groups = append(groups, &List{Items: []Value{parts[1], &List{}}, Tuple: true, kind: groupTuple})
			lastKey = parts[0]
		}
		group := groups[len(groups)-1].(*List).Items[1].(*List)
		group.Items = append(group.Items, parts[2])
	}
	return &List{Items: groups}, nil
}

// batch is batch(linecount, fill_with).
func batch(e *env, v Value, a args) (Value, error) {
	n, err := a.int(0, "linecount", 0)
	if err != nil || n < 1 {
		return nil, firstError(err, raise("batch: want a number of at least 1"))
	}
	fill, hasFill := a.get(1, "fill_with")
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	if err := e.items(2*len(list) + 2); err != nil {
		return nil, err
	}
	out := []Value{}
	for len(list) > 0 {
		k := int(min(n, int64(len(list))))
		row := slices.Clone(list[:k])
		list = list[k:]
		if hasFill && fill != nil && int64(k) < n {
			if n > maxRange {
				return nil, limit("batch: rows of %d", n)
			}
			if err := e.items(int(n) - k); err != nil {
				return nil, err
			}
			for int64(len(row)) < n {
				row = append(row, fill)
			}
		}
		out = append(out, &List{Items: row})
	}
	return generated(out), nil
}

// slice is slice(slices, fill_with): so many columns, the first ones longer.
func slice(e *env, v Value, a args) (Value, error) {
	n, err := a.int(0, "slices", 0)
	if err != nil || n < 1 || n > maxRange {
		return nil, firstError(err, raise("slice: want a number from 1 to %d", maxRange))
	}
	fill, hasFill := a.get(1, "fill_with")
	list, err := e.elements(v)
	if err != nil {
		return nil, err
	}
	if err := e.items(2*len(list) + 2*int(n)); err != nil {
		return nil, err
	}
	out := []Value{}
	per, longer := len(list)/int(n), len(list)%int(n)
	for i := range int(n) {
		k := per
		if i < longer {
			k++
		}
		row := slices.Clone(list[:k])
		list = list[k:]
		if hasFill && fill != nil && i >= longer {
			row = append(row, fill)
		}
		out = append(out, &List{Items: row})
	}
	return generated(out), nil
}

// mapFilter is map(FILTER, arguments...) or map(attribute=NAME, default=VALUE).
func mapFilter(e *env, v Value, a args) (Value, error) {
	if !truth(v) { // None too, as in Jinja
		return generated(nil), nil
	}
	list, err := e.elements(v)
	if err == nil {
		err = e.items(len(list))
	}
	if err != nil {
		return nil, err
	}
	attr, byAttr := a.get(-1, "attribute")
	def, hasDef := a.get(-1, "default")
	var f filter
	if !byAttr {
		name, ok := text(firstOf(a.pos))
		if f = filters[name]; !ok || f == nil {
			return nil, raise("map: no filter named %.40q", name)
		}
		a.pos = a.pos[1:]
	}
	out := make([]Value, len(list))
	for i, x := range list {
		if err := e.spend(costStep); err != nil {
			return nil, err
		}
		if byAttr {
			out[i], err = e.path(x, attr)
			if _, undefined := out[i].(Undefined); undefined && hasDef {
				out[i] = def
			}
		} else {
			out[i], err = f(e, x, a)
		}
		if err != nil {
			return nil, err
		}
	}
	return generated(out), nil
}

// selecting is select and selectattr (want true), reject and rejectattr (want false).
func selecting(want, byAttr bool) filter {
	return func(e *env, v Value, a args) (Value, error) {
		if !truth(v) { // None too, as in Jinja
			return generated(nil), nil
		}
		list, err := e.elements(v)
		if err != nil {
			return nil, err
		}
		var attr Value
		if byAttr {
			if len(a.pos) == 0 {
				return nil, raise("selectattr and rejectattr want an attribute")
			}
			attr, a.pos = a.pos[0], a.pos[1:]
		}
		check := func(_ *env, v Value, _ args) (bool, error) { return truth(v), nil }
		if len(a.pos) > 0 {
			name, ok := text(a.pos[0])
			if check = tests[name]; !ok || check == nil {
				return nil, raise("no test named %.40q", name)
			}
			a.pos = a.pos[1:]
		}
		out := []Value{}
		for _, item := range list {
			x := item
			if byAttr {
				if x, err = e.path(x, attr); err != nil {
					return nil, err
				}
			}
			yes, err := check(e, x, a)
			if err == nil {
				err = e.spend(costStep)
			}
			if err != nil {
				return nil, err
			}
			if yes == want {
				if err := e.items(1); err != nil {
					return nil, err
				}
				out = append(out, item)
			}
		}
		return generated(out), nil
	}
}

// truncate is truncate(length, killwords, end, leeway).
func truncate(e *env, v Value, a args) (Value, error) {
	s, isText := text(v)
	if !isText { // what is short enough is returned as it is
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
	words := strings.FieldsFunc(s, func(r rune) bool { return r != '_' && !isAlnum(r) })
	return int64(len(words)), firstError(e.make(min(16*len(words), maxValue)), e.spend(8*len(s)))
}

// wordWrap is wordwrap(width, break_long_words, wrapstring, break_on_hyphens).
func wordWrap(e *env, v Value, a args) (Value, error) {
	s, err := onlyText("wordwrap", v)
	if err != nil {
		return nil, err
	}
	width, err := a.int(0, "width", 79)
	if err != nil || width < 1 {
		return nil, firstError(err, raise("wordwrap: want a width of at least 1"))
	}
	breakLong := a.bool(1, "break_long_words", true)
	wrap, err := a.str(2, "wrapstring", "\n")
	if err != nil {
		return nil, err
	}
	if len(wrap) > maxSet {
		return nil, limit("wordwrap: a text of %d bytes between lines", len(wrap))
	}
	hyphens := a.bool(3, "break_on_hyphens", true)
	if err := firstError(e.make(2*len(s)), e.spend(32*len(s))); err != nil {
		return nil, err
	}
	var w writer
	for i, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if i > 0 {
			w.add(wrap)
		}
		w.add(strings.Join(wrapLine(line, int(min(width, maxValue)), breakLong, hyphens), wrap))
	}
	if w.err != nil {
		return nil, w.err
	}
	return w.out.String(), nil
}

// wrapLine breaks a line as Python's textwrap does without expanding tabs or replacing white space.
func wrapLine(line string, width int, breakLong, hyphens bool) (out []string) {
	var chunks []string // words and white space in turn
	for line != "" {
		space := isSpace([]rune(line[:min(4, len(line))])[0])
		n := strings.IndexFunc(line, func(r rune) bool { return isSpace(r) != space })
		if n < 0 {
			n = len(line)
		}
		word := line[:n]
		line = line[n:]
		for hyphens && !space {
			h := strings.IndexByte(word, '-')
			if h <= 0 || h+1 >= len(word) {
				break
			}
			chunks, word = append(chunks, word[:h+1]), word[h+1:]
		}
		chunks = append(chunks, word)
	}
	for len(chunks) > 0 {
		if len(out) > 0 && strings.TrimFunc(chunks[0], isSpace) == "" {
			chunks = chunks[1:]
			continue
		}
		current, n := "", 0
		for len(chunks) > 0 {
			k := utf8.RuneCountInString(chunks[0])
			if n+k > width {
				break
			}
			current, n, chunks = current+chunks[0], n+k, chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			if r := []rune(chunks[0]); breakLong {
				current, chunks[0] = current+string(r[:width-n]), string(r[width-n:])
			} else if current == "" {
				current, chunks = chunks[0], chunks[1:]
			}
		}
		out = append(out, strings.TrimRightFunc(current, isSpace))
	}
	return out
}

// urlEncode quotes a text, or a mapping or list of pairs as a query.
func urlEncode(e *env, v Value, _ args) (Value, error) {
	quote := func(v Value) (string, error) {
		s, err := e.str(v)
		if err == nil {
			err = e.make(3 * len(s))
		}
		return strings.ReplaceAll(url.QueryEscape(s), "+", "%20"), err
	}
	var list []Value
	switch x := v.(type) {
	case *Dict:
		p, err := e.pairs(x)
		if err != nil {
			return nil, err
		}
		list = p.(*List).Items
	case *List:
		list = x.Items
	default:
		s, err := quote(v)
		return strings.ReplaceAll(s, "%2F", "/"), err
	}
	var parts []string
	for _, p := range list {
		pair, ok := p.(*List)
		if !ok || len(pair.Items) != 2 {
			return nil, raise("urlencode: want pairs of a name and a value")
		}
		k, err := quote(pair.Items[0])
		if err != nil {
			return nil, err
		}
		x, err := quote(pair.Items[1])
		if err != nil {
			return nil, err
		}
		parts = append(parts, strings.ReplaceAll(k, "%20", "+")+"="+strings.ReplaceAll(x, "%20", "+"))
	}
	return e.budget.str(strings.Join(parts, "&"))
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

// fileSize is filesizeformat(binary).
func fileSize(_ *env, v Value, a args) (Value, error) {
	f, ok := float(v)
	if s, isText := text(v); isText {
		var err error
		f, err = strconv.ParseFloat(s, 64)
		ok = err == nil
	}
	if !ok {
		return nil, operandError("filesizeformat", v, v)
	}
	base, units := 1000.0, []string{"kB", "MB", "GB", "TB", "PB", "EB", "ZB", "YB"}
	if a.bool(0, "binary", false) {
		base, units = 1024, []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB", "ZiB", "YiB"}
	}
	switch {
	case f == 1:
		return "1 Byte", nil
	case f < base:
		return strconv.FormatFloat(math.Trunc(f), 'f', 0, 64) + " Bytes", nil
	}
	for i, u := range units {
		unit := math.Pow(base, float64(i+2))
		if f < unit || i == len(units)-1 {
			return strconv.FormatFloat(base*f/unit, 'f', 1, 64) + " " + u, nil
		}
	}
	return nil, raise("filesizeformat: %v", f)
}

// xmlAttr is xmlattr(autospace): the members of a dict as attributes, without those that are none or undefined.
func xmlAttr(e *env, v Value, a args) (Value, error) {
	d, ok := v.(*Dict)
	if !ok {
		return nil, raise("xmlattr: %s is no dict", typeName(v))
	}
	var parts []string
	for i, k := range d.keys {
		switch d.vals[i].(type) {
		case nil, Undefined:
			continue
		}
		key, err := e.str(k)
		if err != nil {
			return nil, err
		}
		if strings.ContainsFunc(key, func(r rune) bool { return isSpace(r) || strings.ContainsRune("/>=", r) }) {
			return nil, raise("xmlattr: %.40q is no name of an attribute", key)
		}
		s, err := e.str(d.vals[i])
		if err == nil {
			err = e.make(6 * (len(key) + len(s)))
		}
		if err != nil {
			return nil, err
		}
		parts = append(parts, escapeHTML(key)+`="`+escapeHTML(s)+`"`)
	}
	out := strings.Join(parts, " ")
	if out != "" && a.bool(0, "autospace", true) {
		out = " " + out
	}
	return e.budget.str(out)
}
