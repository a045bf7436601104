package gguf

import (
	"encoding/binary"
	"fmt"
	"math/bits"
	"sort"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// Parse reads the header, the metadata and the tensor list of b, the whole file. The result's values and tensor
// data point into b, which must stay unchanged while the File is in use.
func Parse(b []byte) (*File, error) {
	r := &reader{b: b}
	f := &File{Size: int64(len(b)), keys: map[string]int{}, tensors: map[string]int{}}
	tensorCount, keyCount, err := r.header(f)
	if err != nil {
		return nil, err
	}
	for i := uint64(0); i < keyCount; i++ {
		if err := r.key(f); err != nil {
			return nil, err
		}
	}
	if err := f.readAlignment(); err != nil {
		return nil, err
	}
	for i := uint64(0); i < tensorCount; i++ {
		if err := r.tensor(f); err != nil {
			return nil, err
		}
	}
	return f, f.place(b, r.off)
}

// reader walks the file; every method checks the bytes left before it reads.
type reader struct {
	b       []byte
	off     int
	strings uint64 // in the arrays so far
}

func (r *reader) left() uint64 { return uint64(len(r.b) - r.off) }

func (r *reader) fail(what string, err error, format string, args ...any) error {
	return &FormatError{int64(r.off), what, fmt.Sprintf(format, args...), err}
}

// take returns the next n bytes.
func (r *reader) take(n uint64, what string) ([]byte, error) {
	if n > r.left() {
		return nil, r.fail(what, ErrTruncated, "need %d bytes, %d are left; the download or copy may be incomplete", n, r.left())
	}
	p := r.b[r.off : r.off+int(n) : r.off+int(n)]
	r.off += int(n)
	return p, nil
}

func (r *reader) u32(what string) (uint32, error) {
	p, err := r.take(4, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint32(p), nil
}

func (r *reader) u64(what string) (uint64, error) {
	p, err := r.take(8, what)
	if err != nil {
		return 0, err
	}
	return binary.LittleEndian.Uint64(p), nil
}

// name reads a string of 1 to limit bytes.
func (r *reader) name(what string, limit uint64) (string, error) {
	start := r.off
	n, err := r.u64(what)
	if err != nil {
		return "", err
	}
	if n == 0 || n > limit {
		r.off = start
		return "", r.fail(what, ErrCorrupt, "length %d, want 1 to %d bytes", n, limit)
	}
	p, err := r.take(n, what)
	return string(p), err
}

func (r *reader) header(f *File) (tensors, keys uint64, err error) {
	if len(r.b) < 4 || string(r.b[:4]) != Magic {
		got := r.b[:min(4, len(r.b))]
		return 0, 0, r.fail("magic", ErrNotGGUF, "got %q, want %q; is this a model in another format?", got, Magic)
	}
	r.off = 4
	version, err := r.u32("version")
	if err != nil {
		return 0, 0, err
	}
	switch {
	case version == 2 || version == 3:
		f.Version = int(version)
	case version == 1:
		return 0, 0, &FormatError{4, "version", "got 1, want 2 or 3; convert the model again with a newer tool", ErrUnsupported}
	case version > 0 && bits.ReverseBytes32(version) <= 3:
		return 0, 0, &FormatError{4, "version", "the file is big-endian; only little-endian files are supported", ErrUnsupported}
	default:
		return 0, 0, &FormatError{4, "version", fmt.Sprintf("got %d, want 2 or 3", version), ErrUnsupported}
	}
	if tensors, err = r.u64("tensor count"); err != nil {
		return 0, 0, err
	}
	if keys, err = r.u64("key count"); err != nil {
		return 0, 0, err
	}
	if keys > maxKeys {
		return 0, 0, &FormatError{16, "key count", fmt.Sprintf("got %d, want at most %d", keys, maxKeys), ErrCorrupt}
	}
	if tensors > maxTensors {
		return 0, 0, &FormatError{8, "tensor count", fmt.Sprintf("got %d, want at most %d", tensors, maxTensors), ErrCorrupt}
	}
	// A count that cannot fit in the file is refused before the first entry is read.
	if keys > r.left()/minKeySize {
		return 0, 0, &FormatError{16, "key count", fmt.Sprintf("got %d, but only %d bytes follow", keys, r.left()), ErrCorrupt}
	}
	if tensors > r.left()/minTensorSize {
		return 0, 0, &FormatError{8, "tensor count", fmt.Sprintf("got %d, but only %d bytes follow", tensors, r.left()), ErrCorrupt}
	}
	return tensors, keys, nil
}

func (r *reader) key(f *File) error {
	start := r.off
	key, err := r.name(fmt.Sprintf("name of key %d", len(f.Keys)), maxKeyLen)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("key %q", Clip(key))
	if _, dup := f.keys[key]; dup {
		return &FormatError{int64(start), what, "the key occurs twice", ErrCorrupt}
	}
	t, err := r.u32(what)
	if err != nil {
		return err
	}
	v, err := r.value(ValueType(t), what)
	if err != nil {
		return err
	}
	f.keys[key] = len(f.Keys)
	f.Keys = append(f.Keys, KeyValue{key, v})
	return nil
}

func (r *reader) value(t ValueType, what string) (Value, error) {
	v := Value{Type: t, Off: int64(r.off)}
	var err error
	switch {
	case int(t) >= len(valueSizes):
		return v, r.fail(what, ErrCorrupt, "%v, want 0 to %d", t, len(valueSizes)-1)
	case t == String:
		var n uint64
		if n, err = r.u64(what); err != nil {
			return v, err
		}
		v.raw, err = r.take(n, what)
		return v, err
	case t == Array:
		return r.array(v, what)
	}
	if v.raw, err = r.take(uint64(valueSizes[t]), what); err != nil {
		return v, err
	}
	if t == Bool && v.raw[0] > 1 {
		// Specification: 1-byte value where 0 is false and 1 is true, anything else is invalid.
		return v, &FormatError{v.Off, what, fmt.Sprintf("bool is %d, want 0 or 1", v.raw[0]), ErrCorrupt}
	}
	return v, nil
}

func (r *reader) array(v Value, what string) (Value, error) {
	elem, err := r.u32(what)
	if err != nil {
		return v, err
	}
	v.Elem = ValueType(elem)
	if v.Elem == Array {
		return v, &FormatError{v.Off, what, "array of arrays; only arrays of scalars and strings are supported", ErrUnsupported}
	}
	if int(elem) >= len(valueSizes) {
		return v, &FormatError{v.Off, what, fmt.Sprintf("array of %v, want 0 to %d", v.Elem, len(valueSizes)-1), ErrCorrupt}
	}
	n, err := r.u64(what)
	if err != nil {
		return v, err
	}
	size := uint64(valueSizes[elem])
	if v.Elem == String {
		size = 8 // at least a length each
	}
	if n > r.left()/size {
		return v, &FormatError{v.Off, what, fmt.Sprintf("array of %d elements, but only %d bytes follow", n, r.left()), ErrCorrupt}
	}
	v.Len = int(n)
	if v.Elem != String {
		v.raw, err = r.take(n*size, what)
		return v, err
	}
	if r.strings += n; r.strings > maxStrings {
		return v, &FormatError{v.Off, what, fmt.Sprintf("array of %d strings; all arrays together may have %d", n, maxStrings), ErrCorrupt}
	}
	start := r.off
	for i := uint64(0); i < n; i++ {
		l, err := r.u64(what)
		if err != nil {
			return v, err
		}
		if _, err := r.take(l, what); err != nil {
			return v, err
		}
	}
	v.raw = r.b[start:r.off]
	return v, nil
}

// readAlignment obeys specification "general.alignment": a multiple of 8; every known writer uses a power of two.
func (f *File) readAlignment() error {
	n, err := f.Int("general.alignment", defaultAlignment)
	if err != nil {
		return err
	}
	if n < 8 || n > maxAlignment || n&(n-1) != 0 {
		v, _ := f.Find("general.alignment")
		return &FormatError{v.Off, `key "general.alignment"`, fmt.Sprintf("got %d, want a power of two from 8 to %d", n, maxAlignment), ErrCorrupt}
	}
	f.Alignment = n
	return nil
}

// tensor reads one tensor record; Offset is still relative to the data section until place has run.
func (r *reader) tensor(f *File) error {
	start := int64(r.off)
	name, err := r.name(fmt.Sprintf("name of tensor %d", len(f.Tensors)), maxNameLen)
	if err != nil {
		return err
	}
	what := fmt.Sprintf("tensor %q", name)
	if _, dup := f.tensors[name]; dup {
		return &FormatError{start, what, "the name occurs twice", ErrCorrupt}
	}
	nd, err := r.u32(what)
	if err != nil {
		return err
	}
	if nd < 1 || nd > maxDims {
		return &FormatError{start, what, fmt.Sprintf("%d dimensions, want 1 to %d", nd, maxDims), ErrCorrupt}
	}
	t := Tensor{Name: name, Dims: make([]int, nd)}
	elements := uint64(1)
	for i := range t.Dims {
		d, err := r.u64(what)
		if err != nil {
			return err
		}
		hi, lo := bits.Mul64(elements, d)
		// 2^47 elements are beyond any address space; the bound keeps later products from overflowing.
		if d == 0 || hi != 0 || lo > 1<<47 {
			return &FormatError{start, what, fmt.Sprintf("dimension %d is %d: the tensor is empty or impossibly large", i, d), ErrCorrupt}
		}
		elements = lo
		t.Dims[i] = int(d)
	}
	typ, err := r.u32(what)
	if err != nil {
		return err
	}
	t.Type = tensor.Type(typ)
	if !t.Type.Known() {
		return &FormatError{start, what, fmt.Sprintf("unknown tensor type %d; known are %s", typ, strings.Trim(fmt.Sprint(tensor.All()), "[]")), ErrUnsupported}
	}
	if t.Dims[0]%t.Type.BlockLen() != 0 {
		return &FormatError{start, what, fmt.Sprintf("row of %d elements, want a multiple of %d for %v", t.Dims[0], t.Type.BlockLen(), t.Type), ErrCorrupt}
	}
	off, err := r.u64(what)
	if err != nil {
		return err
	}
	if off%uint64(f.Alignment) != 0 || off > 1<<62 {
		return &FormatError{start, what, fmt.Sprintf("data offset %d, want a multiple of %d", off, f.Alignment), ErrCorrupt}
	}
	t.Offset = int64(off)
	f.tensors[name] = len(f.Tensors)
	f.Tensors = append(f.Tensors, t)
	return nil
}

// place turns offsets into slices of b and refuses data outside the file and tensors that overlap.
func (f *File) place(b []byte, headerEnd int) error {
	a := int64(f.Alignment)
	f.DataOffset = (int64(headerEnd) + a - 1) / a * a
	order := make([]int, len(f.Tensors))
	for i := range f.Tensors {
		t := &f.Tensors[i]
		order[i] = i
		t.Offset += f.DataOffset
		size := int64(t.Elements()) / int64(t.Type.BlockLen()) * int64(t.Type.BlockBytes())
		end := t.Offset + size
		if end > int64(len(b)) {
			return &FormatError{t.Offset, fmt.Sprintf("tensor %q", t.Name),
				fmt.Sprintf("%v %v needs %d bytes, the file has %d; the download or copy may be incomplete", t.Type, t.Dims, end, len(b)), ErrTruncated}
		}
		t.Data = b[t.Offset:end:end]
	}
	sort.Slice(order, func(i, j int) bool { return f.Tensors[order[i]].Offset < f.Tensors[order[j]].Offset })
	for i := 1; i < len(order); i++ {
		p, t := &f.Tensors[order[i-1]], &f.Tensors[order[i]]
		if p.Offset+int64(len(p.Data)) > t.Offset {
			return &FormatError{t.Offset, fmt.Sprintf("tensor %q", t.Name), fmt.Sprintf("overlaps tensor %q", p.Name), ErrCorrupt}
		}
	}
	return nil
}
