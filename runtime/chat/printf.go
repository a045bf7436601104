package chat

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/ardanlabs/jinja"
)

// maxWidth bounds the width and the precision of a conversion.
const maxWidth = 1000

// printf is format % args, Python's printf-style formatting: %[(name)][flags][width][.precision]conversion. A list
// gives its elements one after another, a dict its members by name, anything else itself.
func (b *budget) printf(format string, args jinja.Value) (jinja.Value, error) {
	list := []jinja.Value{args}
	if args.IsList() {
		list = args.AsList().Items
	}
	var out strings.Builder
	for s := format; s != ""; {
		i := strings.IndexByte(s, '%')
		if i < 0 {
			out.WriteString(s)
			break
		}
		out.WriteString(s[:i])
		c, rest, err := parseConversion(s[i+1:])
		if err != nil {
			return args, err
		}
		s = rest
		if c.verb == '%' {
			out.WriteByte('%')
			continue
		}
		var v jinja.Value
		switch {
		case c.named && args.IsDict():
			var ok bool
			if v, ok = args.AsDict().Get(c.name); !ok {
				return args, fmt.Errorf("%%: the mapping has no member %.40q", c.name)
			}
		case len(list) == 0:
			return args, fmt.Errorf("%%: not enough values for %.40q", format)
		default:
			v, list = list[0], list[1:]
		}
		if err := b.whole(v); err != nil {
			return v, err
		}
		t, err := c.format(v)
		if err != nil {
			return v, err
		}
		out.WriteString(t)
		if out.Len() > maxValue {
			return v, b.fail("a value of more than %d bytes", maxValue)
		}
	}
	if len(list) > 0 && !args.IsDict() {
		return args, fmt.Errorf("%%: not all values are used by %.40q", format)
	}
	return b.text(out.String())
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
			return c, s, fmt.Errorf("%%: no closing parenthesis in %.40q", s)
		}
		c.named, c.name, s = true, s[1:end], s[end+1:]
	}
	n := 0
	for n < len(s) && strings.IndexByte("-+ 0#", s[n]) >= 0 {
		n++
	}
	c.flags, s = s[:n], s[n:]
	number := func() int {
		n, k := 0, 0
		for n < len(s) && s[n] >= '0' && s[n] <= '9' {
			k = min(k*10+int(s[n]-'0'), maxWidth+1)
			n++
		}
		s = s[n:]
		return k
	}
	c.width = number()
	if strings.HasPrefix(s, ".") {
		s = s[1:]
		c.precision = number()
	}
	if c.width > maxWidth || c.precision > maxWidth || s == "" {
		return c, s, fmt.Errorf("%%: a conversion that is not finished or wider than %d", maxWidth)
	}
	verb, n := utf8.DecodeRuneInString(s)
	c.verb = verb
	return c, s[n:], nil
}

func (c *conversion) format(v jinja.Value) (string, error) {
	spec := "%" + c.flags
	if c.width > 0 {
		spec += strconv.Itoa(c.width)
	}
	precision := ""
	if c.precision >= 0 {
		precision = "." + strconv.Itoa(c.precision)
	}
	f, isNumber := number(v)
	switch {
	case c.verb == 's':
		return fmt.Sprintf(spec+precision+"s", text(v)), nil
	case c.verb == 'r' || c.verb == 'a':
		var out strings.Builder
		writeRepr(&out, v)
		return fmt.Sprintf(spec+precision+"s", out.String()), nil
	case !isNumber:
		return "", fmt.Errorf("%%%c of %s, want a number", c.verb, typeName(v))
	case c.verb == 'd' || c.verb == 'i' || c.verb == 'u':
		if i, ok := integer(v); ok {
			return fmt.Sprintf(spec+precision+"d", i), nil
		}
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return "", fmt.Errorf("%%%c of %v, which is no integer", c.verb, f)
		}
		i, _ := big.NewFloat(f).Int(nil) // Python's integers have no end
		return fmt.Sprintf(spec+precision+"d", i), nil
	case strings.ContainsRune("xXo", c.verb):
		if i, ok := integer(v); ok {
			return fmt.Sprintf(spec+precision+string(c.verb), i), nil
		}
	case strings.ContainsRune("fFeEgG", c.verb):
		if precision == "" {
			precision = ".6"
		}
		return fmt.Sprintf(spec+precision+string(c.verb), f), nil
	}
	return "", fmt.Errorf("%%%c of %s is not supported", c.verb, typeName(v))
}

// printfFilter is format(args) of a text.
func printfFilter(b *budget, args []jinja.Value, named named) (jinja.Value, error) {
	values := jinja.NewList(args[1:])
	if len(args) == 1 {
		values = jinja.NewDict()
		for k, v := range named {
			values.AsDict().Set(k, v)
		}
	}
	return b.printf(text(args[0]), values)
}
