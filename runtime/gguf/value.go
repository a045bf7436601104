package gguf

import (
	"encoding/binary"
	"fmt"
	"math"
	"strings"
)

// Value is one metadata value. Arrays stay encoded until they are asked for.
type Value struct {
	Type ValueType
	Elem ValueType // element type, for arrays
	Len  int       // element count, for arrays
	Off  int64     // byte offset of the value in the file
	raw  []byte    // the encoded value; for arrays the elements only
}

// number decodes one scalar to the three views a caller may want.
func number(t ValueType, b []byte) (i int64, u uint64, f float64) {
	switch t {
	case Uint8, Bool:
		u = uint64(b[0])
	case Uint16:
		u = uint64(binary.LittleEndian.Uint16(b))
	case Uint32:
		u = uint64(binary.LittleEndian.Uint32(b))
	case Uint64:
		u = binary.LittleEndian.Uint64(b)
	case Int8:
		i = int64(int8(b[0]))
	case Int16:
		i = int64(int16(binary.LittleEndian.Uint16(b)))
	case Int32:
		i = int64(int32(binary.LittleEndian.Uint32(b)))
	case Int64:
		i = int64(binary.LittleEndian.Uint64(b))
	case Float32:
		f = float64(math.Float32frombits(binary.LittleEndian.Uint32(b)))
		return 0, 0, f
	case Float64:
		return 0, 0, math.Float64frombits(binary.LittleEndian.Uint64(b))
	}
	switch t {
	case Int8, Int16, Int32, Int64:
		return i, uint64(i), float64(i)
	}
	return int64(u), u, float64(u)
}

func (t ValueType) integer() bool {
	switch t {
	case Uint8, Int8, Uint16, Int16, Uint32, Int32, Uint64, Int64:
		return true
	}
	return false
}

func (t ValueType) signed() bool { return t == Int8 || t == Int16 || t == Int32 || t == Int64 }

// Int is the value as an int; false when it is not an integer or does not fit.
func (v Value) Int() (int, bool) {
	if !v.Type.integer() {
		return 0, false
	}
	i, u, _ := number(v.Type, v.raw)
	if !v.Type.signed() && u > math.MaxInt64 {
		return 0, false
	}
	return int(i), int64(int(i)) == i
}

// Float is the value as a float64; integers are converted.
func (v Value) Float() (float64, bool) {
	if v.Type != Float32 && v.Type != Float64 && !v.Type.integer() {
		return 0, false
	}
	_, _, f := number(v.Type, v.raw)
	return f, true
}

// Bool is the value of a bool key.
func (v Value) Bool() (value, ok bool) {
	if v.Type != Bool {
		return false, false
	}
	return v.raw[0] != 0, true
}

// Text is the value of a string key.
func (v Value) Text() (string, bool) {
	if v.Type != String {
		return "", false
	}
	return string(v.raw), true
}

// Strings is the value of an array of strings.
func (v Value) Strings() ([]string, bool) {
	if v.Type != Array || v.Elem != String {
		return nil, false
	}
	out := make([]string, v.Len)
	b := v.raw
	for i := range out {
		n := binary.LittleEndian.Uint64(b) // Parse has walked these lengths
		out[i] = string(b[8 : 8+n])
		b = b[8+n:]
	}
	return out, true
}

// Ints is the value of an array of integers or bools.
func (v Value) Ints() ([]int, bool) {
	if v.Type != Array || !(v.Elem.integer() || v.Elem == Bool) {
		return nil, false
	}
	size := valueSizes[v.Elem]
	out := make([]int, v.Len)
	for i := range out {
		n, _, _ := number(v.Elem, v.raw[i*size:])
		out[i] = int(n)
	}
	return out, true
}

// Floats is the value of an array of numbers.
func (v Value) Floats() ([]float32, bool) {
	if v.Type != Array || v.Elem == String || v.Elem == Bool {
		return nil, false
	}
	size := valueSizes[v.Elem]
	out := make([]float32, v.Len)
	for i := range out {
		_, _, f := number(v.Elem, v.raw[i*size:])
		out[i] = float32(f)
	}
	return out, true
}

// Size is the number of bytes of a string, or of an array's elements.
func (v Value) Size() int { return len(v.raw) }

// String describes the value for listings: scalars in full, strings quoted, arrays by type and length.
func (v Value) String() string {
	switch {
	case v.Type == String:
		return fmt.Sprintf("%q", v.raw)
	case v.Type == Array:
		return fmt.Sprintf("%v[%d]", v.Elem, v.Len)
	case v.Type == Bool:
		return fmt.Sprint(v.raw[0] != 0)
	case v.Type.integer():
		i, u, _ := number(v.Type, v.raw)
		if v.Type.signed() {
			return fmt.Sprint(i)
		}
		return fmt.Sprint(u)
	}
	_, _, f := number(v.Type, v.raw)
	if v.Type == Float32 {
		return fmt.Sprint(float32(f))
	}
	return fmt.Sprint(f)
}

// Find returns the value of a key.
func (f *File) Find(key string) (Value, bool) {
	i, ok := f.keys[key]
	if !ok {
		return Value{}, false
	}
	return f.Keys[i].Value, true
}

// Readable fails for a value that is too large for reading.
func (f *File) Readable(key string) error {
	v, ok := f.Find(key)
	if !ok || len(v.raw) <= maxValue && v.Len <= maxElements {
		return nil
	}
	return &FormatError{v.Off, fmt.Sprintf("key %q", key), fmt.Sprintf("%d bytes, %d elements; want at most %d and %d", len(v.raw), v.Len, maxValue, maxElements), ErrCorrupt}
}

// At names a key for a message, with the offset of its value when the file has it.
func (f *File) At(key string) string {
	if v, ok := f.Find(key); ok {
		return fmt.Sprintf("key %q at offset %#x", key, v.Off)
	}
	return fmt.Sprintf("key %q", key)
}

// wrongType is the error for a key that is there but cannot be read as want.
func wrongType(key string, v Value, want string) error {
	got := v.Type.String()
	if v.Type == Array {
		got = "array of " + v.Elem.String()
	}
	return &FormatError{v.Off, fmt.Sprintf("key %q", key), fmt.Sprintf("got %s %s, want %s", got, v.Clip(), want), ErrCorrupt}
}

// clipped is the length at which foreign text in messages ends.
const clipped = 60

// Clip shortens foreign text for a message.
func Clip(s string) string {
	if len(s) > clipped {
		return strings.ToValidUTF8(s[:clipped], "") + "..."
	}
	return s
}

// Clip is String, shortened for a message.
func (v Value) Clip() string {
	if v.Type == String && len(v.raw) > clipped {
		v.raw = v.raw[:clipped+1] // Clip cuts what String makes of it
	}
	return Clip(v.String())
}

// get reads an optional key with one of the accessors above.
func get[T any](f *File, key, want string, def T, read func(Value) (T, bool)) (T, error) {
	v, ok := f.Find(key)
	if !ok {
		return def, nil
	}
	if err := f.Readable(key); err != nil {
		return def, err
	}
	x, ok := read(v)
	if !ok {
		return def, wrongType(key, v, want)
	}
	return x, nil
}

// Int reads an integer key, def when it is absent.
func (f *File) Int(key string, def int) (int, error) {
	return get(f, key, "an integer", def, Value.Int)
}

// Float reads a number key, def when it is absent.
func (f *File) Float(key string, def float64) (float64, error) {
	return get(f, key, "a number", def, Value.Float)
}

// Bool reads a bool key, def when it is absent.
func (f *File) Bool(key string, def bool) (bool, error) {
	return get(f, key, "a bool", def, Value.Bool)
}

// Text reads a string key, def when it is absent.
func (f *File) Text(key, def string) (string, error) {
	return get(f, key, "a string", def, Value.Text)
}

// Strings reads a string array, nil when it is absent.
func (f *File) Strings(key string) ([]string, error) {
	return get(f, key, "an array of strings", nil, Value.Strings)
}

// Ints reads an integer array, nil when it is absent.
func (f *File) Ints(key string) ([]int, error) {
	return get(f, key, "an array of integers", nil, Value.Ints)
}

// Floats reads a number array, nil when it is absent.
func (f *File) Floats(key string) ([]float32, error) {
	return get(f, key, "an array of numbers", nil, Value.Floats)
}
