package grammar

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
)

// parseJSON reads one document, keeping the order of members and the spelling of numbers.
func parseJSON(b []byte) (any, error) {
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	v, err := readJSON(d, 0)
	if err != nil {
		return nil, err
	}
	if _, err := d.Token(); err != io.EOF {
		return nil, fmt.Errorf("text after the document at offset %d", d.InputOffset())
	}
	return v, nil
}

func readJSON(d *json.Decoder, depth int) (any, error) {
	if depth > 4*maxSchemaDepth {
		return nil, fmt.Errorf("nested more than %d deep", 4*maxSchemaDepth)
	}
	t, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := t.(json.Delim)
	if !ok {
		return t, nil
	}
	if delim == '[' {
		list := []any{}
		for d.More() {
			v, err := readJSON(d, depth+1)
			if err != nil {
				return nil, err
			}
			list = append(list, v)
		}
		_, err := d.Token()
		return list, err
	}
	o := &object{}
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return nil, err
		}
		v, err := readJSON(d, depth+1)
		if err != nil {
			return nil, err
		}
		o.set(k.(string), v)
	}
	_, err = d.Token()
	return o, err
}

// literal is a GBNF literal of a JSON value.
func literal(v any) string { return quote(encode(v)) }

// quote writes text as a GBNF literal.
func quote(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range s {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r < ' ' || r == 0x7F:
			fmt.Fprintf(&b, `\x%02X`, r)
		default:
			b.WriteRune(r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// encode writes a JSON value with its members in order.
func encode(v any) string {
	switch x := v.(type) {
	case *object:
		var parts []string
		for i, k := range x.keys {
			parts = append(parts, encode(k)+":"+encode(x.values[i]))
		}
		return "{" + strings.Join(parts, ",") + "}"
	case []any:
		var parts []string
		for _, e := range x {
			parts = append(parts, encode(e))
		}
		return "[" + strings.Join(parts, ",") + "]"
	case json.Number:
		return x.String()
	}
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil { // strings, bools and nil can always be written
		return "null"
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// object is a JSON object with its members in order.
type object struct {
	keys   []string
	values []any
	index  map[string]int // of the keys, once there are many
}

// fewKeys is how many keys are looked through one by one.
const fewKeys = 16

// find is the place of a key, -1 if there is none.
func (o *object) find(key string) int {
	if len(o.keys) <= fewKeys {
		return slices.Index(o.keys, key)
	}
	if len(o.index) != len(o.keys) {
		o.index = make(map[string]int, len(o.keys))
		for i, k := range o.keys {
			o.index[k] = i
		}
	}
	if i, ok := o.index[key]; ok {
		return i
	}
	return -1
}

func (o *object) get(key string) (any, bool) {
	i := o.find(key)
	if i < 0 {
		return nil, false
	}
	return o.values[i], true
}

func (o *object) has(keys ...string) bool {
	return slices.ContainsFunc(keys, func(k string) bool { return o.find(k) >= 0 })
}

func (o *object) set(key string, v any) {
	i := o.find(key)
	if i >= 0 {
		o.values[i] = v
		return
	}
	if o.index != nil {
		o.index[key] = len(o.keys)
	}
	o.keys, o.values = append(o.keys, key), append(o.values, v)
}

// clone is a copy whose members can be changed.
func (o *object) clone() *object {
	return &object{keys: slices.Clone(o.keys), values: slices.Clone(o.values)}
}

// with is a copy with one member changed.
func (o *object) with(key string, v any) *object {
	c := o.clone()
	c.set(key, v)
	return c
}

// without is a copy with one member less.
func (o *object) without(key string) *object {
	c := o.clone()
	if i := c.find(key); i >= 0 {
		c.keys, c.values, c.index = slices.Delete(c.keys, i, i+1), slices.Delete(c.values, i, i+1), nil
	}
	return c
}
