package chat

import (
	"fmt"
	"strconv"
	"unicode/utf8"

	"github.com/ardanlabs/jinja"
)

// list and dict are the literals.
func (b *budget) list(args []jinja.Value, _ named) (jinja.Value, error) {
	return jinja.NewList(args), b.make(sizeItem * (len(args) + 1))
}

func (b *budget) dict(args []jinja.Value, _ named) (jinja.Value, error) {
	if err := b.make(sizeItem * (len(args) + 8)); err != nil {
		return jinja.None(), err
	}
	d := jinja.NewDict()
	for i := 0; i+1 < len(args); i += 2 {
		d.AsDict().Set(keyText(args[i]), args[i+1])
	}
	return d, nil
}

// item is x[key].
func (b *budget) item(x, key jinja.Value) (jinja.Value, error) {
	i, isInt := integer(key)
	switch {
	case x.IsDict():
		if v, ok := x.AsDict().Get(keyText(key)); ok {
			return v, nil
		}
	case x.IsList() && isInt:
		l := x.AsList().Items
		if i < 0 {
			i += int64(len(l))
		}
		if i >= 0 && i < int64(len(l)) {
			return l[i], nil
		}
	case x.IsString() && isInt:
		s := x.AsString()
		if err := b.spend(len(s)); err != nil {
			return x, err
		}
		if i < 0 {
			i += int64(utf8.RuneCountInString(s))
		}
		for _, r := range s {
			if i == 0 {
				return jinja.NewString(string(r)), nil
			}
			i--
		}
	}
	return jinja.Undefined(), nil
}

// slice is x[from:to:step].
func (b *budget) slice(args []jinja.Value, _ named) (jinja.Value, error) {
	x := args[0]
	items, err := []jinja.Value(nil), error(nil)
	switch {
	case x.IsString():
		if from, ok := integer(args[1]); args[3].IsNone() && (ok && from >= 0 || args[1].IsNone()) && args[2].IsNone() {
			return jinja.NewString(skipRunes(x.AsString(), from)), b.spend(costCall + len(x.AsString()))
		}
		items, err = b.elements(x)
	case x.IsList():
		items = x.AsList().Items
	default:
		return jinja.Undefined(), nil
	}
	if err != nil {
		return x, err
	}
	at, err := slicePositions(len(items), args[1:])
	if err == nil {
		err = b.make(sizeItem * len(at))
	}
	if err != nil {
		return x, err
	}
	out := make([]jinja.Value, len(at))
	joined := ""
	if x.IsString() {
		var s []byte
		for _, i := range at {
			s = append(s, items[i].AsString()...)
		}
		joined = string(s)
		return jinja.NewString(joined), nil
	}
	for k, i := range at {
		out[k] = items[i]
	}
	return jinja.NewList(out), nil
}

// skipRunes is s without its first n characters.
func skipRunes(s string, n int64) string {
	for i := range s {
		if n == 0 {
			return s[i:]
		}
		n--
	}
	return ""
}

// slicePositions are the indices of [from:to:step] in n elements (Python's slice.indices).
func slicePositions(n int, args []jinja.Value) ([]int, error) {
	step := 1
	if v := args[2]; !v.IsNone() {
		s, ok := integer(v)
		if !ok || s == 0 {
			return nil, fmt.Errorf("the step of a slice is %s, want an integer other than zero", text(v))
		}
		step = int(min(max(s, -int64(n)-1), int64(n)+1))
	}
	low, high := 0, n // where from and to are kept
	if step < 0 {
		low, high = -1, n-1
	}
	bound := func(v jinja.Value, def int) (int, error) {
		if v.IsNone() {
			return def, nil
		}
		i, ok := integer(v)
		if !ok {
			return 0, fmt.Errorf("a slice from or to %s, want integers", typeName(v))
		}
		if i < 0 {
			i = max(i, -int64(n)-1) + int64(n)
		}
		return int(min(max(i, int64(low)), int64(high))), nil
	}
	first, last := low, high
	if step < 0 {
		first, last = high, low
	}
	from, err := bound(args[0], first)
	if err != nil {
		return nil, err
	}
	to, err := bound(args[1], last)
	if err != nil {
		return nil, err
	}
	var out []int
	for i := from; step > 0 && i < to || step < 0 && i > to; i += step {
		out = append(out, i)
	}
	return out, nil
}

// attribute is x.name: a member of a dict, or a method.
func (b *budget) attribute(x, name jinja.Value) (jinja.Value, error) {
	n := name.AsString()
	if x.IsDict() {
		if v, ok := x.AsDict().Get(n); ok {
			return v, nil
		}
	}
	if i, err := strconv.ParseInt(n, 10, 64); err == nil {
		return b.item(x, jinja.NewInt(i))
	}
	return b.bind(x, n), nil
}

// method is x.name in a call: a method, or a member of a dict.
func (b *budget) method(x, name jinja.Value) (jinja.Value, error) {
	if f := b.bind(x, name.AsString()); !f.IsUndefined() {
		return f, nil
	}
	v, err := b.attribute(x, name)
	if err == nil && !v.IsCallable() {
		err = fmt.Errorf("%s has no method %.40q", typeName(x), name.AsString())
	}
	return v, err
}

// bind is a method of a value; undefined if its type has none of that name.
func (b *budget) bind(x jinja.Value, name string) jinja.Value {
	var m method
	switch {
	case x.IsString():
		m = stringMethods[name]
	case x.IsList():
		m = listMethods[name]
	case x.IsDict():
		m = dictMethods[name]
	}
	if m == nil {
		return jinja.Undefined()
	}
	return jinja.NewCallable(name, func(args []jinja.Value, named named) (jinja.Value, error) {
		if err := b.spend(costCall); err != nil {
			return x, err
		}
		return m(b, x, args, named)
	})
}

// function checks what is about to be called: the library would print it in its error, however large it is.
func (b *budget) function(args []jinja.Value, _ named) (jinja.Value, error) {
	if !args[0].IsCallable() {
		return jinja.None(), fmt.Errorf("%s cannot be called", typeName(args[0]))
	}
	return args[0], b.spend(costCall)
}

// printedFunction is function for call blocks, which print the result themselves.
func (b *budget) printedFunction(args []jinja.Value, none named) (jinja.Value, error) {
	f, err := b.function(args, none)
	if err != nil {
		return f, err
	}
	return jinja.NewCallable("call", func(args []jinja.Value, named named) (jinja.Value, error) {
		v, err := f.AsCallable().Fn(args, named)
		if err != nil {
			return v, err
		}
		return b.out([]jinja.Value{jinja.NewInt(1), v}, nil)
	}), nil
}
