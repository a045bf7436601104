package jinja

import (
	"math"
	"math/big"
	"strconv"
	"strings"
)

// Value is one of: nil (None), bool, int64, *big.Int (beyond 64 bits only), float64, string, Markup, *List, *Dict,
// Undefined, *Func, *Namespace.
type Value any

// Markup is a string that autoescape blocks print as it is.
type Markup string

// List is a Python list or tuple, or one of the other types that templates cannot tell from a list but by printing them.
type List struct {
	Items []Value
	Tuple bool
	kind  string // dict_keys, dict_values, dict_items; range as it prints: range(0, 3); generator; _GroupTuple of groupby
}

// generator is the kind of what map, select and the like return: it is true even without elements, has no length and can be
// gone through once.
const generator = "generator"

func generated(items []Value) *List { return &List{Items: items, kind: generator} }

// plain reports whether l is a list or tuple, which can be joined and written as JSON.
func (l *List) plain() bool { return l.kind == "" || l.Tuple }

func tuple(items ...Value) *List { return &List{Items: items, Tuple: true} }

// Undefined is what a name or member that does not exist is. It prints as nothing; most operations on it are errors.
type Undefined struct{ what string }

// Func is a function.
type Func struct {
	Name string
	call func(e *env, a args) (Value, error)
}

// Namespace is what namespace() makes: an object whose members templates may set.
type Namespace struct{ members *Dict }

// args are the values of a call.
type args struct {
	pos   []Value
	names []string
	named []Value // of names
}

// get returns the argument at position i or of the name.
func (a args) get(i int, name string) (Value, bool) {
	if i >= 0 && i < len(a.pos) {
		return a.pos[i], true
	}
	for k, n := range a.names {
		if n == name {
			return a.named[k], true
		}
	}
	return nil, false
}

// str returns the argument as a string, or def when it is left out.
func (a args) str(i int, name, def string) (string, error) {
	v, ok := a.get(i, name)
	if !ok {
		return def, nil
	}
	if s, ok := text(v); ok {
		return s, nil
	}
	return "", raise("argument %q is %s, want a string", name, typeName(v))
}

// int returns the argument as an integer, or def when it is left out or None.
func (a args) int(i int, name string, def int64) (int64, error) {
	v, ok := a.get(i, name)
	if !ok || v == nil {
		return def, nil
	}
	if n, ok := integer(v); ok {
		return n, nil
	}
	return 0, raise("argument %q is %s, want an integer", name, typeName(v))
}

// bool returns the truth of the argument, or def when it is left out.
func (a args) bool(i int, name string, def bool) bool {
	if v, ok := a.get(i, name); ok {
		return truth(v)
	}
	return def
}

// Dict is a Python dict: keys in order of insertion, equal numbers are one key.
type Dict struct {
	keys  []Value
	vals  []Value
	index map[any]int // from hash(key); made when the dict outgrows linear search
}

// linear is how many keys are searched one by one.
const linear = 8

// NewDict returns an empty dict.
func NewDict() *Dict { return &Dict{} }

// hash returns a comparable value that is the same for equal keys; false for what cannot be a key.
func hash(key Value) (any, bool) {
	switch k := key.(type) {
	case nil, int64, string:
		return k, true
	case Markup:
		return string(k), true
	case bool:
		if k {
			return int64(1), true
		}
		return int64(0), true
	case float64:
		if i := int64(k); float64(i) == k && math.Abs(k) < 1<<62 {
			return i, true
		}
		return k, true
	case *big.Int:
		return "big:" + k.String(), true
	case Undefined:
		return Undefined{}, true
	case *List:
		if !k.Tuple {
			return nil, false
		}
		var b strings.Builder
		b.WriteByte('(')
		for _, x := range k.Items {
			h, ok := hash(x)
			if !ok || b.Len() > 1<<16 {
				return nil, false
			}
			switch h := h.(type) {
			case string:
				b.WriteString(strconv.Quote(h))
			case int64:
				b.WriteString(strconv.FormatInt(h, 10))
			case float64:
				b.WriteString(strconv.FormatFloat(h, 'g', -1, 64))
			}
			b.WriteByte(',')
		}
		return b.String(), true
	}
	return nil, false
}

func (d *Dict) find(key Value) int {
	if d.index == nil {
		if s, ok := key.(string); ok { // the usual case
			for i, k := range d.keys {
				if k == s {
					return i
				}
			}
			return -1
		}
	}
	h, ok := hash(key)
	if !ok {
		return -1
	}
	if d.index != nil {
		if i, ok := d.index[h]; ok {
			return i
		}
		return -1
	}
	for i, k := range d.keys {
		if g, _ := hash(k); g == h {
			return i
		}
	}
	return -1
}

// Get returns the value of a key.
func (d *Dict) Get(key Value) (Value, bool) {
	if i := d.find(key); i >= 0 {
		return d.vals[i], true
	}
	return nil, false
}

// Set sets the value of a key and reports whether it can be a key.
func (d *Dict) Set(key, v Value) bool {
	h, ok := hash(key)
	if !ok {
		return false
	}
	if i := d.find(key); i >= 0 {
		d.vals[i] = v
		return true
	}
	if d.index == nil && len(d.keys) >= linear {
		d.index = make(map[any]int, 2*linear)
		for i, k := range d.keys {
			g, _ := hash(k)
			d.index[g] = i
		}
	}
	if d.index != nil {
		d.index[h] = len(d.keys)
	}
	d.keys, d.vals = append(d.keys, key), append(d.vals, v)
	return true
}

// Len returns the number of keys.
func (d *Dict) Len() int { return len(d.keys) }

func (d *Dict) clone() *Dict {
	c := NewDict()
	for i, k := range d.keys {
		c.Set(k, d.vals[i])
	}
	return c
}

// text returns the characters of a string.
func text(v Value) (string, bool) {
	switch s := v.(type) {
	case string:
		return s, true
	case Markup:
		return string(s), true
	}
	return "", false
}

// integer returns the value of an int of 64 bits or a bool, which Python counts as one.
func integer(v Value) (int64, bool) {
	switch n := v.(type) {
	case int64:
		return n, true
	case bool:
		if n {
			return 1, true
		}
		return 0, true
	}
	return 0, false
}

// bigInt returns the value of any int.
func bigInt(v Value) (*big.Int, bool) {
	if n, ok := v.(*big.Int); ok {
		return n, true
	}
	n, ok := integer(v)
	return big.NewInt(n), ok
}

// float returns the value of any number.
func float(v Value) (float64, bool) {
	switch f := v.(type) {
	case float64:
		return f, true
	case *big.Int:
		x, _ := new(big.Float).SetInt(f).Float64()
		return x, true
	}
	n, ok := integer(v)
	return float64(n), ok
}

// maxBits bounds integers.
const maxBits = 512

// normalInt returns an integer in its one representation.
func normalInt(n *big.Int) (Value, error) {
	if n.IsInt64() {
		return n.Int64(), nil
	}
	if n.BitLen() > maxBits {
		return nil, limit("an integer of more than %d bits", maxBits)
	}
	return n, nil
}

// truth is bool(v).
func truth(v Value) bool {
	switch x := v.(type) {
	case nil, Undefined:
		return false
	case bool:
		return x
	case int64:
		return x != 0
	case float64:
		return x != 0
	case string:
		return x != ""
	case Markup:
		return x != ""
	case *List:
		return len(x.Items) > 0 || x.kind == generator
	case *Dict:
		return x.Len() > 0
	}
	return true
}

// typeName names the type for messages, as Python does.
func typeName(v Value) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		return "bool"
	case int64, *big.Int:
		return "int"
	case float64:
		return "float"
	case string, Markup:
		return "str"
	case *List:
		if x.Tuple {
			return "tuple"
		}
		if !x.plain() {
			name, _, _ := strings.Cut(x.kind, "(")
			return name
		}
		return "list"
	case *Dict:
		return "dict"
	case Undefined:
		return "undefined"
	case *Namespace:
		return "namespace"
	}
	return "function"
}

// elements returns what iterating over v yields.
func (e *env) elements(v Value) ([]Value, error) {
	switch x := v.(type) {
	case *List:
		items := x.Items
		if x.kind == generator {
			x.Items = nil
		}
		return items, e.spend(costItem * len(items))
	case *Dict:
		return x.keys, e.spend(costItem * x.Len())
	case Undefined:
		return nil, nil
	}
	if s, ok := text(v); ok {
		if err := e.items(len(s)); err != nil {
			return nil, err
		}
		out := make([]Value, 0, len(s))
		for _, r := range s {
			out = append(out, string(r))
		}
		return out, nil
	}
	return nil, raise("%s is not iterable", typeName(v))
}
