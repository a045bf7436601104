package jinja

import (
	"fmt"
	"strings"
	"time"
)

var globals map[string]Value

func init() {
	globals = map[string]Value{}
	for name, f := range map[string]func(e *env, a args) (Value, error){
		"range": numbers, "dict": makeDict, "namespace": makeNamespace, "joiner": makeJoiner, "cycler": makeCycler,
		"raise_exception": raiseException, "strftime_now": now,
		"self":   func(*env, args) (Value, error) { return nil, raise("self is not supported") },
		"lipsum": func(*env, args) (Value, error) { return nil, raise("lipsum is not supported") },
	} {
		globals[name] = &Func{name, f}
	}
}

// numbers is range, whose length is bounded.
func numbers(e *env, a args) (Value, error) {
	var n [3]int64
	for i, v := range a.pos {
		x, ok := integer(v)
		if i > 2 || !ok {
			return nil, raise("range: want one to three integers")
		}
		n[i] = x
	}
	start, stop, step := n[0], n[1], int64(1)
	switch len(a.pos) {
	case 0:
		return nil, raise("range: want one to three integers")
	case 1:
		start, stop = 0, n[0]
	case 3:
		step = n[2]
	}
	if step == 0 {
		return nil, raise("range: the step is zero")
	}
	items := []Value{}
	for i := start; step > 0 && i < stop || step < 0 && i > stop; i += step {
		if len(items) >= maxRange {
			return nil, limit("a range of more than %d numbers", maxRange)
		}
		items = append(items, i)
		if (i+step > i) != (step > 0) {
			break // past the largest integer
		}
	}
	kind := fmt.Sprintf("range(%d, %d)", start, stop)
	if step != 1 {
		kind = fmt.Sprintf("range(%d, %d, %d)", start, stop, step)
	}
	return &List{Items: items, kind: kind}, e.items(len(items))
}

// members is dict and namespace: a mapping or pairs, then what has names.
func (e *env) members(a args) (*Dict, error) {
	d := NewDict()
	if len(a.pos) > 1 {
		return nil, raise("want at most one mapping, got %d", len(a.pos))
	}
	if len(a.pos) == 1 {
		switch x := a.pos[0].(type) {
		case *Dict:
			d = x.clone()
		default:
			list, err := e.elements(x)
			if err != nil {
				return nil, err
			}
			for _, p := range list {
				pair, ok := p.(*List)
				if !ok || len(pair.Items) != 2 || !d.Set(pair.Items[0], pair.Items[1]) {
					return nil, raise("want pairs of a key and a value")
				}
			}
		}
	}
	for i, n := range a.names {
		d.Set(n, a.named[i])
	}
	return d, e.items(3 * d.Len())
}

func makeDict(e *env, a args) (Value, error) {
	d, err := e.members(a)
	return d, err
}

func makeNamespace(e *env, a args) (Value, error) {
	d, err := e.members(a)
	return &Namespace{d}, err
}

// makeJoiner makes a function that gives nothing at first and the separator from then on.
func makeJoiner(e *env, a args) (Value, error) {
	sep, err := a.str(0, "sep", ", ")
	if err != nil {
		return nil, err
	}
	used := false
	return &Func{"joiner", func(*env, args) (Value, error) {
		if !used {
			used = true
			return "", nil
		}
		return sep, nil
	}}, e.items(1)
}

// cycler goes round its items.
type cycler struct {
	items []Value
	pos   int
}

func makeCycler(e *env, a args) (Value, error) {
	if len(a.pos) == 0 {
		return nil, raise("cycler: want at least one item")
	}
	return &cycler{items: a.pos}, e.items(1)
}

func (c *cycler) attr(name string) Value {
	switch name {
	case "current":
		return c.items[c.pos]
	case "next":
		return &Func{"next", func(*env, args) (Value, error) {
			v := c.items[c.pos]
			c.pos = (c.pos + 1) % len(c.items)
			return v, nil
		}}
	case "reset":
		return &Func{"reset", func(*env, args) (Value, error) {
			c.pos = 0
			return nil, nil
		}}
	}
	return Undefined{"cycler has no such member"}
}

// maxMessage bounds a template's own error message.
const maxMessage = 1000

// raiseException ends the rendering with the template's own message.
func raiseException(e *env, a args) (Value, error) {
	s, err := e.str(firstOf(a.pos))
	if err != nil {
		return nil, err
	}
	if len(s) > maxMessage {
		s = strings.ToValidUTF8(s[:maxMessage], "") + "..."
	}
	return nil, &Error{Kind: ErrRender, Message: s, at: -1}
}

// dateFormats are strftime's directives in terms of Go's reference time (Python's time.strftime).
var dateFormats = map[byte]string{
	'Y': "2006", 'y': "06", 'm': "01", 'd': "02", 'e': "_2", 'H': "15", 'I': "03", 'M': "04", 'S': "05", 'B': "January", 'b': "Jan",
	'h': "Jan", 'A': "Monday", 'a': "Mon", 'p': "PM", 'Z': "MST", 'z': "-0700", 'j': "002", 'F': "2006-01-02", 'T': "15:04:05",
	'D': "01/02/06", 'R': "15:04",
}

// now is strftime_now(format).
func now(e *env, a args) (Value, error) {
	format, err := a.str(0, "format", "%Y-%m-%d")
	if err != nil {
		return nil, err
	}
	if len(format) > maxMessage {
		return nil, limit("strftime_now: a format of %d bytes, want at most %d", len(format), maxMessage)
	}
	at := time.Now()
	var out strings.Builder
	for i := 0; i < len(format); i++ {
		if format[i] != '%' || i+1 == len(format) {
			out.WriteByte(format[i])
			continue
		}
		i++
		if format[i] == '-' && i+1 < len(format) { // without leading zeros
			i++
			out.WriteString(strings.TrimLeft(at.Format(dateFormats[format[i]]), "0"))
			continue
		}
		switch layout := dateFormats[format[i]]; {
		case layout != "":
			out.WriteString(at.Format(layout))
		case format[i] == '%':
			out.WriteByte('%')
		default:
			out.WriteString("%" + string(format[i]))
		}
	}
	return e.budget.str(out.String())
}
