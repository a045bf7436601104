package chat

import (
	"fmt"
	"slices"
	"strings"
	"unicode"

	"github.com/ardanlabs/jinja"
)

// is is called with a value, the name of a test and its arguments.
func (b *budget) is(args []jinja.Value, _ named) (jinja.Value, error) {
	if err := b.spend(costCall); err != nil {
		return jinja.None(), err
	}
	return b.truth(b.holdsTest(args[0], args[1].AsString(), args[2:]))
}

// simpleTests look at the value alone.
var simpleTests = map[string]func(v jinja.Value) bool{
	"defined":   func(v jinja.Value) bool { return !v.IsUndefined() },
	"undefined": jinja.Value.IsUndefined,
	"none":      jinja.Value.IsNone,
	"boolean":   jinja.Value.IsBool,
	"integer":   jinja.Value.IsInt,
	"float":     jinja.Value.IsFloat,
	"number":    func(v jinja.Value) bool { return v.IsNumber() || v.IsBool() },
	"string":    jinja.Value.IsString,
	"mapping":   jinja.Value.IsDict,
	"callable":  jinja.Value.IsCallable,
	"iterable":  iterable, // something undefined is too, and empty
	"sequence":  iterable,
	"true":      func(v jinja.Value) bool { return v.IsBool() && v.AsBool() },
	"false":     func(v jinja.Value) bool { return v.IsBool() && !v.AsBool() },
	"odd":       func(v jinja.Value) bool { i, ok := integer(v); return ok && i%2 != 0 },
	"even":      func(v jinja.Value) bool { i, ok := integer(v); return ok && i%2 == 0 },
	"upper":     func(v jinja.Value) bool { return v.IsString() && oneCase(v.AsString(), unicode.IsLower) },
	"lower":     func(v jinja.Value) bool { return v.IsString() && oneCase(v.AsString(), unicode.IsUpper) },
}

func iterable(v jinja.Value) bool {
	return v.IsList() || v.IsDict() || v.IsString() || v.IsUndefined()
}

// oneCase says that a string has letters but none of the other case.
func oneCase(s string, other func(r rune) bool) bool {
	return strings.IndexFunc(s, unicode.IsLetter) >= 0 && strings.IndexFunc(s, other) < 0
}

// orderTests are the names of comparisons.
var orderTests = map[string]string{
	"lt": "<", "lessthan": "<", "<": "<", "le": "<=", "<=": "<=", "gt": ">", "greaterthan": ">", ">": ">", "ge": ">=", ">=": ">=",
}

// holdsTest says whether v passes a test.
func (b *budget) holdsTest(v jinja.Value, name string, args []jinja.Value) (bool, error) {
	if t := simpleTests[name]; t != nil {
		return t(v), b.spend(4 * shallow(v))
	}
	if op := orderTests[name]; op != "" || slices.Contains([]string{"eq", "equalto", "==", "ne", "!=", "in", "sameas", "divisibleby"}, name) {
		if len(args) != 1 {
			return false, fmt.Errorf("test %q: want one argument", name)
		}
		if op != "" {
			yes, err := b.compare([]jinja.Value{jinja.NewString(op), v, args[0]}, nil)
			return yes.IsTruthy(), err
		}
	}
	switch name {
	case "eq", "equalto", "==":
		return b.equal(v, args[0], 0)
	case "ne", "!=":
		same, err := b.equal(v, args[0], 0)
		return !same, err
	case "in":
		return b.contains(args[0], v)
	case "sameas": // True is not 1
		if v.IsBool() != args[0].IsBool() || v.IsFloat() != args[0].IsFloat() {
			return false, nil
		}
		return b.equal(v, args[0], 0)
	case "divisibleby":
		r, err := b.mod(v, args[0])
		return !r.IsTruthy(), err
	}
	return false, fmt.Errorf("no test named %.40q", name)
}
