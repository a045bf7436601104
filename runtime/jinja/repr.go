package jinja

import (
	"fmt"
	"math"
	"math/big"
	"strconv"
	"strings"
	"unicode"
)

// writer collects a text of bounded length.
type writer struct {
	out strings.Builder
	err error
}

func (w *writer) add(s string) {
	if w.err == nil && w.out.Len()+len(s) > maxValue {
		w.err = limit("a value of more than %d bytes", maxValue)
	}
	if w.err == nil {
		w.out.WriteString(s)
	}
}

// str is str(v): how a value prints.
func (e *env) str(v Value) (string, error) {
	if s, ok := text(v); ok {
		return s, nil
	}
	if _, ok := v.(Undefined); ok {
		return "", nil
	}
	return e.repr(v)
}

// repr is repr(v).
func (e *env) repr(v Value) (string, error) {
	var w writer
	w.repr(v, 0)
	if w.err != nil {
		return "", w.err
	}
	return w.out.String(), e.make(w.out.Len())
}

func (w *writer) repr(v Value, depth int) {
	if depth > maxDepth && w.err == nil {
		w.err = limit("a value is nested more than %d deep", maxDepth)
	}
	if w.err != nil {
		return
	}
	switch x := v.(type) {
	case nil:
		w.add("None")
	case bool:
		w.add(map[bool]string{true: "True", false: "False"}[x])
	case int64:
		w.add(strconv.FormatInt(x, 10))
	case *big.Int:
		w.add(x.String())
	case float64:
		w.add(floatRepr(x))
	case string:
		w.quote(x)
	case Markup:
		w.add("Markup(")
		w.quote(string(x))
		w.add(")")
	case *List:
		open, end := "[", "]"
		switch {
		case x.plain():
		case x.kind == generator:
			w.add("<generator object>")
			return
		case strings.HasPrefix(x.kind, "range"):
			w.add(x.kind)
			return
		default:
			open, end = x.kind+"([", "])"
		}
		if x.Tuple {
			open, end = "(", ")"
			if len(x.Items) == 1 {
				end = ",)"
			}
		}
		w.add(open)
		for i, item := range x.Items {
			if i > 0 {
				w.add(", ")
			}
			if w.repr(item, depth+1); w.err != nil {
				return
			}
		}
		w.add(end)
	case *Dict:
		w.dict(x, depth)
	case *Namespace:
		w.add("<Namespace ")
		w.dict(x.members, depth+1)
		w.add(">")
	case Undefined:
		w.add("Undefined")
	case *Func:
		w.add("<function " + x.Name + ">")
	}
}

func (w *writer) dict(d *Dict, depth int) {
	w.add("{")
	for i, k := range d.keys {
		if i > 0 {
			w.add(", ")
		}
		w.repr(k, depth+1)
		w.add(": ")
		if w.repr(d.vals[i], depth+1); w.err != nil {
			return
		}
	}
	w.add("}")
}

// quote writes a string as Python's repr does: in single quotes unless it has those and no double ones.
func (w *writer) quote(s string) {
	quote := '\''
	if strings.Contains(s, "'") && !strings.Contains(s, `"`) {
		quote = '"'
	}
	w.add(string(quote))
	var b strings.Builder
	for _, r := range s {
		switch {
		case r == quote || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r < ' ' || r == 0x7f:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x80 || unicode.IsPrint(r):
			b.WriteRune(r)
		case r < 0x100:
			fmt.Fprintf(&b, `\x%02x`, r)
		case r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		default:
			fmt.Fprintf(&b, `\U%08x`, r)
		}
		if b.Len() > 4096 {
			w.add(b.String())
			b.Reset()
		}
	}
	w.add(b.String() + string(quote))
}

// floatRepr is repr of a float: the shortest digits that read back as it, with a point or an exponent.
func floatRepr(f float64) string {
	switch {
	case math.IsNaN(f):
		return "nan"
	case math.IsInf(f, 1):
		return "inf"
	case math.IsInf(f, -1):
		return "-inf"
	}
	if a := math.Abs(f); a != 0 && (a < 1e-4 || a >= 1e16) {
		return strconv.FormatFloat(f, 'e', -1, 64)
	}
	s := strconv.FormatFloat(f, 'f', -1, 64)
	if !strings.Contains(s, ".") {
		s += ".0"
	}
	return s
}
