package gguf

import (
	"fmt"
	"maps"
	"slices"
)

// TensorType is a ggml_type number (ggml.h). The table covers every type ever written to files, so that
// a file with a type no kernel supports can still be checked, listed and named in an error.
type TensorType uint32

// The types this package refers to by name; the table below has them all.
const (
	F32 TensorType = 0
	F16 TensorType = 1
)

var tensorTypes = map[TensorType]struct {
	name     string
	blockLen int // elements in a block
	bytes    int // bytes of a block
}{
	0:  {"F32", 1, 4},
	1:  {"F16", 1, 2},
	2:  {"Q4_0", 32, 2 + 16},
	3:  {"Q4_1", 32, 4 + 16},
	6:  {"Q5_0", 32, 2 + 4 + 16},
	7:  {"Q5_1", 32, 4 + 4 + 16},
	8:  {"Q8_0", 32, 2 + 32},
	9:  {"Q8_1", 32, 4 + 32},
	10: {"Q2_K", 256, 16 + 64 + 4},
	11: {"Q3_K", 256, 32 + 64 + 12 + 2},
	12: {"Q4_K", 256, 4 + 12 + 128},
	13: {"Q5_K", 256, 4 + 12 + 32 + 128},
	14: {"Q6_K", 256, 128 + 64 + 16 + 2},
	15: {"Q8_K", 256, 4 + 256 + 32},
	16: {"IQ2_XXS", 256, 2 + 64},
	17: {"IQ2_XS", 256, 2 + 64 + 8},
	18: {"IQ3_XXS", 256, 2 + 96},
	19: {"IQ1_S", 256, 2 + 32 + 16},
	20: {"IQ4_NL", 32, 2 + 16},
	21: {"IQ3_S", 256, 2 + 64 + 8 + 32 + 4},
	22: {"IQ2_S", 256, 2 + 64 + 8 + 8},
	23: {"IQ4_XS", 256, 2 + 2 + 4 + 128},
	24: {"I8", 1, 1},
	25: {"I16", 1, 2},
	26: {"I32", 1, 4},
	27: {"I64", 1, 8},
	28: {"F64", 1, 8},
	29: {"IQ1_M", 256, 32 + 16 + 8},
	30: {"BF16", 1, 2},
	34: {"TQ1_0", 256, 48 + 4 + 2},
	35: {"TQ2_0", 256, 64 + 2},
	39: {"MXFP4", 32, 1 + 16},
}

// String is the name ggml prints, or the number when it is unknown.
func (t TensorType) String() string {
	if d, ok := tensorTypes[t]; ok {
		return d.name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// typeNames lists the types in order of their numbers.
func typeNames() (names []string) {
	for _, t := range slices.Sorted(maps.Keys(tensorTypes)) {
		names = append(names, t.String())
	}
	return names
}

// Known says whether the size of the type's blocks is known.
func (t TensorType) Known() bool { _, ok := tensorTypes[t]; return ok }

// BlockLen is the number of elements in a block, 0 when the type is unknown.
func (t TensorType) BlockLen() int { return tensorTypes[t].blockLen }

// BlockBytes is the number of bytes in a block, 0 when the type is unknown.
func (t TensorType) BlockBytes() int { return tensorTypes[t].bytes }

// ValueType is the type of a metadata value (specification: enum gguf_metadata_value_type).
type ValueType uint32

// The metadata value types.
const (
	Uint8   ValueType = 0
	Int8    ValueType = 1
	Uint16  ValueType = 2
	Int16   ValueType = 3
	Uint32  ValueType = 4
	Int32   ValueType = 5
	Float32 ValueType = 6
	Bool    ValueType = 7
	String  ValueType = 8
	Array   ValueType = 9
	Uint64  ValueType = 10
	Int64   ValueType = 11
	Float64 ValueType = 12
)

var valueNames = [...]string{"uint8", "int8", "uint16", "int16", "uint32", "int32", "float32", "bool", "string",
	"array", "uint64", "int64", "float64"}

// valueSizes holds the encoded size of scalars; 0 for string and array, whose size varies.
var valueSizes = [...]int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8}

func (t ValueType) String() string {
	if int(t) < len(valueNames) {
		return valueNames[t]
	}
	return fmt.Sprintf("value type %d", uint32(t))
}
