package chat

import (
	"strconv"

	"github.com/ardanlabs/jinja"
)

// The library's dicts have texts as keys, Python's have numbers and None too. Such a key is written out behind a byte
// that no text of a template begins with, so that it is found again and comes out of the dict as what it was.
const otherKey = "\x00"

// keyText is the key of a dict as the library holds it.
func keyText(v jinja.Value) string {
	switch {
	case v.IsList() || v.IsDict():
		return ""
	case v.IsInt() || v.IsFloat() || v.IsBool() || v.IsNone():
		return otherKey + text(v)
	}
	return text(v)
}

// keyValue is the key that keyText wrote.
func keyValue(key string) jinja.Value {
	if len(key) == 0 || key[:1] != otherKey {
		return jinja.NewString(key)
	}
	s := key[1:]
	switch s {
	case "True", "False":
		return jinja.NewBool(s == "True")
	case "None":
		return jinja.None()
	}
	if i, err := strconv.ParseInt(s, 10, 64); err == nil {
		return jinja.NewInt(i)
	}
	if f, err := strconv.ParseFloat(s, 64); err == nil {
		return jinja.NewFloat(f)
	}
	return jinja.NewString(key)
}

// keyJSON is the key as JSON has it, which is always a text.
func keyJSON(key string) string {
	v := keyValue(key)
	switch {
	case v.IsBool():
		return strconv.FormatBool(v.AsBool())
	case v.IsNone():
		return "null"
	}
	return text(v)
}
