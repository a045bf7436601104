package jinja

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"math/big"
	"slices"
	"strconv"
	"strings"
	"unicode/utf16"
)

// FromJSON reads JSON into values, keeping the order of keys and the difference between 1 and 1.0.
func FromJSON(raw []byte) (Value, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the JSON value at offset %d", d.InputOffset())
	}
	return v, nil
}

func decodeValue(d *json.Decoder, depth int) (Value, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("JSON is nested more than %d deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	switch x := t.(type) {
	case json.Number:
		s := x.String()
		if strings.ContainsAny(s, ".eE") {
			return x.Float64()
		}
		if n, err := strconv.ParseInt(s, 10, 64); err == nil {
			return n, nil
		}
		if len(s) > 200 {
			return nil, fmt.Errorf("an integer of %d digits", len(s))
		}
		n, _ := new(big.Int).SetString(s, 10) // digits only
		return normalInt(n)
	case json.Delim:
		if x == '[' {
			items := []Value{}
			for d.More() {
				v, err := decodeValue(d, depth+1)
				if err != nil {
					return nil, err
				}
				items = append(items, v)
			}
			_, err := d.Token() // the closing bracket
			return &List{Items: items}, err
		}
		out := NewDict()
		for d.More() {
			k, err := d.Token()
			if err != nil {
				return nil, err
			}
			v, err := decodeValue(d, depth+1)
			if err != nil {
				return nil, err
			}
			out.Set(k, v)
		}
		_, err := d.Token() // the closing brace
		return out, err
	}
	return t, nil // string, bool, nil
}

// fromJSON reads a document, which has some forty bytes of values for each of its own at most.
func fromJSON(e *env, v Value, _ args) (Value, error) {
	s, ok := text(v)
	if !ok {
		return nil, raise("fromjson: %s is no str", typeName(v))
	}
	if err := e.make(40 * len(s)); err != nil {
		return nil, err
	}
	x, err := FromJSON([]byte(s))
	if err != nil {
		return nil, raise("fromjson: %v", err)
	}
	return x, nil
}

// toJSON is json.dumps as transformers sets it up: ensure_ascii off, keys in order.
func toJSON(e *env, v Value, a args) (Value, error) {
	w := jsonWriter{item: ", ", key: ": "}
	if x, ok := a.get(-1, "ensure_ascii"); ok {
		w.ascii = truth(x)
	}
	if x, ok := a.get(0, "indent"); ok && x != nil {
		if s, isText := text(x); isText {
			w.indent = s
		} else if n, isInt := integer(x); isInt {
			w.indent = strings.Repeat(" ", int(max(0, min(n, maxSet))))
		} else {
			return nil, raise("tojson: indent is %s, want an int or a str", typeName(x))
		}
		w.indented, w.item = true, ","
	}
	if x, ok := a.get(-1, "separators"); ok && x != nil {
		l, isList := x.(*List)
		if !isList || len(l.Items) != 2 {
			return nil, raise("tojson: separators want two texts")
		}
		for i, dst := range []*string{&w.item, &w.key} {
			s, ok := text(l.Items[i])
			if !ok {
				return nil, raise("tojson: separators want two texts")
			}
			*dst = s
		}
	}
	w.sorted = a.bool(-1, "sort_keys", false)
	if err := w.value(v, 0); err != nil {
		return nil, err
	}
	if w.out.err != nil {
		return nil, w.out.err
	}
	return e.budget.str(w.out.out.String())
}

type jsonWriter struct {
	out       writer
	item, key string
	indent    string
	indented  bool
	sorted    bool
	ascii     bool
}

func (w *jsonWriter) value(v Value, depth int) error {
	if depth > maxDepth {
		return limit("a value is nested more than %d deep", maxDepth)
	}
	switch x := v.(type) {
	case nil:
		w.out.add("null")
	case bool:
		w.out.add(strconv.FormatBool(x))
	case int64:
		w.out.add(strconv.FormatInt(x, 10))
	case *big.Int:
		w.out.add(x.String())
	case float64:
		w.out.add(map[string]string{"nan": "NaN", "inf": "Infinity", "-inf": "-Infinity"}[floatRepr(x)])
		if f := floatRepr(x); f != "nan" && f != "inf" && f != "-inf" {
			w.out.add(f)
		}
	case string:
		w.str(x)
	case Markup:
		w.str(string(x))
	case *List:
		if !x.plain() {
			return raise("tojson: %s cannot be written as JSON", typeName(x))
		}
		return w.nested("[", "]", len(x.Items), depth, func(i int) error { return w.value(x.Items[i], depth+1) })
	case *Dict:
		return w.dict(x, depth)
	default:
		return raise("tojson: %s is not JSON serializable", typeName(v))
	}
	return w.out.err
}

func (w *jsonWriter) dict(d *Dict, depth int) error {
	order := make([]int, d.Len())
	for i := range order {
		order[i] = i
	}
	names := make([]string, d.Len())
	for i, k := range d.keys {
		switch x := k.(type) {
		case string:
			names[i] = x
		case Markup:
			names[i] = string(x)
		case nil:
			names[i] = "null"
		case bool:
			names[i] = strconv.FormatBool(x)
		case int64:
			names[i] = strconv.FormatInt(x, 10)
		case *big.Int:
			names[i] = x.String()
		case float64:
			names[i] = floatRepr(x)
		default:
			return raise("tojson: a key is %s", typeName(k))
		}
	}
	if w.sorted {
		slices.SortStableFunc(order, func(a, b int) int { return strings.Compare(names[a], names[b]) })
	}
	return w.nested("{", "}", d.Len(), depth, func(i int) error {
		w.str(names[order[i]])
		w.out.add(w.key)
		return w.value(d.vals[order[i]], depth+1)
	})
}

// nested writes n elements between brackets, each on its own line when indented.
func (w *jsonWriter) nested(open, closing string, n, depth int, element func(i int) error) error {
	w.out.add(open)
	for i := range n {
		if i > 0 {
			w.out.add(w.item)
		}
		w.newline(depth + 1)
		if err := element(i); err != nil {
			return err
		}
	}
	if n > 0 {
		w.newline(depth)
	}
	w.out.add(closing)
	return w.out.err
}

func (w *jsonWriter) newline(depth int) {
	if w.indented {
		w.out.add("\n" + strings.Repeat(w.indent, depth))
	}
}

func (w *jsonWriter) str(s string) {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteByte(byte(r))
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\r':
			b.WriteString(`\r`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\b':
			b.WriteString(`\b`)
		case r == '\f':
			b.WriteString(`\f`)
		case r < ' ' || w.ascii && r > '~' && r < 0x10000:
			fmt.Fprintf(&b, `\u%04x`, r)
		case w.ascii && r >= 0x10000:
			hi, lo := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, hi, lo)
		default:
			b.WriteRune(r)
		}
		if b.Len() > 4096 {
			w.out.add(b.String())
			b.Reset()
		}
		if w.out.err != nil {
			return
		}
	}
	w.out.add(b.String() + `"`)
}
