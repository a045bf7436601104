// Package gguf reads and writes GGUF files: named metadata followed by tensors.
//
// It implements the GGUF specification (ggml docs/gguf.md), versions 2 and 3, little-endian. Version 1
// (32-bit counts) and big-endian files are refused with a message that says so. Nested arrays, which the
// specification allows but no reader accepts, are refused too.
//
// Parse works on bytes already in memory or mapped. Names are copied out; values and tensor data are not, and
// what the accessors of a Value return is again a copy. Every count and length is checked against the bytes that
// are left before anything is allocated, so a hostile file costs at most a small multiple of its own size.
package gguf

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// Sizes and limits of the format.
const (
	headerSize       = 24      // magic, version, tensor count, key count
	defaultAlignment = 32      // of tensor data when general.alignment is absent
	maxAlignment     = 1 << 26 // larger than any page size in use
	maxKeyLen        = 65535   // specification: keys are at most 2^16-1 bytes
	maxNameLen       = 64      // specification: tensor names are at most 64 bytes
	maxDims          = 4       // GGML_MAX_DIMS
	minKeySize       = 8 + 4 + 1
	minTensorSize    = 8 + 4 + 8 + 4 + 8
)

// Limits that no real file comes near; they keep hostile ones from costing seconds or memory.
const (
	maxKeys     = 1 << 16  // in use: about 100
	maxTensors  = 1 << 16  // in use: about 2000
	maxStrings  = 1 << 23  // in all arrays of a file together; in use: below a million
	maxElements = 1 << 21  // of an array somebody reads
	maxValue    = 64 << 20 // bytes of a value somebody reads; in use: about 10 MB
)

// Magic is the first four bytes of every GGUF file.
const Magic = "GGUF"

// What can be wrong with a file; every error of Parse wraps one of these.
var (
	ErrNotGGUF     = errors.New("not a GGUF file")
	ErrTruncated   = errors.New("file ends too early")
	ErrUnsupported = errors.New("unsupported GGUF")
	ErrCorrupt     = errors.New("malformed file")
)

// FormatError says where in the file something is wrong, what was found and what was expected.
type FormatError struct {
	Off  int64  // byte offset in the file
	What string // the key, tensor or field
	Msg  string // got, want, and what to do
	Err  error  // one of the sentinels above
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("%v: %s at offset %#x: %s", e.Err, e.What, e.Off, e.Msg)
}

func (e *FormatError) Unwrap() error { return e.Err }

// File is a parsed GGUF file. Values and tensor data point into the bytes given to Parse.
type File struct {
	Version    int
	Size       int64 // of the whole file, in bytes
	Alignment  int
	DataOffset int64 // of the first tensor byte, from the start of the file
	Keys       []KeyValue
	Tensors    []Tensor

	keys    map[string]int
	tensors map[string]int
}

// KeyValue is one metadata entry in file order.
type KeyValue struct {
	Key   string
	Value Value
}

// Tensor is one tensor in file order.
type Tensor struct {
	Name   string
	Type   tensor.Type
	Dims   []int  // ne[0] (the row length, contiguous) first
	Offset int64  // of the data, from the start of the file
	Data   []byte // the blocks, row after row
}

// Elements is the product of the dimensions.
func (t *Tensor) Elements() int {
	n := 1
	for _, d := range t.Dims {
		n *= d
	}
	return n
}

// Tensor finds a tensor by name; nil when the file has none of that name.
func (f *File) Tensor(name string) *Tensor {
	i, ok := f.tensors[name]
	if !ok {
		return nil
	}
	return &f.Tensors[i]
}

// Params is the number of weights: elements of all tensors.
func (f *File) Params() int64 {
	var n int64
	for i := range f.Tensors {
		n += int64(f.Tensors[i].Elements())
	}
	return n
}
