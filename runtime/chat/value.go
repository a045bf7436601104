package chat

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"

	"github.com/ardanlabs/jinja"
)

// maxDepth bounds the nesting of JSON and of what templates build.
const maxDepth = 200

// decode reads JSON into template values, keeping the order of keys and the difference between 1 and 1.0.
func decode(raw json.RawMessage) (jinja.Value, error) {
	d := json.NewDecoder(bytes.NewReader(raw))
	d.UseNumber()
	v, err := decodeValue(d, 0)
	if err != nil {
		return v, err
	}
	if _, err := d.Token(); err != io.EOF {
		return v, fmt.Errorf("text after the JSON value at offset %d", d.InputOffset())
	}
	return v, nil
}

func decodeValue(d *json.Decoder, depth int) (jinja.Value, error) {
	if depth > maxDepth {
		return jinja.Value{}, fmt.Errorf("JSON is nested more than %d deep", maxDepth)
	}
	t, err := d.Token()
	if err != nil {
		return jinja.Value{}, err
	}
	switch x := t.(type) {
	case string:
		return jinja.NewString(x), nil
	case bool:
		return jinja.NewBool(x), nil
	case json.Number:
		if i, err := x.Int64(); err == nil && !strings.ContainsAny(x.String(), ".eE") {
			return jinja.NewInt(i), nil
		}
		f, err := x.Float64()
		return jinja.NewFloat(f), err
	case nil:
		return jinja.None(), nil
	case json.Delim:
		if x == '[' {
			return decodeList(d, depth)
		}
		return decodeDict(d, depth)
	}
	return jinja.Value{}, fmt.Errorf("unexpected JSON token %v", t)
}

func decodeList(d *json.Decoder, depth int) (jinja.Value, error) {
	items := []jinja.Value{}
	for d.More() {
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return v, err
		}
		items = append(items, v)
	}
	_, err := d.Token() // the closing bracket
	return jinja.NewList(items), err
}

func decodeDict(d *json.Decoder, depth int) (jinja.Value, error) {
	out := jinja.NewDict()
	for d.More() {
		k, err := d.Token()
		if err != nil {
			return out, err
		}
		v, err := decodeValue(d, depth+1)
		if err != nil {
			return out, err
		}
		out.AsDict().Set(k.(string), v)
	}
	_, err := d.Token() // the closing brace
	return out, err
}
