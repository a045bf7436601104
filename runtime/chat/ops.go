package chat

import (
	"cmp"
	"errors"
	"fmt"
	"math"
	"math/bits"
	"strings"

	"github.com/ardanlabs/jinja"
)

// function is one of ours that expressions call.
type function = func(args []jinja.Value, named named) (jinja.Value, error)

// functions are all of them by the names expr.go and guard.go use.
func (b *budget) functions() map[string]function {
	two := func(f func(x, y jinja.Value) (jinja.Value, error)) function {
		return func(args []jinja.Value, _ named) (jinja.Value, error) {
			if err := b.spend(costCall); err != nil {
				return jinja.None(), err
			}
			return f(args[0], args[1])
		}
	}
	return map[string]function{
		"step": b.step, "enter": b.enter, "leave": b.leave, "out": b.out, "test": b.test, "keep": b.keep,
		"whole": b.wholeValue, "iter": b.iter, "pass": b.pass,
		"add": two(b.add), "sub": two(b.sub), "mul": two(b.mul), "div": two(b.div), "floordiv": two(b.floorDiv), "mod": two(b.mod),
		"pow": two(b.pow), "join_text": two(b.joinText),
		"eq":   two(func(x, y jinja.Value) (jinja.Value, error) { return b.truth(b.equal(x, y, 0)) }),
		"in":   two(func(x, y jinja.Value) (jinja.Value, error) { return b.truth(b.contains(y, x)) }),
		"cmp":  b.compare,
		"list": b.list, "dict": b.dict, "item": two(b.item), "slice": b.slice,
		"attr": two(b.attribute), "method": two(b.method), "function": b.function, "printed": b.printedFunction,
		"is": b.is, "apply": b.apply, "members": b.members, "merged": two(b.merged),
	}
}

func (b *budget) truth(yes bool, err error) (jinja.Value, error) { return jinja.NewBool(yes), err }

// integer is the value of an integer or a bool, which Python counts as one.
func integer(v jinja.Value) (int64, bool) {
	switch {
	case v.IsInt():
		return v.AsInt(), true
	case v.IsBool() && v.AsBool():
		return 1, true
	case v.IsBool():
		return 0, true
	}
	return 0, false
}

// number is the value of any number.
func number(v jinja.Value) (float64, bool) {
	if v.IsFloat() {
		return v.AsFloat(), true
	}
	i, ok := integer(v)
	return float64(i), ok
}

func typeName(v jinja.Value) string {
	switch {
	case v.IsString():
		return "a string"
	case v.IsList():
		return "a list"
	case v.IsDict():
		return "a dict"
	case v.IsCallable():
		return "a function"
	case v.IsNone():
		return "none"
	case v.IsUndefined():
		return "an undefined value"
	}
	return "a number"
}

func operands(op string, x, y jinja.Value) error {
	return fmt.Errorf("%s does not work on %s and %s", op, typeName(x), typeName(y))
}

var errOverflow = errors.New("an integer of more than 63 bits")

// numeric does an operation on two numbers: on integers if both are, and ints is not nil.
func numeric(op string, x, y jinja.Value, ints func(a, b int64) (int64, bool), floats func(a, b float64) float64) (jinja.Value, error) {
	a, isInt := integer(x)
	c, bothInt := integer(y)
	if isInt && bothInt && ints != nil {
		n, ok := ints(a, c)
		if !ok {
			return jinja.None(), errOverflow
		}
		return jinja.NewInt(n), nil
	}
	f, ok1 := number(x)
	g, ok2 := number(y)
	if !ok1 || !ok2 {
		return jinja.None(), operands(op, x, y)
	}
	return jinja.NewFloat(floats(f, g)), nil
}

// add is the sum of numbers, or two strings or lists one after the other. A string takes anything, unlike Python's.
func (b *budget) add(x, y jinja.Value) (jinja.Value, error) {
	switch {
	case x.IsString() || y.IsString():
		return b.joinText(x, y)
	case x.IsList() && y.IsList():
		if err := b.make(shallow(x) + shallow(y)); err != nil {
			return jinja.None(), err
		}
		l := append([]jinja.Value{}, x.AsList().Items...)
		return jinja.NewList(append(l, y.AsList().Items...)), nil
	}
	return numeric("+", x, y, func(a, c int64) (int64, bool) { s := a + c; return s, (s > a) == (c > 0) },
		func(a, c float64) float64 { return a + c })
}

func (b *budget) sub(x, y jinja.Value) (jinja.Value, error) {
	return numeric("-", x, y, func(a, c int64) (int64, bool) { s := a - c; return s, (s < a) == (c > 0) },
		func(a, c float64) float64 { return a - c })
}

// mul is the product of numbers, or a string or list repeated.
func (b *budget) mul(x, y jinja.Value) (jinja.Value, error) {
	if n, ok := integer(x); ok && (y.IsString() || y.IsList()) {
		return b.repeat(y, n)
	}
	if n, ok := integer(y); ok && (x.IsString() || x.IsList()) {
		return b.repeat(x, n)
	}
	return numeric("*", x, y, multiply, func(a, c float64) float64 { return a * c })
}

// multiply says too whether the product fits.
func multiply(a, c int64) (int64, bool) {
	hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(c, -c)))
	if hi != 0 || lo > math.MaxInt64 {
		return 0, false
	}
	return a * c, true
}

func (b *budget) repeat(v jinja.Value, n int64) (jinja.Value, error) {
	n = max(n, 0)
	if size := max(1, shallow(v)); n > int64(maxValue/size) {
		return jinja.None(), b.fail("a value of more than %d bytes", maxValue)
	}
	if err := b.make(int(n) * shallow(v)); err != nil {
		return jinja.None(), err
	}
	if v.IsString() {
		return jinja.NewString(strings.Repeat(v.AsString(), int(n))), nil
	}
	var l []jinja.Value
	for range n {
		l = append(l, v.AsList().Items...)
	}
	return jinja.NewList(l), nil
}

var errZero = errors.New("division by zero")

func (b *budget) div(x, y jinja.Value) (jinja.Value, error) {
	if f, ok := number(y); ok && f == 0 {
		return jinja.None(), errZero
	}
	return numeric("/", x, y, nil, func(a, c float64) float64 { return a / c })
}

// floorDiv rounds down, as Python does.
func (b *budget) floorDiv(x, y jinja.Value) (jinja.Value, error) {
	if f, ok := number(y); ok && f == 0 {
		return jinja.None(), errZero
	}
	return numeric("//", x, y, func(a, c int64) (int64, bool) {
		if a == math.MinInt64 && c == -1 {
			return 0, false
		}
		q := a / c
		if a%c != 0 && (a < 0) != (c < 0) {
			q--
		}
		return q, true
	}, func(a, c float64) float64 { return math.Floor(a / c) })
}

// mod has the sign of the divisor, as in Python.
func (b *budget) mod(x, y jinja.Value) (jinja.Value, error) {
	if x.IsString() {
		return b.printf(x.AsString(), y)
	}
	if f, ok := number(y); ok && f == 0 {
		return jinja.None(), errZero
	}
	return numeric("%", x, y, func(a, c int64) (int64, bool) {
		if c == -1 {
			return 0, true
		}
		if r := a % c; r != 0 && (r < 0) != (c < 0) {
			return r + c, true
		}
		return a % c, true
	}, func(a, c float64) float64 { return a - c*math.Floor(a/c) })
}

func (b *budget) pow(x, y jinja.Value) (jinja.Value, error) {
	if n, ok := integer(y); ok && n < 0 {
		return numeric("**", x, y, nil, math.Pow)
	}
	return numeric("**", x, y, func(a, n int64) (int64, bool) {
		if a >= -1 && a <= 1 {
			n = min(n, 2-n%2) // a to the n is a to the first or second
		}
		r, ok := int64(1), true
		for ; n > 0 && ok; n-- { // at most 63 rounds otherwise
			r, ok = multiply(r, a)
		}
		return r, ok
	}, math.Pow)
}

// joinText is the text of both.
func (b *budget) joinText(x, y jinja.Value) (jinja.Value, error) {
	for _, v := range []jinja.Value{x, y} {
		if !v.IsString() {
			if err := b.whole(v); err != nil {
				return v, err
			}
		}
	}
	s, t := text(x), text(y)
	if err := b.make(len(s) + len(t)); err != nil {
		return jinja.None(), err
	}
	return jinja.NewString(s + t), nil
}

// equal compares as Python does: numbers by value, lists and dicts by their elements.
func (b *budget) equal(x, y jinja.Value, depth int) (bool, error) {
	if err := b.spend(costItem); err != nil || depth > maxDepth {
		return false, err
	}
	if f, ok := number(x); ok {
		g, both := number(y)
		return both && f == g, nil
	}
	switch {
	case x.IsString() && y.IsString():
		s, t := x.AsString(), y.AsString()
		if len(s) != len(t) {
			return false, nil
		}
		return s == t, b.spend(len(s) / 8)
	case x.IsList() && y.IsList():
		l, m := x.AsList().Items, y.AsList().Items
		if len(l) != len(m) {
			return false, nil
		}
		for i := range l {
			if same, err := b.equal(l[i], m[i], depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	case x.IsDict() && y.IsDict():
		d, e := x.AsDict(), y.AsDict()
		if d.Len() != e.Len() {
			return false, nil
		}
		for _, k := range d.Keys {
			v, _ := d.Get(k)
			w, ok := e.Get(k)
			if same, err := b.equal(v, w, depth+1); err != nil || !ok || !same {
				return false, err
			}
		}
		return true, nil
	}
	return x.IsNone() && y.IsNone() || x.IsUndefined() && y.IsUndefined(), nil
}

// order compares numbers or strings; false when there is no order.
func (b *budget) order(x, y jinja.Value) (int, bool, error) {
	if f, ok := number(x); ok {
		g, both := number(y)
		return cmp.Compare(f, g), both, nil
	}
	if x.IsString() && y.IsString() {
		s, t := x.AsString(), y.AsString()
		return strings.Compare(s, t), true, b.spend(min(len(s), len(t)) / 8)
	}
	return 0, false, nil
}

// compare is called with the operator and its operands. Values without an order are neither less nor greater.
func (b *budget) compare(args []jinja.Value, _ named) (jinja.Value, error) {
	if err := b.spend(costCall); err != nil {
		return jinja.None(), err
	}
	c, ok, err := b.order(args[1], args[2])
	switch args[0].AsString() {
	case "<":
		ok = ok && c < 0
	case "<=":
		ok = ok && c <= 0
	case ">":
		ok = ok && c > 0
	case ">=":
		ok = ok && c >= 0
	}
	return jinja.NewBool(ok), err
}

// contains is item in container.
func (b *budget) contains(container, item jinja.Value) (bool, error) {
	switch {
	case container.IsList():
		for _, x := range container.AsList().Items {
			if same, err := b.equal(x, item, 0); err != nil || same {
				return same, err
			}
		}
	case container.IsDict():
		return !item.IsList() && !item.IsDict() && container.AsDict().Has(keyText(item)), nil
	case container.IsString() && item.IsString():
		return strings.Contains(container.AsString(), item.AsString()), b.spend(len(container.AsString()))
	}
	return false, nil
}
