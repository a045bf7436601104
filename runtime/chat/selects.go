package chat

import (
	"errors"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"

	"github.com/ardanlabs/jinja"
)

func stringOf(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	if args[0].IsString() {
		return args[0], nil
	}
	if err := b.whole(args[0]); err != nil {
		return args[0], err
	}
	return b.text(text(args[0]))
}

func listOf(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err == nil {
		err = b.make(sizeItem * len(items))
	}
	if err != nil {
		return args[0], err
	}
	return jinja.NewList(slices.Clone(items)), nil
}

// trim is trim(chars): white space if there are none.
func trim(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	s, err := stringOf(b, args, nil)
	if err != nil {
		return s, err
	}
	if chars, ok := argument(args, named, 1, "chars"); ok {
		return stringMethods["strip"](b, s, []jinja.Value{chars}, nil)
	}
	return stringMethods["strip"](b, s, nil, nil)
}

// indent is indent(width, first, blank).
func indent(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	v, err := stringOf(b, args, nil)
	if err != nil {
		return v, err
	}
	s, pad := v.AsString(), "    "
	if w, ok := argument(args, named, 1, "width"); ok {
		switch n, isInt := integer(w); {
		case w.IsString():
			pad = w.AsString()
		case isInt && n >= 0 && n <= maxValue:
			pad = strings.Repeat(" ", int(n))
		default:
			return v, b.fail("indent of %s, want 0 to %d", text(w), maxValue)
		}
	}
	firstToo, _ := argument(args, named, 2, "first")
	blankToo, _ := argument(args, named, 3, "blank")
	lines := strings.Count(s, "\n") + 1
	if len(pad) > maxValue/lines {
		return v, b.fail("indent makes more than %d bytes", maxValue)
	}
	if err := b.make(len(s) + lines*len(pad)); err != nil {
		return v, err
	}
	var out strings.Builder
	for i, line := range strings.SplitAfter(s, "\n") {
		if (i > 0 || firstToo.IsTruthy()) && (strings.TrimSuffix(line, "\n") != "" || blankToo.IsTruthy()) {
			out.WriteString(pad)
		}
		out.WriteString(line)
	}
	return jinja.NewString(out.String()), b.spend(4 * len(s))
}

// intOf is int(default): 0 for what is no number.
func intOf(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	v := args[0]
	if v.IsString() {
		s := strings.TrimSpace(v.AsString())
		if i, err := strconv.ParseInt(strings.ReplaceAll(s, "_", ""), 10, 64); err == nil {
			return jinja.NewInt(i), nil
		}
		if f, err := strconv.ParseFloat(s, 64); err == nil {
			v = jinja.NewFloat(f)
		}
	}
	if i, ok := integer(v); ok {
		return jinja.NewInt(i), nil
	}
	if v.IsFloat() && v.AsFloat() > -1e18 && v.AsFloat() < 1e18 {
		return jinja.NewInt(int64(v.AsFloat())), nil
	}
	if d, ok := argument(args, named, 1, "default"); ok {
		return d, nil
	}
	return jinja.NewInt(0), b.spend(4 * shallow(args[0]))
}

func floatOf(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	if f, ok := number(args[0]); ok {
		return jinja.NewFloat(f), nil
	}
	if args[0].IsString() {
		if f, err := strconv.ParseFloat(strings.TrimSpace(args[0].AsString()), 64); err == nil {
			return jinja.NewFloat(f), nil
		}
	}
	if d, ok := argument(args, named, 1, "default"); ok {
		return d, nil
	}
	return jinja.NewFloat(0), b.spend(4 * shallow(args[0]))
}

// defaulted is default(value, boolean).
func defaulted(_ *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	value, ok := argument(args, named, 1, "default_value")
	if !ok {
		value = jinja.NewString("")
	}
	if boolean, _ := argument(args, named, 2, "boolean"); args[0].IsUndefined() || boolean.IsTruthy() && !args[0].IsTruthy() {
		return value, nil
	}
	return args[0], nil
}

// rounded is round(precision, method). Halves go to the even neighbour, as in Python.
func rounded(_ *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	f, ok := number(args[0])
	if !ok {
		return args[0], fmt.Errorf("round: %s is no number", typeName(args[0]))
	}
	p, _ := argument(args, named, 1, "precision")
	digits, _ := integer(p)
	digits = max(0, min(digits, 100))
	scale := math.Pow(10, float64(digits))
	switch m, _ := argument(args, named, 2, "method"); text(m) {
	case "ceil":
		return jinja.NewFloat(math.Ceil(f*scale) / scale), nil
	case "floor":
		return jinja.NewFloat(math.Floor(f*scale) / scale), nil
	}
	r, err := strconv.ParseFloat(strconv.FormatFloat(f, 'f', int(digits), 64), 64)
	return jinja.NewFloat(r), err
}

// sum is sum(attribute, start).
func sum(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	items, err := b.elements(args[0])
	attr, byAttr := argument(args, named, 1, "attribute")
	total, ok := argument(args, named, 2, "start")
	if !ok {
		total = jinja.NewInt(0)
	}
	for _, x := range items {
		if byAttr && err == nil {
			x, err = b.path(x, attr)
		}
		if err == nil {
			total, err = b.add(total, x)
		}
		if err != nil {
			return x, err
		}
	}
	return total, err
}

// fromJSON reads a document, which has some forty bytes of values for each of its own at most.
func fromJSON(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
	s := textArgument(args, 0, "")
	if err := b.make(40 * len(s)); err != nil {
		return args[0], err
	}
	return decode([]byte(s))
}

// path follows an attribute such as "function.name".
func (b *budget) path(x, attr jinja.Value) (jinja.Value, error) {
	if i, ok := integer(attr); ok {
		return b.item(x, jinja.NewInt(i))
	}
	for _, name := range strings.Split(text(attr), ".") {
		v, err := b.attribute(x, jinja.NewString(name))
		if err != nil {
			return v, err
		}
		x = v
	}
	return x, nil
}

// sorted is sort(reverse, case_sensitive, attribute). Letters count as small ones unless it is case-sensitive.
func sorted(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err == nil {
		err = b.make(3 * sizeItem * len(items))
	}
	if err != nil {
		return args[0], err
	}
	reverse, _ := argument(args, named, 1, "reverse")
	cased, _ := argument(args, named, 2, "case_sensitive")
	attr, byAttr := argument(args, named, 3, "attribute")
	type keyed struct{ key, value jinja.Value }
	list := make([]keyed, len(items))
	for i, x := range items {
		list[i] = keyed{x, x}
		if byAttr {
			if list[i].key, err = b.path(x, attr); err != nil {
				return x, err
			}
		}
		if k := list[i].key; k.IsString() && !cased.IsTruthy() {
			if list[i].key, err = b.text(strings.ToLower(k.AsString())); err != nil {
				return x, err
			}
		}
	}
	slices.SortStableFunc(list, func(x, y keyed) int {
		c, ok, e := b.order(x.key, y.key)
		if e == nil {
			e = b.spend(costItem)
		}
		if e == nil && !ok {
			e = operands("sort", x.key, y.key)
		}
		if err == nil {
			err = e
		}
		if reverse.IsTruthy() {
			return -c
		}
		return c
	})
	out := make([]jinja.Value, len(list))
	for i := range list {
		out[i] = list[i].value
	}
	return jinja.NewList(out), err
}

// extreme is max (1) or min (-1).
func extreme(sign int) filter {
	return func(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
		items, err := b.elements(args[0])
		best, bestKey := jinja.Undefined(), jinja.Undefined()
		attr, byAttr := argument(args, named, 2, "attribute")
		for i, x := range items {
			key := x
			if byAttr && err == nil {
				key, err = b.path(x, attr)
			}
			c, _, e := b.order(key, bestKey)
			if err == nil {
				err = e
			}
			if err != nil {
				return x, err
			}
			if i == 0 || c*sign > 0 {
				best, bestKey = x, key
			}
		}
		return best, err
	}
}

// mapped is map(attribute=NAME, default=VALUE) or map(FILTER, arguments).
func mapped(b *budget, args []jinja.Value, named map[string]jinja.Value) (jinja.Value, error) {
	items, err := b.elements(args[0])
	if err == nil {
		err = b.make(sizeItem * len(items))
	}
	if err != nil {
		return args[0], err
	}
	attr, byAttr := named["attribute"]
	var f function
	if !byAttr {
		if f, err = b.mapFilter(textArgument(args, 1, "")); err != nil {
			return args[0], err
		}
	}
	out := make([]jinja.Value, len(items))
	for i, x := range items {
		if err := b.spend(costCall); err != nil {
			return x, err
		}
		if byAttr {
			out[i], err = b.path(x, attr)
			if d, ok := named["default"]; ok && out[i].IsUndefined() {
				out[i] = d
			}
		} else {
			out[i], err = f(append([]jinja.Value{x}, args[2:]...), named)
		}
		if err != nil {
			return x, err
		}
	}
	return jinja.NewList(out), nil
}

// mapFilter is a filter by name, for map: ours, and the strings' methods of that name.
func (b *budget) mapFilter(name string) (function, error) {
	if f := ownFilters[name]; f != nil {
		return func(args []jinja.Value, named named) (jinja.Value, error) { return f(b, args, named) }, nil
	}
	switch name {
	case "upper", "lower", "capitalize":
		return func(args []jinja.Value, named named) (jinja.Value, error) {
			s, err := stringOf(b, args, nil)
			if err != nil {
				return s, err
			}
			return stringMethods[name](b, s, nil, nil)
		}, nil
	case "length", "count":
		return func(args []jinja.Value, _ named) (jinja.Value, error) {
			items, err := b.elements(args[0])
			return jinja.NewInt(int64(len(items))), err
		}, nil
	}
	return nil, fmt.Errorf("map: no filter %.40q", name)
}

// selected is select and selectattr (want true), reject and rejectattr (want false).
func selected(want, byAttr bool) filter {
	return func(b *budget, args []jinja.Value, _ map[string]jinja.Value) (jinja.Value, error) {
		items, err := b.elements(args[0])
		if err != nil {
			return args[0], err
		}
		rest := args[1:]
		var attr jinja.Value
		if byAttr {
			if len(rest) == 0 {
				return args[0], errors.New("selectattr: want an attribute")
			}
			attr, rest = rest[0], rest[1:]
		}
		var out []jinja.Value
		for _, item := range items {
			x := item
			if byAttr {
				if x, err = b.path(x, attr); err != nil {
					return x, err
				}
			}
			yes := x.IsTruthy()
			if len(rest) > 0 {
				if yes, err = b.holdsTest(x, text(rest[0]), rest[1:]); err != nil {
					return x, err
				}
			}
			if err := b.spend(costCall); err != nil {
				return x, err
			}
			if yes == want {
				if err := b.make(sizeItem); err != nil {
					return x, err
				}
				out = append(out, item)
			}
		}
		return jinja.NewList(out), nil
	}
}
