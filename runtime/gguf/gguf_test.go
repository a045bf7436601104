package gguf

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// sample builds a small file with every kind of value.
func sample(t testing.TB) []byte {
	t.Helper()
	var w Writer
	for _, kv := range []struct {
		k string
		v any
	}{
		{"general.architecture", "llama"}, {"a.bool", true}, {"a.u8", uint8(200)}, {"a.i8", int8(-3)},
		{"a.u16", uint16(60000)}, {"a.i16", int16(-300)}, {"a.u32", 70000}, {"a.i32", int32(-70000)},
		{"a.u64", uint64(1) << 63}, {"a.i64", int64(-1)}, {"a.f32", float32(0.5)}, {"a.f64", 0.25},
		{"a.strings", []string{"x", "", "yz"}}, {"a.ints", []int32{1, -2}}, {"a.floats", []float32{1.5, -2}},
	} {
		if err := w.Add(kv.k, kv.v); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.AddTensor("one", tensor.F32, []int{2, 3}, make([]byte, 24)); err != nil {
		t.Fatal(err)
	}
	if err := w.AddTensor("two", 8, []int{64}, bytes.Repeat([]byte{7}, 68)); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestRoundTrip(t *testing.T) {
	b := sample(t)
	f, err := Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	if s, _ := f.Text("general.architecture", ""); s != "llama" {
		t.Errorf("architecture %q", s)
	}
	for key, want := range map[string]int{"a.u8": 200, "a.i8": -3, "a.u16": 60000, "a.i16": -300, "a.u32": 70000, "a.i32": -70000, "a.i64": -1, "none": 9} {
		if n, err := f.Int(key, 9); err != nil || n != want {
			t.Errorf("%s = %d, %v; want %d", key, n, err, want)
		}
	}
	if _, err := f.Int("a.u64", 0); !errors.Is(err, ErrCorrupt) {
		t.Errorf("2^63 as an int: %v", err)
	}
	if x, _ := f.Float("a.f32", 0); x != 0.5 {
		t.Errorf("f32 %v", x)
	}
	if x, _ := f.Float("a.f64", 0); x != 0.25 {
		t.Errorf("f64 %v", x)
	}
	if s, _ := f.Strings("a.strings"); strings.Join(s, "|") != "x||yz" {
		t.Errorf("strings %q", s)
	}
	if s, _ := f.Ints("a.ints"); len(s) != 2 || s[1] != -2 {
		t.Errorf("ints %v", s)
	}
	if s, _ := f.Floats("a.floats"); len(s) != 2 || s[0] != 1.5 {
		t.Errorf("floats %v", s)
	}
	two := f.Tensor("two")
	if two == nil || len(two.Data) != 68 || two.Data[0] != 7 || two.Offset%32 != 0 {
		t.Errorf("tensor two: %+v", two)
	}
	if f.Params() != 6+64 {
		t.Errorf("params %d", f.Params())
	}
	// Writing what was read gives the same bytes.
	var w Writer
	for _, kv := range f.Keys {
		w.Add(kv.Key, kv.Value)
	}
	for _, x := range f.Tensors {
		w.AddTensor(x.Name, x.Type, x.Dims, x.Data)
	}
	var again bytes.Buffer
	w.WriteTo(&again)
	if !bytes.Equal(again.Bytes(), b) {
		t.Error("writing what was read changed the bytes")
	}
}

// TestEveryTruncation cuts the sample at every length: always an error, never a panic.
func TestEveryTruncation(t *testing.T) {
	b := sample(t)
	for n := range b[:len(b)-28] { // the last 28 bytes are padding after the last tensor
		if _, err := Parse(b[:n]); err == nil {
			t.Fatalf("first %d of %d bytes: no error", n, len(b))
		}
	}
}

func TestRefuses(t *testing.T) {
	base := sample(t)
	patch := func(off int, v ...byte) []byte {
		b := bytes.Clone(base)
		copy(b[off:], v)
		return b
	}
	find := func(s string) int { return bytes.Index(base, []byte(s)) }
	huge := binary.LittleEndian.AppendUint64(nil, 1<<60)
	one := find("one") + 3 // dimensions count of tensor "one"
	for _, c := range []struct {
		name string
		b    []byte
		err  error
		text string
	}{
		{"empty", nil, ErrNotGGUF, `want "GGUF"`},
		{"another format", []byte("PK\x03\x04 zip"), ErrNotGGUF, "PK"},
		{"version 1", patch(4, 1), ErrUnsupported, "version"},
		{"version 0", patch(4, 0), ErrUnsupported, "got 0, want 2 or 3"},
		{"version 9", patch(4, 9), ErrUnsupported, "got 9, want 2 or 3"},
		{"big-endian", patch(4, 0, 0, 0, 3), ErrUnsupported, "big-endian"},
		{"huge tensor count", patch(8, huge...), ErrCorrupt, "tensor count at offset 0x8"},
		{"huge key count", patch(16, huge...), ErrCorrupt, "key count"},
		{"huge key", patch(24, huge...), ErrCorrupt, "length"},
		{"huge string", patch(find("llama")-8, huge...), ErrTruncated, `key "general.architecture"`},
		{"huge array", patch(find("a.ints")+6+4+4, huge...), ErrCorrupt, `key "a.ints"`},
		{"array of arrays", patch(find("a.ints")+6+4, 9), ErrUnsupported, "array of arrays"},
		{"value type 13", patch(find("a.u8")+4, 13), ErrCorrupt, "value type 13"},
		{"bool of 2", patch(find("a.bool")+6+4, 2), ErrCorrupt, "want 0 or 1"},
		{"key twice", patch(find("a.u8"), 'a', '.', 'i', '8'), ErrCorrupt, "twice"},
		{"tensor twice", patch(find("two"), 'o', 'n', 'e'), ErrCorrupt, "twice"},
		{"5 dimensions", patch(one, 5), ErrCorrupt, "5 dimensions"},
		{"huge dimension", patch(one+4, huge...), ErrCorrupt, "impossibly large"},
		{"zero dimension", patch(one+4, 0), ErrCorrupt, "empty"},
		{"unknown tensor type", patch(one+4+16, 99), ErrUnsupported, "type 99; known are F32 F16 Q4_0"},
		{"odd offset", patch(one+4+16+4, 1), ErrCorrupt, "multiple of 32"},
		{"outside", patch(one+4+16+4, 0, 0, 0, 1), ErrTruncated, `tensor "one"`},
		{"overlap", patch(one+4+16+4, 32), ErrCorrupt, "overlaps"},
		{"row not whole blocks", patch(find("two")+3+4, 65), ErrCorrupt, "multiple of 32 for Q8_0"},
	} {
		_, err := Parse(c.b)
		if !errors.Is(err, c.err) || !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: got %v; want %v and %q", c.name, err, c.err, c.text)
		}
		var fe *FormatError
		if !errors.As(err, &fe) {
			t.Errorf("%s: %T is not a FormatError", c.name, err)
		}
	}
}

// TestLimits wants files that are larger than any real one refused before they cost anything, and values that are too
// large for reading named by their key.
func TestLimits(t *testing.T) {
	with := func(tensors, keys uint64) []byte {
		b := binary.LittleEndian.AppendUint32([]byte(Magic), 3)
		b = binary.LittleEndian.AppendUint64(b, tensors)
		b = binary.LittleEndian.AppendUint64(b, keys)
		return append(b, make([]byte, 40*maxTensors)...)
	}
	file := func(v Value) []byte {
		var w Writer
		if err := w.Add("k", v); err != nil {
			t.Fatal(err)
		}
		return w.header()
	}
	for want, b := range map[string][]byte{
		"key count at offset 0x10: got 65537, want at most 65536":   with(0, maxKeys+1),
		"tensor count at offset 0x8: got 65537, want at most 65536": with(maxTensors+1, 0),
		"array of 8388609 strings":                                  file(Value{Type: Array, Elem: String, Len: maxStrings + 1, raw: make([]byte, 8*(maxStrings+1))}),
	} {
		if _, err := Parse(b); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), want) {
			t.Errorf("got %v, want %q", err, want)
		}
	}
	f, err := Parse(file(Value{Type: Array, Elem: Uint8, Len: maxElements + 1, raw: make([]byte, maxElements+1)}))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := f.Ints("k"); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), `key "k" at offset`) {
		t.Errorf("long array: got %v", err)
	}
	if f, err = Parse(file(Value{Type: String, raw: make([]byte, maxValue+1)})); err != nil {
		t.Fatal(err)
	}
	if _, err := f.Text("k", ""); !errors.Is(err, ErrCorrupt) || !strings.Contains(err.Error(), "67108865 bytes") {
		t.Errorf("long text: got %v", err)
	}
	if v, _ := f.Find("k"); len(v.Clip()) > 4*clipped {
		t.Errorf("clipped text of %d bytes", len(v.Clip()))
	}
}

func TestAlignmentKey(t *testing.T) {
	for _, c := range []struct {
		v  any
		ok bool
	}{{32, true}, {8, true}, {64, false /* offsets are made for 32 */}, {0, false}, {12, false}, {"x", false}, {1 << 30, false}} {
		var w Writer
		w.Add("general.alignment", c.v)
		w.AddTensor("a", tensor.F32, []int{1}, make([]byte, 4))
		w.AddTensor("b", tensor.F32, []int{1}, make([]byte, 4))
		var b bytes.Buffer
		w.WriteTo(&b)
		if _, err := Parse(b.Bytes()); (err == nil) != c.ok {
			t.Errorf("alignment %v: %v", c.v, err)
		}
	}
}

func TestWriterRefuses(t *testing.T) {
	var w Writer
	if err := w.Add("k", struct{}{}); err == nil {
		t.Error("struct value accepted")
	}
	if err := w.Add("k", -1); err == nil {
		t.Error("negative int accepted")
	}
	if err := w.AddTensor("t", tensor.F32, []int{2}, make([]byte, 4)); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteTo(io.Discard); err == nil {
		t.Error("short data accepted")
	}
	if err := w.AddTensor("t", 8, []int{33}, make([]byte, 34)); err == nil {
		t.Error("half a block accepted")
	}
	if err := w.AddTensor("t", 77, []int{1}, nil); err == nil {
		t.Error("unknown type accepted")
	}
}

// TestRealFiles parses every model another tool wrote.
func TestRealFiles(t *testing.T) {
	for _, m := range golden.All(t) {
		name := m.File
		b, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		f, err := Parse(b)
		if m.Refused() && errors.Is(err, ErrUnsupported) {
			continue // a tensor type that is not known yet
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if f.Tensor("token_embd.weight") == nil {
			t.Errorf("%s: no token_embd.weight", name)
		}
	}
}

func FuzzParse(f *testing.F) {
	b := sample(f)
	f.Add(b)
	f.Add(b[:100])
	f.Add([]byte("GGUF\x03\x00\x00\x00"))
	f.Fuzz(func(t *testing.T, b []byte) {
		file, err := Parse(b)
		if err != nil {
			var fe *FormatError
			if !errors.As(err, &fe) {
				t.Fatalf("%T %v is not a FormatError", err, err)
			}
			return
		}
		for _, kv := range file.Keys {
			_ = kv.Value.String()
			kv.Value.Strings()
			kv.Value.Ints()
			kv.Value.Floats()
		}
		for i := range file.Tensors {
			_ = len(file.Tensors[i].Data)
		}
	})
}
