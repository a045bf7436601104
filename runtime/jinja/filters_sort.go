package jinja

import (
	"slices"
	"strings"
)

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
