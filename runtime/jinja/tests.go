package jinja

import (
	"math/big"
	"strings"
	"unicode"
)

// test is a test behind is: the value and the arguments.
type test func(e *env, v Value, a args) (bool, error)

// kindTest makes a test of the type of a value.
func kindTest(f func(v Value) bool) test {
	return func(_ *env, v Value, _ args) (bool, error) { return f(v), nil }
}

func isInt(v Value) bool {
	switch v.(type) {
	case int64, *big.Int:
		return true
	}
	return false
}

// comparing makes a test of a comparison with the argument.
func comparing(op string) test {
	return func(e *env, v Value, a args) (bool, error) {
		if len(a.pos) != 1 {
			return false, raise("the test wants one argument, got %d", len(a.pos))
		}
		return e.compare(op, v, a.pos[0])
	}
}

// remainder makes odd and even.
func remainder(want int64) test {
	return func(e *env, v Value, _ args) (bool, error) {
		m, err := e.arithmetic("%", v, int64(2))
		if err != nil {
			return false, err
		}
		return e.equal(m, want, 0)
	}
}

var tests map[string]test

func init() { // the test named test refers to the table
	tests = map[string]test{
		"boolean": kindTest(func(v Value) bool { _, ok := v.(bool); return ok }),
		"callable": kindTest(func(v Value) bool {
			switch v.(type) {
			case *Func, *loopState, Undefined:
				return true
			}
			return false
		}),
		"defined":   kindTest(func(v Value) bool { _, ok := v.(Undefined); return !ok }),
		"undefined": kindTest(func(v Value) bool { _, ok := v.(Undefined); return ok }),
		"divisibleby": func(e *env, v Value, a args) (bool, error) {
			n, ok := a.get(0, "num")
			if !ok {
				return false, raise("divisibleby wants a number")
			}
			m, err := e.arithmetic("%", v, n)
			if err != nil {
				return false, err
			}
			return e.equal(m, int64(0), 0)
		},
		"escaped": kindTest(func(v Value) bool { _, ok := v.(Markup); return ok }),
		"even":    remainder(0), "odd": remainder(1),
		"false": kindTest(func(v Value) bool { return v == false }), "true": kindTest(func(v Value) bool { return v == true }),
		"filter":  kindTest(func(v Value) bool { s, ok := text(v); return ok && filters[s] != nil }),
		"test":    kindTest(func(v Value) bool { s, ok := text(v); return ok && tests[s] != nil }),
		"float":   kindTest(func(v Value) bool { _, ok := v.(float64); return ok }),
		"integer": kindTest(isInt),
		"iterable": kindTest(func(v Value) bool {
			switch v.(type) {
			case string, Markup, *List, *Dict, Undefined:
				return true
			}
			return false
		}),
		"sequence": kindTest(func(v Value) bool {
			switch x := v.(type) {
			case *List:
				return x.kind != generator && !strings.HasPrefix(x.kind, "dict_")
			case string, Markup, *Dict, Undefined:
				return true
			}
			return false
		}),
		"lower":   casedTest(unicode.IsLower, unicode.IsUpper),
		"upper":   casedTest(unicode.IsUpper, unicode.IsLower),
		"mapping": kindTest(func(v Value) bool { _, ok := v.(*Dict); return ok }),
		"none":    kindTest(func(v Value) bool { return v == nil }),
		"number":  kindTest(func(v Value) bool { _, ok := float(v); return ok }),
		"sameas": func(e *env, v Value, a args) (bool, error) {
			if len(a.pos) != 1 {
				return false, raise("sameas wants one argument")
			}
			if typeName(v) != typeName(a.pos[0]) {
				return false, nil
			}
			switch x := v.(type) {
			case *List, *Dict, *Func, *Namespace:
				return x == a.pos[0], nil
			}
			return e.equal(v, a.pos[0], 0)
		},
		"string": kindTest(func(v Value) bool { _, ok := text(v); return ok }),
		"in":     comparing("in"),
	}
	for op, names := range map[string]string{"==": "eq equalto", "!=": "ne", "<": "lt lessthan", "<=": "le", ">": "gt greaterthan", ">=": "ge"} {
		for _, n := range append(strings.Fields(names), op) {
			tests[n] = comparing(op)
		}
	}
}

// casedTest makes lower and upper.
func casedTest(some, none func(r rune) bool) test {
	m := cased(some, none)
	return func(e *env, v Value, _ args) (bool, error) {
		s, err := e.str(v)
		if err != nil {
			return false, err
		}
		yes, err := m(e, s, args{})
		return yes == true, err
	}
}
