package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"
)

// printf is format % values, Python's printf-style formatting: %[(name)][flags][width][.precision]conversion. A tuple
// gives its elements one after another, a dict its members by name, anything else itself.
func (e *env) printf(format string, values Value) (Value, error) {
	list := []Value{values}
	if l, ok := values.(*List); ok && l.Tuple {
		list = l.Items
	}
	d, isDict := values.(*Dict)
	members := isDict // values that may go unused: those Python takes for mappings
	switch x := values.(type) {
	case *List:
		members = !x.Tuple
	case Undefined:
		members = true
	}
	var w writer
	for s := format; s != ""; {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			w.add(s)
			break
		}
		w.add(s[:i])
		c, rest, err := parseConversion(s[i+1:])
		if err != nil {
			return nil, err
		}
		s = rest
		if c.verb == '%' {
			w.add("%")
			continue
		}
		var v Value
		switch {
		case c.named:
			if !isDict {
				return nil, raise("%%: a format with names wants a dict")
			}
			var ok bool
			if v, ok = d.Get(c.name); !ok {
				return nil, raise("%%: the dict has no key %.40q", c.name)
			}
		case len(list) == 0:
			return nil, raise("%%: not enough values for %.40q", format)
		default:
			v, list = list[0], list[1:]
		}
		t, err := e.convert(&c, v)
		if err != nil {
			return nil, err
		}
		if w.add(t); w.err != nil {
			return nil, w.err
		}
	}
	if len(list) > 0 && !members {
		return nil, raise("%%: not all values are used by %.40q", format)
	}
	if w.err != nil {
		return nil, w.err
	}
	return e.budget.str(w.out.String())
}

// conversion is one % in a format.
type conversion struct {
	named     bool
	name      string
	flags     string
	width     int
	precision int // -1 for none
	verb      rune
}

func parseConversion(s string) (c conversion, rest string, err error) {
	c.precision = -1
	if strings.HasPrefix(s, "(") {
		end := strings.IndexByte(s, ')')
		if end < 0 {
			return c, s, raise("%%: no closing parenthesis in %.40q", s)
		}
		c.named, c.name, s = true, s[1:end], s[end+1:]
	}
	n := 0
	for n < len(s) && strings.IndexByte("-+ 0#", s[n]) >= 0 {
		n++
	}
	c.flags, s = s[:n], s[n:]
	c.width, s = leadingNumber(s)
	if strings.HasPrefix(s, ".") {
		c.precision, s = leadingNumber(s[1:])
	}
	if c.width > maxWidth || c.precision > maxWidth || s == "" {
		return c, s, raise("%%: a conversion that is not finished or wider than %d", maxWidth)
	}
	s = strings.TrimLeft(s, "hlL") // sizes, which mean nothing
	verb, n := utf8.DecodeRuneInString(s)
	c.verb = verb
	return c, s[n:], nil
}

// leadingNumber takes digits off s; large numbers become maxWidth+1.
func leadingNumber(s string) (int, string) {
	n, i := 0, 0
	for i < len(s) && isDecimal(s[i]) {
		n = min(n*10+int(s[i]-'0'), maxWidth+1)
		i++
	}
	return n, s[i:]
}

func (e *env) convert(c *conversion, v Value) (string, error) {
	spec := "%" + c.flags
	if c.width > 0 {
		spec += strconv.Itoa(c.width)
	}
	precision := ""
	if c.precision >= 0 {
		precision = "." + strconv.Itoa(c.precision)
	}
	f, isNumber := float(v)
	n, isInteger := bigInt(v)
	switch {
	case c.verb == 's' || c.verb == 'r' || c.verb == 'a':
		show := e.str
		if c.verb != 's' {
			show = e.repr
		}
		s, err := show(v)
		return fmt.Sprintf(stringSpec(c)+precision+"s", s), err
	case c.verb == 'c':
		if s, ok := text(v); ok && utf8.RuneCountInString(s) == 1 {
			return fmt.Sprintf(stringSpec(c)+"s", s), nil
		}
		if isInteger && n.IsInt64() && n.Int64() >= 0 && n.Int64() <= utf8.MaxRune {
			return fmt.Sprintf(stringSpec(c)+"s", string(rune(n.Int64()))), nil
		}
	case !isNumber:
		return "", raise("%%%c of %s, want a number", c.verb, typeName(v))
	case c.verb == 'd' || c.verb == 'i' || c.verb == 'u':
		if !isInteger {
			if math.IsNaN(f) || math.IsInf(f, 0) {
				return "", raise("%%%c of %v, which is no integer", c.verb, f)
			}
			n, _ = big.NewFloat(f).Int(nil) // Python's integers have no end
		}
		return fmt.Sprintf(spec+precision+"d", n), nil
	case strings.ContainsRune("xXo", c.verb) && isInteger:
		if strings.Contains(c.flags, "#") && c.verb == 'o' {
			return fmt.Sprintf(strings.Replace(spec, "#", "", 1)+precision+"O", n), nil // 0o
		}
		return fmt.Sprintf(spec+precision+string(c.verb), n), nil
	case strings.ContainsRune("fFeEgG", c.verb):
		if precision == "" {
			precision = ".6"
		}
		return fmt.Sprintf(spec+precision+string(c.verb), f), nil
	}
	return "", raise("%%%c of %s is not supported", c.verb, typeName(v))
}

// stringSpec is the beginning of a conversion of a string: Go pads strings with zeros, Python does not.
func stringSpec(c *conversion) string {
	spec := "%"
	if strings.Contains(c.flags, "-") {
		spec += "-"
	}
	if c.width > 0 {
		spec += strconv.Itoa(c.width)
	}
	return spec
}

// formatFilter is format(values...) of a printf-style format.
func formatFilter(e *env, v Value, a args) (Value, error) {
	s, err := e.str(v)
	if err != nil {
		return nil, err
	}
	if len(a.names) > 0 {
		if len(a.pos) > 0 {
			return nil, raise("format: values with and without names")
		}
		d := NewDict()
		for i, n := range a.names {
			d.Set(n, a.named[i])
		}
		return e.printf(s, d)
	}
	return e.printf(s, tuple(a.pos...))
}

// formatMap is str.format_map: format with the members of a dict as named values.
func formatMap(e *env, v Value, a args) (Value, error) {
	m, _ := a.get(0, "mapping")
	d, ok := m.(*Dict)
	if !ok {
		return nil, raise("format_map: %s is no mapping", typeName(m))
	}
	var named args
	for i, k := range d.keys {
		if s, ok := text(k); ok {
			named.names, named.named = append(named.names, s), append(named.named, d.vals[i])
		}
	}
	return formatMethod(e, v, named)
}

// formatMethod is str.format: {} {0} {name} with .members, [keys], !conversions and :specifications.
func formatMethod(e *env, v Value, a args) (Value, error) {
	s, _ := text(v)
	f := &formatter{e: e, args: a}
	out, err := f.expand(s, 0)
	if err != nil {
		return nil, err
	}
	return e.budget.str(out)
}

type formatter struct {
	e      *env
	args   args
	next   int  // automatic numbering
	manual bool // explicit numbering was used
}

func (f *formatter) expand(s string, depth int) (string, error) {
	if depth > 2 {
		return "", raise("format: fields within fields within fields")
	}
	var w writer
	for s != "" {
		i := strings.IndexAny(s, "{}")
		if i < 0 {
			w.add(s)
			break
		}
		w.add(s[:i])
		if s = s[i:]; len(s) > 1 && s[1] == s[0] { // {{ and }} stand for themselves
			w.add(s[:1])
			s = s[2:]
			continue
		}
		end := fieldEnd(s)
		if s[0] == '}' || end < 0 {
			return "", raise("format: a single brace")
		}
		t, err := f.field(s[1:end], depth)
		if err != nil {
			return "", err
		}
		if w.add(t); w.err != nil {
			return "", w.err
		}
		s = s[end+1:]
	}
	return w.out.String(), w.err
}

// fieldEnd returns the index of the brace that closes the one s begins with.
func fieldEnd(s string) int {
	depth := 0
	for i := range len(s) {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// field formats one field: name!conversion:specification.
func (f *formatter) field(s string, depth int) (string, error) {
	name, spec, _ := strings.Cut(s, ":")
	name, conv, hasConv := strings.Cut(name, "!")
	v, err := f.value(name)
	if err != nil {
		return "", err
	}
	switch {
	case !hasConv:
	case conv == "r" || conv == "a":
		if v, err = f.e.repr(v); err != nil {
			return "", err
		}
	case conv == "s":
		if v, err = f.e.str(v); err != nil {
			return "", err
		}
	default:
		return "", raise("format: conversion %.10q, want s, r or a", conv)
	}
	if strings.ContainsAny(spec, "{}") {
		if spec, err = f.expand(spec, depth+1); err != nil {
			return "", err
		}
	}
	return f.e.formatValue(v, spec)
}

// value looks a field's name up: a number or a name, then .members and [keys].
func (f *formatter) value(name string) (Value, error) {
	i := strings.IndexAny(name, ".[")
	if i < 0 {
		i = len(name)
	}
	head, rest := name[:i], name[i:]
	n, err := strconv.Atoi(head)
	switch {
	case head == "":
		if f.manual {
			return nil, raise("format: fields with and without numbers")
		}
		n, err = f.next, nil
		f.next++
	case err == nil:
		if f.next > 0 {
			return nil, raise("format: fields with and without numbers")
		}
		f.manual = true
	}
	var v Value
	if err == nil {
		if n < 0 || n >= len(f.args.pos) {
			return nil, raise("format: no argument %d", n)
		}
		v = f.args.pos[n]
	} else {
		var ok bool
		if v, ok = f.args.get(-1, head); !ok {
			return nil, raise("format: no argument %.40q", head)
		}
	}
	for rest != "" {
		if rest[0] == '.' {
			end := strings.IndexAny(rest[1:], ".[")
			if end < 0 {
				end = len(rest) - 1
			}
			if v, err = f.e.attr(v, rest[1:1+end]); err != nil {
				return nil, err
			}
			rest = rest[1+end:]
			continue
		}
		end := strings.IndexByte(rest, ']')
		if end < 0 {
			return nil, raise("format: no ] in %.40q", name)
		}
		var key Value = rest[1:end]
		if k, err := strconv.ParseInt(rest[1:end], 10, 64); err == nil {
			key = k
		}
		if v, err = f.e.item(v, key); err != nil {
			return nil, err
		}
		rest = rest[end+1:]
	}
	return v, nil
}

// formatSpec is Python's format specification: [[fill]align][sign][#][0][width][grouping][.precision][type].
type formatSpec struct {
	fill      string
	align     byte // < > = ^, 0 for the type's own
	sign      byte // + - space, 0 for -
	alternate bool
	width     int
	grouping  string
	precision int // -1 for none
	verb      byte
}

func parseSpec(s string) (f formatSpec, err error) {
	f.fill, f.precision = " ", -1
	if r, n := utf8.DecodeRuneInString(s); n > 0 && n < len(s) && strings.IndexByte("<>=^", s[n]) >= 0 {
		f.fill, f.align, s = string(r), s[n], s[n+1:]
	} else if s != "" && strings.IndexByte("<>=^", s[0]) >= 0 {
		f.align, s = s[0], s[1:]
	}
	if s != "" && strings.IndexByte("+- ", s[0]) >= 0 {
		f.sign, s = s[0], s[1:]
	}
	if strings.HasPrefix(s, "#") {
		f.alternate, s = true, s[1:]
	}
	if strings.HasPrefix(s, "0") {
		if s = s[1:]; f.align == 0 {
			f.fill, f.align = "0", '='
		}
	}
	f.width, s = leadingNumber(s)
	if s != "" && (s[0] == ',' || s[0] == '_') {
		f.grouping, s = s[:1], s[1:]
	}
	if strings.HasPrefix(s, ".") {
		if len(s) < 2 || !isDecimal(s[1]) {
			return f, raise("format: a point without a precision")
		}
		f.precision, s = leadingNumber(s[1:])
	}
	if len(s) == 1 {
		f.verb, s = s[0], ""
	}
	if s != "" || f.width > maxWidth || f.precision > maxWidth {
		return f, raise("format: a specification that is not known or wider than %d", maxWidth)
	}
	return f, nil
}

// formatValue is format(v, spec).
func (e *env) formatValue(v Value, spec string) (string, error) {
	if spec == "" {
		return e.str(v)
	}
	f, err := parseSpec(spec)
	if err != nil {
		return "", err
	}
	if s, ok := text(v); ok {
		if f.verb != 0 && f.verb != 's' || f.align == '=' && f.fill != "0" || f.sign != 0 || f.grouping != "" {
			return "", raise("format: specification %.40q does not suit a str", spec)
		}
		if f.precision >= 0 && f.precision < utf8.RuneCountInString(s) {
			s = string([]rune(s)[:f.precision])
		}
		if f.align == 0 || f.align == '=' {
			f.align = '<'
		}
		return f.pad("", s), nil
	}
	n, isInteger := bigInt(v)
	x, isNumber := float(v)
	switch {
	case !isNumber:
		return "", raise("format: specification %.40q does not suit %s", spec, typeName(v))
	case isInteger && strings.IndexByte("\x00dbcoxXn", f.verb) >= 0:
		return f.integer(n)
	case strings.IndexByte("\x00eEfFgG%n", f.verb) >= 0:
		return f.float(x, isInteger)
	}
	return "", raise("format: specification %.40q does not suit %s", spec, typeName(v))
}

func (f *formatSpec) integer(n *big.Int) (string, error) {
	if f.precision >= 0 {
		return "", raise("format: an integer has no precision")
	}
	abs := new(big.Int).Abs(n)
	digits, group := "", 3
	prefix := ""
	switch f.verb {
	case 'b':
		digits, prefix, group = abs.Text(2), "0b", 4
	case 'o':
		digits, prefix, group = abs.Text(8), "0o", 4
	case 'x':
		digits, prefix, group = abs.Text(16), "0x", 4
	case 'X':
		digits, prefix, group = strings.ToUpper(abs.Text(16)), "0X", 4
	case 'c':
		if !n.IsInt64() || n.Int64() < 0 || n.Int64() > utf8.MaxRune {
			return "", raise("format: %v is no character", n)
		}
		return f.pad("", string(rune(n.Int64()))), nil
	default:
		digits = abs.String()
	}
	if !f.alternate {
		prefix = ""
	}
	return f.number(n.Sign() < 0, prefix, digits, "", group), nil
}

func (f *formatSpec) float(x float64, isInteger bool) (string, error) {
	verb, precision := f.verb, f.precision
	percent := verb == '%'
	if percent {
		verb, x = 'f', 100*x
	}
	abs := math.Abs(x)
	var s string
	switch {
	case math.IsNaN(x) || math.IsInf(x, 0):
		s = strings.TrimPrefix(floatRepr(abs), "-")
	case verb == 0 && precision < 0:
		s = floatRepr(abs)
	default:
		if verb == 'n' || verb == 0 {
			verb = 'g'
		}
		if precision < 0 {
			precision = 6
		}
		if verb == 'F' {
			verb = 'f'
		}
		if verb|0x20 == 'g' {
			precision = max(precision, 1)
		}
		s = strconv.FormatFloat(abs, verb, precision, 64)
		if f.verb == 0 && !isInteger && abs >= math.Pow(10, float64(precision-1)) { // without a type one digit stays behind the point
			s = strconv.FormatFloat(abs, 'e', precision-1, 64)
			mantissa, power, _ := strings.Cut(s, "e")
			if strings.Contains(mantissa, ".") {
				mantissa = strings.TrimRight(strings.TrimRight(mantissa, "0"), ".")
			}
			s = mantissa + "e" + power
		}
		if f.verb == 0 && !strings.ContainsAny(s, ".e") && !isInteger {
			s += ".0"
		}
	}
	whole, rest := s, ""
	if i := strings.IndexAny(s, ".eE"); i >= 0 {
		whole, rest = s[:i], s[i:]
	}
	if percent {
		rest += "%"
	}
	return f.number(math.Signbit(x) && !math.IsNaN(x), "", whole, rest, 3), nil
}

// grouped puts sep between groups of n digits.
func grouped(digits, sep string, n int) string {
	if sep == "" {
		return digits
	}
	var parts []string
	for len(digits) > n {
		parts = append([]string{digits[len(digits)-n:]}, parts...)
		digits = digits[:len(digits)-n]
	}
	return strings.Join(append([]string{digits}, parts...), sep)
}

// number lays out digits in groups of n, with what stands behind them. Zeros that fill up to the width are grouped too.
func (f *formatSpec) number(negative bool, prefix, whole, rest string, n int) string {
	sign := ""
	switch {
	case negative:
		sign = "-"
	case f.sign == '+' || f.sign == ' ':
		sign = string(f.sign)
	}
	if f.align == 0 {
		f.align = '>'
	}
	digits := grouped(whole, f.grouping, n) + rest
	for f.grouping != "" && f.fill == "0" && f.align == '=' && len(sign)+len(prefix)+len(digits) < f.width {
		whole = "0" + whole
		digits = grouped(whole, f.grouping, n) + rest
	}
	return f.pad(sign+prefix, digits)
}

// pad fills up to the width; head is a sign, which = keeps in front of the fill.
func (f *formatSpec) pad(head, s string) string {
	n := f.width - utf8.RuneCountInString(head) - utf8.RuneCountInString(s)
	if n <= 0 {
		return head + s
	}
	fill := func(n int) string { return strings.Repeat(f.fill, n) }
	switch f.align {
	case '<':
		return head + s + fill(n)
	case '^':
		return fill(n/2) + head + s + fill(n-n/2)
	case '=':
		return head + fill(n) + s
	}
	return fill(n) + head + s
}
