package gguf

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"
	"math"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// Writer collects metadata and tensors and writes them as a version 3 file: keys and tensors in the order
// they were added, data aligned to 32 bytes, the same bytes every time.
type Writer struct {
	keys    []KeyValue
	tensors []writerTensor
}

type writerTensor struct {
	Tensor
	size int
	fill func() ([]byte, error) // makes the data when it is written
}

// Add appends a key. The Go type of value selects the encoding: bool, uint8..uint64, int8..int64, int (as
// uint32, an error when it does not fit), float32, float64, string, []string, []int32, []float32, or a Value
// taken from a parsed file.
func (w *Writer) Add(key string, value any) error {
	v, err := encodeValue(value)
	if err != nil {
		return fmt.Errorf("key %q: %w", key, err)
	}
	w.keys = append(w.keys, KeyValue{key, v})
	return nil
}

// AddTensor appends a tensor; data holds its blocks and is not copied.
func (w *Writer) AddTensor(name string, t tensor.Type, dims []int, data []byte) error {
	return w.AddTensorFunc(name, t, dims, func() ([]byte, error) { return data, nil })
}

// AddTensorFunc appends a tensor whose data fill makes while the file is written, so that only one need be in memory.
func (w *Writer) AddTensorFunc(name string, t tensor.Type, dims []int, fill func() ([]byte, error)) error {
	x := writerTensor{Tensor: Tensor{Name: name, Type: t, Dims: dims}, fill: fill}
	if !t.Known() {
		return fmt.Errorf("tensor %q: unknown tensor %v", name, t)
	}
	if len(dims) < 1 || len(dims) > maxDims || dims[0]%t.BlockLen() != 0 {
		return fmt.Errorf("tensor %q: dimensions %v do not suit %v", name, dims, t)
	}
	x.size = x.Elements() / t.BlockLen() * t.BlockBytes()
	w.tensors = append(w.tensors, x)
	return nil
}

// header encodes everything before the tensors' data.
func (w *Writer) header() []byte {
	var h bytes.Buffer
	h.WriteString(Magic)
	u32 := func(v uint32) { h.Write(binary.LittleEndian.AppendUint32(nil, v)) }
	u64 := func(v int) { h.Write(binary.LittleEndian.AppendUint64(nil, uint64(v))) }
	str := func(s string) { u64(len(s)); h.WriteString(s) }
	u32(3)
	u64(len(w.tensors))
	u64(len(w.keys))
	for _, kv := range w.keys {
		str(kv.Key)
		u32(uint32(kv.Value.Type))
		switch kv.Value.Type {
		case Array:
			u32(uint32(kv.Value.Elem))
			u64(kv.Value.Len)
		case String:
			u64(len(kv.Value.raw))
		}
		h.Write(kv.Value.raw)
	}
	off := 0
	for _, t := range w.tensors {
		str(t.Name)
		u32(uint32(len(t.Dims)))
		for _, d := range t.Dims {
			u64(d)
		}
		u32(uint32(t.Type))
		u64(off)
		off += pad(t.size)
	}
	h.Write(make([]byte, pad(h.Len())-h.Len()))
	return h.Bytes()
}

// data makes the tensor's data.
func (t *writerTensor) data() ([]byte, error) {
	b, err := t.fill()
	if err == nil && len(b) != t.size {
		err = fmt.Errorf("tensor %q: %d bytes of data, want %d for %v %v", t.Name, len(b), t.size, t.Type, t.Dims)
	}
	return b, err
}

// padding is what separates one tensor's data from the next.
var padding [defaultAlignment]byte

// WriteTo writes the file.
func (w *Writer) WriteTo(out io.Writer) (int64, error) {
	n, err := out.Write(w.header())
	total := int64(n)
	for i := range w.tensors {
		t := &w.tensors[i]
		if err != nil {
			return total, err
		}
		data, ferr := t.data()
		if ferr != nil {
			return total, ferr
		}
		for _, p := range [][]byte{data, padding[:pad(t.size)-t.size]} {
			n, err = out.Write(p)
			total += int64(n)
			if err != nil {
				return total, err
			}
		}
	}
	return total, err
}

// Segments returns the file's bytes in order, in pieces. Data given to AddTensor is not copied.
func (w *Writer) Segments() ([][]byte, error) {
	segments := [][]byte{w.header()}
	for i := range w.tensors {
		t := &w.tensors[i]
		data, err := t.data()
		if err != nil {
			return nil, err
		}
		segments = append(segments, data, padding[:pad(t.size)-t.size])
	}
	return segments, nil
}

// pad rounds n up to the alignment.
func pad(n int) int { return (n + defaultAlignment - 1) / defaultAlignment * defaultAlignment }

func encodeValue(value any) (Value, error) {
	le := binary.LittleEndian
	switch x := value.(type) {
	case Value:
		return x, nil
	case bool:
		b := byte(0)
		if x {
			b = 1
		}
		return Value{Type: Bool, raw: []byte{b}}, nil
	case uint8:
		return Value{Type: Uint8, raw: []byte{x}}, nil
	case int8:
		return Value{Type: Int8, raw: []byte{byte(x)}}, nil
	case uint16:
		return Value{Type: Uint16, raw: le.AppendUint16(nil, x)}, nil
	case int16:
		return Value{Type: Int16, raw: le.AppendUint16(nil, uint16(x))}, nil
	case uint32:
		return Value{Type: Uint32, raw: le.AppendUint32(nil, x)}, nil
	case int32:
		return Value{Type: Int32, raw: le.AppendUint32(nil, uint32(x))}, nil
	case uint64:
		return Value{Type: Uint64, raw: le.AppendUint64(nil, x)}, nil
	case int64:
		return Value{Type: Int64, raw: le.AppendUint64(nil, uint64(x))}, nil
	case int:
		if x < 0 || x > math.MaxUint32 {
			return Value{}, fmt.Errorf("%d does not fit in a uint32", x)
		}
		return Value{Type: Uint32, raw: le.AppendUint32(nil, uint32(x))}, nil
	case float32:
		return Value{Type: Float32, raw: le.AppendUint32(nil, math.Float32bits(x))}, nil
	case float64:
		return Value{Type: Float64, raw: le.AppendUint64(nil, math.Float64bits(x))}, nil
	case string:
		return Value{Type: String, raw: []byte(x)}, nil
	case []string:
		var raw []byte
		for _, s := range x {
			raw = append(le.AppendUint64(raw, uint64(len(s))), s...)
		}
		return Value{Type: Array, Elem: String, Len: len(x), raw: raw}, nil
	case []int32:
		var raw []byte
		for _, n := range x {
			raw = le.AppendUint32(raw, uint32(n))
		}
		return Value{Type: Array, Elem: Int32, Len: len(x), raw: raw}, nil
	case []bool:
		raw := make([]byte, len(x))
		for i, b := range x {
			if b {
				raw[i] = 1
			}
		}
		return Value{Type: Array, Elem: Bool, Len: len(x), raw: raw}, nil
	case []float32:
		var raw []byte
		for _, n := range x {
			raw = le.AppendUint32(raw, math.Float32bits(n))
		}
		return Value{Type: Array, Elem: Float32, Len: len(x), raw: raw}, nil
	}
	return Value{}, fmt.Errorf("values of type %T are not supported", value)
}
