package compute

import (
	"errors"
	"fmt"
	"strings"
)

// Type is a ggml_type number as it is stored in a GGUF tensor record.
type Type uint32

// The numbers of ggml.h, enum ggml_type.
const (
	F32    Type = 0
	F16    Type = 1
	Q4_0   Type = 2
	Q4_1   Type = 3
	Q5_0   Type = 6
	Q5_1   Type = 7
	Q8_0   Type = 8
	Q2_K   Type = 10
	Q3_K   Type = 11
	Q4_K   Type = 12
	Q5_K   Type = 13
	Q6_K   Type = 14
	IQ4_NL Type = 20
	IQ4_XS Type = 23
	BF16   Type = 30
	MXFP4  Type = 39
)

// ErrType is returned for a tensor type this package cannot compute with.
var ErrType = errors.New("tensor type not supported")

// typeInfo describes a block of one type: elements and bytes.
type typeInfo struct {
	name  string
	elems int
	bytes int
	form  form // how it is unpacked for multiplication; zero for float types
}

// maxType bounds the table below; types at or above it are unknown.
const maxType = 40

var types = [maxType]typeInfo{
	F32:    {name: "F32", elems: 1, bytes: 4},
	F16:    {name: "F16", elems: 1, bytes: 2},
	BF16:   {name: "BF16", elems: 1, bytes: 2},
	Q4_0:   {"Q4_0", 32, 2 + 16, form{sub: 32, off: 8, bits: 4}},
	Q4_1:   {"Q4_1", 32, 2 + 2 + 16, form{sub: 32, min: true, bits: 4}},
	Q5_0:   {"Q5_0", 32, 2 + 4 + 16, form{sub: 32, off: 16, bits: 5}},
	Q5_1:   {"Q5_1", 32, 2 + 2 + 4 + 16, form{sub: 32, min: true, bits: 5}},
	Q8_0:   {"Q8_0", 32, 2 + 32, form{sub: 32, off: 128, bits: 8}},
	Q2_K:   {"Q2_K", 256, 16 + 64 + 2 + 2, form{sub: 16, min: true, bits: 2}},
	Q3_K:   {"Q3_K", 256, 32 + 64 + 12 + 2, form{sub: 16, off: 4, bits: 3}},
	Q4_K:   {"Q4_K", 256, 2 + 2 + 12 + 128, form{sub: 32, min: true, bits: 4}},
	Q5_K:   {"Q5_K", 256, 2 + 2 + 12 + 32 + 128, form{sub: 32, min: true, bits: 5}},
	Q6_K:   {"Q6_K", 256, 128 + 64 + 16 + 2, form{sub: 16, off: 32, bits: 6}},
	IQ4_NL: {"IQ4_NL", 32, 2 + 16, form{sub: 32, off: 128, bits: 8}},
	IQ4_XS: {"IQ4_XS", 256, 2 + 2 + 4 + 128, form{sub: 32, off: 128, bits: 8}},
	MXFP4:  {"MXFP4", 32, 1 + 16, form{sub: 32, off: 16, bits: 5}},
}

// info returns the table entry of t; its elems is 0 when t is unknown.
func (t Type) info() *typeInfo {
	if t >= maxType {
		return &types[maxType-1-1] // 38 is unassigned: a zero entry
	}
	return &types[t]
}

// Supported reports whether this package can compute with t.
func (t Type) Supported() bool { return t.info().elems != 0 }

// String returns ggml's name of the type, or "type N" for an unknown one.
func (t Type) String() string {
	if t.Supported() {
		return t.info().name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// BlockLen is the number of elements in one block (1 for float types, 0 if unknown).
func (t Type) BlockLen() int { return t.info().elems }

// BlockBytes is the number of bytes in one block (0 if unknown).
func (t Type) BlockBytes() int { return t.info().bytes }

// RowBytes is the number of bytes of n elements; n is a multiple of BlockLen.
func (t Type) RowBytes(n int) int {
	if !t.Supported() {
		return 0
	}
	return n / t.BlockLen() * t.BlockBytes()
}

// isFloat reports whether t multiplies with float32 activations.
func (t Type) isFloat() bool { return t == F32 || t == F16 || t == BF16 }

// Types returns every supported type in the order of its number.
func Types() []Type {
	var l []Type
	for t := range Type(maxType) {
		if t.Supported() {
			l = append(l, t)
		}
	}
	return l
}

// ParseType returns the type with ggml's name, in any letter case.
func ParseType(name string) (Type, error) {
	var known []string
	for _, t := range Types() {
		if strings.EqualFold(name, t.String()) {
			return t, nil
		}
		known = append(known, t.String())
	}
	return 0, fmt.Errorf("%w: %q: want one of %s", ErrType, name, strings.Join(known, " "))
}
