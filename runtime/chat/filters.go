package chat

import (
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/ardanlabs/jinja"
)

// filter is a filter of ours: the value, then the arguments.
type filter func(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error)

// ownFilters replace the library's: tojson because the library sorts keys when it indents, first and last because the
// library's know no strings, the others because their work has no limit.
var ownFilters map[string]filter

func init() { // the filters refer to the table through the tests
	ownFilters = map[string]filter{
		"tojson": toJSON, "fromjson": fromJSON, "join": join, "replace": replace, "first": first, "last": last,
		"string": stringOf, "list": listOf, "indent": indent, "trim": trim, "int": intOf, "float": floatOf,
		"default": defaulted, "d": defaulted, "round": rounded, "sum": sum,
		"format": printfFilter, "title": titleFilter, "unique": unique, "batch": batch, "slice": sliced, "groupby": groupBy,
		"items": itemsOf, "dictsort": dictSorted, "sort": sorted, "max": extreme(1), "min": extreme(-1),
		"map": mapped, "select": selected(true, false), "reject": selected(false, false),
		"selectattr": selected(true, true), "rejectattr": selected(false, true),
	}
}

// argument is the i-th argument of a filter, by position or by name.
func argument(args []jinja.Value, named map[string]jinja.Value, i int, name string) (jinja.Value, bool) {
	if i < len(args) {
		return args[i], true
	}
	v, ok := named[name]
	return v, ok
}

// itemsOf is the pairs of a dict, none of something undefined.
func itemsOf(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	switch x := args[0]; {
	case x.IsDict():
		return b.pairs(x.AsDict())
	case x.IsUndefined():
		return jinja.NewList(nil), nil
	}
	return args[0], errors.New("items: want a mapping")
}

// dictSorted is dictsort(case_sensitive, by, reverse): the pairs of a dict in order of their keys or values.
func dictSorted(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	if !args[0].IsDict() {
		return args[0], errors.New("dictsort: want a mapping")
	}
	pairs, err := b.pairs(args[0].AsDict())
	if err != nil {
		return pairs, err
	}
	order := map[string]jinja.Value{"attribute": jinja.NewInt(0)}
	if by, ok := argument(args, named, 2, "by"); ok && text(by) == "value" {
		order["attribute"] = jinja.NewInt(1)
	}
	for i, name := range map[int]string{1: "case_sensitive", 3: "reverse"} {
		if v, ok := argument(args, named, i, name); ok {
			order[name] = v
		}
	}
	return sorted(b, []jinja.Value{pairs}, order)
}

func join(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	sep := ""
	if v, ok := argument(args, named, 1, "d"); ok {
		sep = text(v)
	}
	attr, byAttr := argument(args, named, 2, "attribute")
	items, err := b.elements(args[0])
	if err != nil {
		return jinja.None(), err
	}
	var out strings.Builder
	for i, x := range items {
		if byAttr {
			if x, err = b.path(x, attr); err != nil {
				return x, err
			}
		}
		if i > 0 {
			out.WriteString(sep)
		}
		if err := b.whole(x); err != nil {
			return x, err
		}
		out.WriteString(text(x))
		if out.Len() > maxValue {
			return x, b.fail("join makes more than %d bytes", maxValue)
		}
	}
	return b.text(out.String())
}

func first(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	return end(b, args[0], 0)
}

func last(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	return end(b, args[0], -1)
}

// end is the first (0) or last (-1) element.
func end(b *budget, v jinja.Value, i int64) (jinja.Value, error) {
	if v.IsDict() {
		l, err := b.elements(v)
		if err != nil {
			return v, err
		}
		v = jinja.NewList(l)
	}
	return b.item(v, jinja.NewInt(i))
}

// replace is replace(old, new, count).
func replace(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	if len(args) < 3 {
		return jinja.None(), errors.New("replace: want the old and the new text")
	}
	for _, v := range args[:3] {
		if err := b.whole(v); err != nil {
			return v, err
		}
	}
	s, from, to := text(args[0]), text(args[1]), text(args[2])
	n := strings.Count(s, from)
	if v, ok := argument(args, named, 3, "count"); ok && v.IsInt() && v.AsInt() >= 0 {
		n = int(min(int64(n), v.AsInt()))
	}
	if n > 0 && len(to) > maxValue/n {
		return jinja.None(), b.fail("replace makes more than %d bytes", maxValue)
	}
	if err := b.make(len(s) + n*len(to)); err != nil {
		return jinja.None(), err
	}
	return jinja.NewString(strings.Replace(s, from, to, n)), b.spend(4 * len(s))
}

// text is how a value prints, as in Python.
func text(v jinja.Value) string {
	switch {
	case v.IsString():
		return v.AsString()
	case v.IsInt():
		return strconv.FormatInt(v.AsInt(), 10)
	case v.IsFloat():
		return pythonFloat(v.AsFloat())
	case v.IsBool():
		if v.AsBool() {
			return "True"
		}
		return "False"
	case v.IsNone():
		return "None"
	case v.IsUndefined(), v.IsCallable():
		return ""
	}
	var out strings.Builder
	writeRepr(&out, v)
	return out.String()
}

// writeRepr writes a value as Python's repr does. The value has been measured.
func writeRepr(out *strings.Builder, v jinja.Value) {
	switch {
	case v.IsString():
		writeQuoted(out, v.AsString())
	case v.IsList():
		out.WriteByte('[')
		for i, x := range v.AsList().Items {
			if i > 0 {
				out.WriteString(", ")
			}
			writeRepr(out, x)
		}
		out.WriteByte(']')
	case v.IsDict():
		out.WriteByte('{')
		for i, k := range v.AsDict().Keys {
			if i > 0 {
				out.WriteString(", ")
			}
			writeRepr(out, keyValue(k))
			out.WriteString(": ")
			x, _ := v.AsDict().Get(k)
			writeRepr(out, x)
		}
		out.WriteByte('}')
	case v.IsCallable():
		out.WriteString("<function>")
	case v.IsUndefined():
		out.WriteString("Undefined")
	default:
		out.WriteString(text(v))
	}
}

// writeQuoted writes a string as Python's repr does: in single quotes unless it has those and no double ones.
func writeQuoted(out *strings.Builder, s string) {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	out.WriteRune(quote)
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			out.WriteByte('\\')
			out.WriteRune(r)
		case r == '\n':
			out.WriteString(`\n`)
		case r == '\r':
			out.WriteString(`\r`)
		case r == '\t':
			out.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(out, `\x%02x`, r)
		default:
			out.WriteRune(r)
		}
	}
	out.WriteRune(quote)
}

// pythonFloat is repr of a float: the shortest digits, with a point.
func pythonFloat(f float64) string {
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		s := strconv.FormatFloat(f, 'e', -1, 64)
		return s
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.ContainsAny(s, ".IN") {
		s += ".0"
	}
	return s
}

// toJSON is json.dumps as transformers sets it up: ensure_ascii off, keys in order.
func toJSON(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	w := jsonWriter{item: ", ", key: ": "}
	if v, ok := argument(args, named, 1, "indent"); ok && v.IsInt() {
		if n := v.AsInt(); n >= 0 && n <= 64 {
			w.indent, w.indented, w.item = strings.Repeat(" ", int(n)), true, ","
		}
	}
	if v, ok := named["separators"]; ok && v.IsList() && len(v.AsList().Items) == 2 {
		w.item, w.key = text(v.AsList().Items[0]), text(v.AsList().Items[1])
	}
	if v, ok := named["sort_keys"]; ok {
		w.sorted = v.IsTruthy()
	}
	if v, ok := named["ensure_ascii"]; ok {
		w.ascii = v.IsTruthy()
	}
	if err := b.whole(args[0]); err != nil {
		return jinja.None(), err
	}
	if err := w.value(args[0], 0); err != nil {
		if errors.Is(err, errJSON) {
			err = b.fail("%v", err)
		}
		return jinja.None(), err
	}
	return b.text(w.out.String())
}

var errJSON = fmt.Errorf("tojson makes more than %d bytes", maxValue)
