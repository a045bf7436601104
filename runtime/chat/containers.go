package chat

import (
	"errors"
	"maps"
	"slices"

	"github.com/ardanlabs/jinja"
)

// holds says whether v is, or has somewhere in it, the list or dict x: adding it to x would make a circle.
func holds(v, x jinja.Value, depth int) bool {
	switch {
	case depth > maxDepth:
		return true
	case v.IsList():
		if x.IsList() && v.AsList() == x.AsList() {
			return true
		}
		return slices.ContainsFunc(v.AsList().Items, func(e jinja.Value) bool { return holds(e, x, depth+1) })
	case v.IsDict():
		if x.IsDict() && v.AsDict() == x.AsDict() {
			return true
		}
		for _, e := range v.AsDict().Data {
			if holds(e, x, depth+1) {
				return true
			}
		}
	}
	return false
}

// admit checks a value that is about to be added to x and takes the memory of n elements.
func (b *budget) admit(x, v jinja.Value, n int) error {
	if err := b.whole(v); err != nil {
		return err
	}
	if holds(v, x, 0) {
		return b.fail("a list or dict that holds itself")
	}
	return b.make(sizeItem * n)
}

// position is argument i as an index of a list of n elements.
func position(args []jinja.Value, i, n, def int) int {
	if i >= len(args) {
		return def
	}
	k, ok := integer(args[i])
	if !ok {
		return def
	}
	if k < 0 {
		k += int64(n)
	}
	return int(max(-1, min(k, int64(n))))
}

var listMethods = map[string]method{
	"append": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		if len(args) != 1 {
			return x, errors.New("append: want one value")
		}
		if err := b.admit(x, args[0], 1); err != nil {
			return x, err
		}
		x.AsList().Append(args[0])
		return jinja.None(), nil
	},
	"extend": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		if len(args) != 1 {
			return x, errors.New("extend: want one list")
		}
		items, err := b.elements(args[0])
		if err != nil {
			return x, err
		}
		for _, v := range slices.Clone(items) {
			if err := b.admit(x, v, 1); err != nil {
				return x, err
			}
			x.AsList().Append(v)
		}
		return jinja.None(), nil
	},
	"insert": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		l := x.AsList()
		if len(args) != 2 {
			return x, errors.New("insert: want a position and a value")
		}
		if err := b.admit(x, args[1], 1); err != nil {
			return x, err
		}
		l.Items = slices.Insert(l.Items, max(0, position(args, 0, l.Len(), 0)), args[1])
		return jinja.None(), b.spend(l.Len())
	},
	"pop": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		l := x.AsList()
		i := position(args, 0, l.Len(), l.Len()-1)
		if i < 0 || i >= l.Len() {
			return x, errors.New("pop: there is no such element")
		}
		v := l.Items[i]
		l.Items = slices.Delete(slices.Clip(l.Items), i, i+1)
		return v, b.spend(l.Len())
	},
	"index": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		for i, v := range x.AsList().Items {
			if same, err := b.equal(v, firstOf(args), 0); err != nil || same {
				return jinja.NewInt(int64(i)), err
			}
		}
		return x, errors.New("index: the value is not in the list")
	},
	"count": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		n := int64(0)
		for _, v := range x.AsList().Items {
			same, err := b.equal(v, firstOf(args), 0)
			if err != nil {
				return x, err
			}
			if same {
				n++
			}
		}
		return jinja.NewInt(n), nil
	},
}

func firstOf(args []jinja.Value) jinja.Value {
	if len(args) == 0 {
		return jinja.Undefined()
	}
	return args[0]
}

// pairs are the members of a dict as lists of two.
func (b *budget) pairs(d *jinja.Dict) (jinja.Value, error) {
	if err := b.make(3 * sizeItem * d.Len()); err != nil {
		return jinja.None(), err
	}
	l := make([]jinja.Value, d.Len())
	for i, k := range d.Keys {
		v, _ := d.Get(k)
		l[i] = jinja.NewList([]jinja.Value{keyValue(k), v})
	}
	return jinja.NewList(l), nil
}

var dictMethods = map[string]method{
	"items": func(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
		return b.pairs(x.AsDict())
	},
	"keys": func(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
		keys, err := b.elements(x)
		return jinja.NewList(keys), err
	},
	"values": func(b *budget, x jinja.Value, _ []jinja.Value, _ named) (jinja.Value, error) {
		d := x.AsDict()
		if err := b.make(sizeItem * d.Len()); err != nil {
			return x, err
		}
		l := make([]jinja.Value, d.Len())
		for i, k := range d.Keys {
			l[i], _ = d.Get(k)
		}
		return jinja.NewList(l), nil
	},
	"get": func(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
		if v, ok := x.AsDict().Get(keyText(firstOf(args))); ok {
			return v, nil
		}
		if v, ok := argument(args, named, 1, "default"); ok {
			return v, nil
		}
		return jinja.None(), nil
	},
	"pop": func(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
		d, key := x.AsDict(), keyText(firstOf(args))
		v, ok := d.Get(key)
		if !ok {
			if v, ok = argument(args, named, 1, "default"); !ok {
				return x, errors.New("pop: there is no such key")
			}
			return v, nil
		}
		delete(d.Data, key)
		d.Keys = slices.DeleteFunc(d.Keys, func(k string) bool { return k == key })
		return v, b.spend(costItem * d.Len())
	},
	"setdefault": func(b *budget, x jinja.Value, args []jinja.Value, _ named) (jinja.Value, error) {
		key, v := keyText(firstOf(args)), jinja.None()
		if old, ok := x.AsDict().Get(key); ok {
			return old, nil
		}
		if len(args) > 1 {
			v = args[1]
		}
		if err := b.admit(x, v, 3); err != nil {
			return x, err
		}
		x.AsDict().Set(key, v)
		return v, nil
	},
	"update": func(b *budget, x jinja.Value, args []jinja.Value, named named) (jinja.Value, error) {
		d := x.AsDict()
		add := func(k string, v jinja.Value) error {
			if err := b.admit(x, v, 3); err != nil {
				return err
			}
			d.Set(k, v)
			return nil
		}
		if o := firstOf(args); o.IsDict() && o.AsDict() != d {
			for _, k := range o.AsDict().Keys {
				v, _ := o.AsDict().Get(k)
				if err := add(k, v); err != nil {
					return x, err
				}
			}
		}
		for _, k := range slices.Sorted(maps.Keys(named)) {
			if err := add(k, named[k]); err != nil {
				return x, err
			}
		}
		return jinja.None(), nil
	},
}
