package jinja

import (
	"cmp"
	"math"
	"math/big"
	"math/bits"
	"strings"
	"unicode/utf8"
)

func operandError(op string, x, y Value) error {
	for _, v := range []Value{x, y} {
		if u, ok := v.(Undefined); ok {
			return undefinedError(u)
		}
	}
	return raise("%s does not work on %s and %s", op, typeName(x), typeName(y))
}

// arithmetic is x op y for + - * / // % **.
func (e *env) arithmetic(op string, x, y Value) (Value, error) {
	if err := e.spend(costNode); err != nil {
		return nil, err
	}
	if s, ok := text(x); ok && op == "%" {
		return e.printf(s, y)
	}
	if v, done, err := e.sequences(op, x, y); done {
		return v, err
	}
	a, okA := integer(x)
	b, okB := integer(y)
	if okA && okB {
		if v, ok := small(op, a, b); ok {
			return v, nil
		}
	}
	if n, ok := bigInt(x); ok {
		if m, ok := bigInt(y); ok {
			return integers(op, n, m)
		}
	}
	f, okF := float(x)
	g, okG := float(y)
	if !okF || !okG {
		return nil, operandError(op, x, y)
	}
	return floats(op, f, g)
}

// sequences is + and * of strings, lists and tuples.
func (e *env) sequences(op string, x, y Value) (v Value, done bool, err error) {
	s, isText := text(x)
	t, bothText := text(y)
	l, isList := x.(*List)
	m, bothList := y.(*List)
	isList, bothList = isList && l.plain(), bothList && m.plain()
	_, undefX := x.(Undefined)
	_, undefY := y.(Undefined)
	switch {
	case op == "+" && isText && undefY: // templates do this with members that are optional
		return s, true, nil
	case op == "+" && bothText && undefX:
		return t, true, nil
	case op == "+" && isText && bothText:
		if err := e.make(len(s) + len(t)); err != nil {
			return nil, true, err
		}
		return e.joinedText(x, y, s, t), true, nil
	case op == "+" && isList && bothList && l.Tuple == m.Tuple:
		if err := e.items(len(l.Items) + len(m.Items)); err != nil {
			return nil, true, err
		}
		return &List{Items: append(append(make([]Value, 0, len(l.Items)+len(m.Items)), l.Items...), m.Items...), Tuple: l.Tuple}, true, nil
	case op != "*":
		return nil, false, nil
	}
	if n, ok := integer(y); ok && (isText || isList) {
		v, err = e.repeat(x, n)
		return v, true, err
	}
	if n, ok := integer(x); ok && (bothText || bothList) {
		v, err = e.repeat(y, n)
		return v, true, err
	}
	return nil, false, nil
}

// joinedText is s + t, the texts of x and y. Markup and text give markup; the text is escaped where autoescape is on.
func (e *env) joinedText(x, y Value, s, t string) Value {
	_, safeX := x.(Markup)
	_, safeY := y.(Markup)
	switch {
	case !safeX && !safeY:
		return s + t
	case e.escape && !safeX:
		s = escapeHTML(s)
	case e.escape && !safeY:
		t = escapeHTML(t)
	}
	return Markup(s + t)
}

// repeat is a string or list n times.
func (e *env) repeat(v Value, n int64) (Value, error) {
	n = max(n, 0)
	size := 0
	if s, ok := text(v); ok {
		size = len(s)
	} else if l, ok := v.(*List); ok {
		size = sizeItem * len(l.Items)
	}
	if n > int64(maxValue/max(1, size)) {
		return nil, limit("a value of more than %d bytes", maxValue)
	}
	if err := e.make(int(n) * size); err != nil {
		return nil, err
	}
	if s, ok := text(v); ok {
		return strings.Repeat(s, int(n)), nil
	}
	l := v.(*List)
	out := make([]Value, 0, int(n)*len(l.Items))
	for range n {
		out = append(out, l.Items...)
	}
	return &List{Items: out, Tuple: l.Tuple}, nil
}

// small computes with integers of 64 bits; false when the result may not fit.
func small(op string, a, b int64) (Value, bool) {
	switch op {
	case "+":
		s := a + b
		return s, (s > a) == (b > 0)
	case "-":
		s := a - b
		return s, (s < a) == (b > 0)
	case "*":
		hi, lo := bits.Mul64(uint64(max(a, -a)), uint64(max(b, -b)))
		return a * b, hi == 0 && lo <= math.MaxInt64 && a != math.MinInt64 && b != math.MinInt64
	}
	return nil, false
}

func zeroError() error { return raise("division by zero") }

// integers computes with integers of any size, rounding down as Python does.
func integers(op string, a, b *big.Int) (Value, error) {
	n := new(big.Int)
	switch op {
	case "+":
		n.Add(a, b)
	case "-":
		n.Sub(a, b)
	case "*":
		n.Mul(a, b)
	case "**":
		if b.Sign() < 0 {
			f, _ := new(big.Float).SetInt(a).Float64()
			g, _ := new(big.Float).SetInt(b).Float64()
			return floats(op, f, g)
		}
		if !b.IsInt64() || a.BitLen() > 1 && int64(a.BitLen()-1)*b.Int64() > maxBits || b.Int64() > 1<<30 {
			return nil, limit("an integer of more than %d bits", maxBits)
		}
		n.Exp(a, b, nil)
	default:
		if b.Sign() == 0 {
			return nil, zeroError()
		}
		if op == "/" {
			f, _ := new(big.Rat).SetFrac(a, b).Float64()
			if a.Sign() == 0 && b.Sign() < 0 {
				f = math.Copysign(0, -1)
			}
			return f, nil
		}
		m := new(big.Int)
		n.DivMod(a, b, m) // the remainder is not negative
		if b.Sign() < 0 && m.Sign() != 0 {
			n.Sub(n, big.NewInt(1))
			m.Add(m, b)
		}
		if op == "%" {
			n = m
		}
	}
	return normalInt(n)
}

func floats(op string, f, g float64) (Value, error) {
	switch op {
	case "+":
		return f + g, nil
	case "-":
		return f - g, nil
	case "*":
		return f * g, nil
	case "**":
		if f == 0 && g < 0 {
			return nil, zeroError()
		}
		if f < 0 && g != math.Trunc(g) {
			return nil, raise("** of a negative number and a fraction is no real number")
		}
		p := math.Pow(f, g)
		if math.IsInf(p, 0) && !math.IsInf(f, 0) && !math.IsInf(g, 0) {
			return nil, raise("** is out of range")
		}
		return p, nil
	}
	if g == 0 {
		return nil, zeroError()
	}
	switch op {
	case "/":
		return f / g, nil
	case "//":
		return math.Floor(f / g), nil
	}
	m := math.Mod(f, g)
	if m == 0 {
		m = math.Copysign(0, g)
	} else if (m < 0) != (g < 0) {
		m += g
	}
	return m, nil
}

// compare is x op y for comparisons and in.
func (e *env) compare(op string, x, y Value) (bool, error) {
	switch op {
	case "==", "!=":
		same, err := e.equal(x, y, 0)
		return same == (op == "=="), err
	case "in", "not in":
		has, err := e.contains(y, x)
		return has == (op == "in"), err
	}
	c, ok, err := e.order(x, y, 0)
	if err == nil && !ok {
		err = operandError(op, x, y)
	}
	switch op {
	case "<":
		return c < 0, err
	case "<=":
		return c <= 0, err
	case ">":
		return c > 0, err
	}
	return c >= 0, err
}

// equal compares as Python does: numbers by value, lists and dicts by their elements.
func (e *env) equal(x, y Value, depth int) (bool, error) {
	if err := e.spend(costItem); err != nil {
		return false, err
	}
	if depth > maxDepth {
		return false, limit("a value is nested more than %d deep", maxDepth)
	}
	if a, ok := bigInt(x); ok {
		if b, ok := bigInt(y); ok {
			return a.Cmp(b) == 0, nil
		}
	}
	if f, ok := float(x); ok {
		g, both := float(y)
		return both && f == g, nil
	}
	if s, ok := text(x); ok {
		t, both := text(y)
		if !both || len(s) != len(t) {
			return false, nil
		}
		return s == t, e.spend(len(s) / 8)
	}
	switch a := x.(type) {
	case nil:
		return y == nil, nil
	case Undefined:
		_, both := y.(Undefined)
		return both, nil
	case *List:
		b, ok := y.(*List)
		if a.kind == generator {
			return a == b, nil
		}
		if !ok || typeName(a) != typeName(b) || len(a.Items) != len(b.Items) {
			return false, nil
		}
		for i := range a.Items {
			if same, err := e.equal(a.Items[i], b.Items[i], depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	case *Dict:
		b, ok := y.(*Dict)
		if !ok || a.Len() != b.Len() {
			return false, nil
		}
		for i, k := range a.keys {
			v, ok := b.Get(k)
			if !ok {
				return false, nil
			}
			if same, err := e.equal(a.vals[i], v, depth+1); err != nil || !same {
				return false, err
			}
		}
		return true, nil
	}
	return x == y, nil // functions and namespaces are pointers
}

// order compares numbers, strings, lists or tuples; false when they have no order.
func (e *env) order(x, y Value, depth int) (c int, ok bool, err error) {
	if err := e.spend(costItem); err != nil {
		return 0, false, err
	}
	if a, ok := bigInt(x); ok {
		if b, ok := bigInt(y); ok {
			return a.Cmp(b), true, nil
		}
	}
	if f, ok := float(x); ok {
		g, both := float(y)
		return cmp.Compare(f, g), both, nil
	}
	if s, ok := text(x); ok {
		t, both := text(y)
		return strings.Compare(s, t), both, e.spend(min(len(s), len(t)) / 8)
	}
	a, okA := x.(*List)
	b, okB := y.(*List)
	if !okA || !okB || a.Tuple != b.Tuple || !a.plain() || !b.plain() || depth > maxDepth {
		return 0, false, nil
	}
	for i := range min(len(a.Items), len(b.Items)) {
		same, err := e.equal(a.Items[i], b.Items[i], depth+1)
		if err != nil {
			return 0, false, err
		}
		if !same {
			return e.order(a.Items[i], b.Items[i], depth+1)
		}
	}
	return cmp.Compare(len(a.Items), len(b.Items)), true, nil
}

// contains is item in container.
func (e *env) contains(container, item Value) (bool, error) {
	switch x := container.(type) {
	case *List:
		items, err := e.elements(x)
		if err != nil {
			return false, err
		}
		for _, v := range items {
			if same, err := e.equal(v, item, 0); err != nil || same {
				return same, err
			}
		}
		return false, nil
	case *Dict:
		if _, ok := hash(item); !ok {
			return false, raise("%s cannot be a key", typeName(item))
		}
		_, has := x.Get(item)
		return has, e.spend(costItem)
	case Undefined:
		return false, nil
	}
	if s, ok := text(container); ok {
		if t, ok := text(item); ok {
			return strings.Contains(s, t), e.spend(len(s))
		}
		if u, ok := item.(Undefined); ok {
			return false, undefinedError(u)
		}
		return false, raise("in a str only a str can be found, not %s", typeName(item))
	}
	return false, raise("%s is not iterable", typeName(container))
}

// charAt returns the character at an index, which counts from the end when negative.
func charAt(s string, i int64) (string, bool) {
	n := int64(utf8.RuneCountInString(s))
	if i < 0 {
		i += n
	}
	if i < 0 || i >= n {
		return "", false
	}
	if n == int64(len(s)) {
		return s[i : i+1], true
	}
	for _, r := range s {
		if i == 0 {
			return string(r), true
		}
		i--
	}
	return "", false
}

// slice is v[start:stop:step]; nil bounds are left out.
func (e *env) slice(v Value, bounds [3]*int64) (Value, error) {
	var runes []rune
	n := 0
	l, isList := v.(*List)
	isList = isList && l.kind != generator
	s, isText := text(v)
	switch {
	case isList:
		n = len(l.Items)
	case isText:
		if err := e.make(len(s)); err != nil {
			return nil, err
		}
		runes = []rune(s)
		n = len(runes)
	default:
		if u, ok := v.(Undefined); ok {
			return nil, undefinedError(u)
		}
		return nil, raise("%s cannot be sliced", typeName(v))
	}
	start, stop, step, err := clip(n, bounds)
	if err != nil {
		return nil, err
	}
	count := 0
	if step > 0 && stop > start {
		count = (stop - start + step - 1) / step
	} else if step < 0 && start > stop {
		count = (start - stop - step - 1) / -step
	}
	if isText {
		var b strings.Builder
		for i := range count {
			b.WriteRune(runes[start+i*step])
		}
		return e.budget.str(b.String())
	}
	if err := e.items(count); err != nil {
		return nil, err
	}
	out := make([]Value, count)
	for i := range count {
		out[i] = l.Items[start+i*step]
	}
	return &List{Items: out, Tuple: l.Tuple}, nil
}

// clip turns the bounds of a slice of n elements into indices, as Python's slice.indices does.
func clip(n int, bounds [3]*int64) (start, stop, step int, err error) {
	step = 1
	if bounds[2] != nil {
		if *bounds[2] == 0 {
			return 0, 0, 0, raise("the step of a slice is zero")
		}
		step = int(max(int64(-n-1), min(*bounds[2], int64(n+1))))
	}
	low, high := 0, n
	if step < 0 {
		low, high = -1, n-1
	}
	index := func(b *int64, def int) int {
		if b == nil {
			return def
		}
		i := *b
		if i < 0 {
			i += int64(n)
		}
		return int(max(int64(low), min(i, int64(high))))
	}
	if step < 0 {
		return index(bounds[0], high), index(bounds[1], low), step, nil
	}
	return index(bounds[0], low), index(bounds[1], high), step, nil
}
