package chat

import (
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"

	"github.com/ardanlabs/jinja"
)

// jsonWriter writes values the way Python's json module does.
type jsonWriter struct {
	out       strings.Builder
	item, key string // separators
	indent    string
	indented  bool
	sorted    bool
	ascii     bool
}

func (w *jsonWriter) value(v jinja.Value, depth int) error {
	if depth > maxDepth || w.out.Len() > maxValue {
		return errJSON
	}
	switch {
	case v.IsString():
		w.string(v.AsString())
	case v.IsBool():
		w.out.WriteString(strconv.FormatBool(v.AsBool()))
	case v.IsInt():
		w.out.WriteString(strconv.FormatInt(v.AsInt(), 10))
	case v.IsFloat():
		f := v.AsFloat()
		if math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("tojson: %v is no JSON number", f)
		}
		w.out.WriteString(pythonFloat(f))
	case v.IsList():
		items := v.AsList().Items
		return w.nested('[', ']', len(items), depth, func(i int) error { return w.value(items[i], depth+1) })
	case v.IsDict():
		keys := v.AsDict().Keys
		if w.sorted {
			keys = slices.Sorted(slices.Values(keys))
		}
		return w.nested('{', '}', len(keys), depth, func(i int) error {
			w.string(keyJSON(keys[i]))
			w.out.WriteString(w.key)
			x, _ := v.AsDict().Get(keys[i])
			return w.value(x, depth+1)
		})
	default:
		w.out.WriteString("null")
	}
	return nil
}

// nested writes n elements between brackets, each on its own line when indented.
func (w *jsonWriter) nested(open, closing byte, n, depth int, element func(i int) error) error {
	w.out.WriteByte(open)
	for i := range n {
		if w.out.Len() > maxValue {
			return errJSON
		}
		if i > 0 {
			w.out.WriteString(w.item)
		}
		w.newline(depth + 1)
		if err := element(i); err != nil {
			return err
		}
	}
	if n > 0 {
		w.newline(depth)
	}
	w.out.WriteByte(closing)
	return nil
}

func (w *jsonWriter) newline(depth int) {
	if w.indented {
		w.out.WriteByte('\n')
		for range depth {
			w.out.WriteString(w.indent)
		}
	}
}

func (w *jsonWriter) string(s string) {
	const hex = "0123456789abcdef"
	unicode := func(r rune) {
		w.out.WriteString(`\u`)
		for shift := 12; shift >= 0; shift -= 4 {
			w.out.WriteByte(hex[r>>shift&15])
		}
	}
	w.out.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			w.out.WriteByte('\\')
			w.out.WriteByte(byte(r))
		case r == '\n':
			w.out.WriteString(`\n`)
		case r == '\r':
			w.out.WriteString(`\r`)
		case r == '\t':
			w.out.WriteString(`\t`)
		case r == '\b':
			w.out.WriteString(`\b`)
		case r == '\f':
			w.out.WriteString(`\f`)
		case r < ' ' || w.ascii && r > '~' && r < 0x10000:
			unicode(r)
		case w.ascii && r >= 0x10000:
			hi, lo := utf16.EncodeRune(r)
			unicode(hi)
			unicode(lo)
		default:
			w.out.WriteRune(r)
		}
	}
	w.out.WriteByte('"')
}
