package jinja

import (
	"slices"
	"strconv"
	"strings"
)

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
