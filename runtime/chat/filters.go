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

// ownFilters replace the library's: tojson because the library sorts keys when it indents, join and replace because
// their results have no limit, first and last because the library's know no strings.
var ownFilters = map[string]filter{"tojson": toJSON, "join": join, "replace": replace, "first": first, "last": last}

// argument is the i-th argument of a filter, by position or by name.
func argument(args []jinja.Value, named map[string]jinja.Value, i int, name string) (jinja.Value, bool) {
	if i < len(args) {
		return args[i], true
	}
	v, ok := named[name]
	return v, ok
}

func join(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	sep := ""
	if v, ok := argument(args, named, 1, "d"); ok {
		sep = text(v)
	}
	attr, byAttr := argument(args, named, 2, "attribute")
	var parts []string
	total := 0
	for _, x := range elements(args[0]) {
		if byAttr && x.IsDict() && attr.IsString() {
			x, _ = x.AsDict().Get(attr.AsString())
		}
		s := text(x)
		if total += len(s) + len(sep); total > maxValue {
			return b.fail("join makes more than %d bytes", maxValue)
		}
		parts = append(parts, s)
	}
	return jinja.NewString(strings.Join(parts, sep)), nil
}

// elements is what iterating over v yields.
func elements(v jinja.Value) []jinja.Value {
	var out []jinja.Value
	switch {
	case v.IsList():
		return v.AsList().Items
	case v.IsDict():
		for _, k := range v.AsDict().Keys {
			out = append(out, jinja.NewString(k))
		}
	case v.IsString():
		for _, r := range v.AsString() {
			out = append(out, jinja.NewString(string(r)))
		}
	}
	return out
}

func first(_ *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	if l := elements(args[0]); len(l) > 0 {
		return l[0], nil
	}
	return jinja.Undefined(), nil
}

func last(_ *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	if l := elements(args[0]); len(l) > 0 {
		return l[len(l)-1], nil
	}
	return jinja.Undefined(), nil
}

func replace(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	if len(args) < 3 {
		return jinja.None(), errors.New("replace: want the old and the new text")
	}
	s, from, to := text(args[0]), text(args[1]), text(args[2])
	if from == "" {
		return jinja.NewString(s), nil
	}
	if n := strings.Count(s, from); n > 0 && len(to) > maxValue/n {
		return b.fail("replace makes more than %d bytes", maxValue)
	}
	return jinja.NewString(strings.ReplaceAll(s, from, to)), nil
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
	case v.IsUndefined():
		return ""
	}
	var w jsonWriter
	w.value(v, 0)
	return w.out.String()
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
	if err := w.value(args[0], 0); err != nil {
		return jinja.None(), err
	}
	if w.out.Len() > maxValue {
		return b.fail("tojson makes more than %d bytes", maxValue)
	}
	return jinja.NewString(w.out.String()), nil
}

var errJSON = fmt.Errorf("tojson: nested more than %d deep or longer than %d bytes", maxDepth, maxValue)
