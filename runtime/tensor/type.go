// Package tensor lists the element types of tensors in GGUF files: one table with what every part of the program
// needs to know about a type. It implements nothing and imports nothing of this module, so that readers of files, the
// arithmetic, the quantiser, the benchmark and the self-test all refer to the same row.
//
// The numbers, names and block layouts are ggml's (ggml.h, enum ggml_type; ggml-common.h, structs block_*; July 2026).
// docs/adding-a-weight-type.md shows how to add one.
package tensor

import (
	"errors"
	"fmt"
	"strings"
)

// Type is a ggml_type number as it is stored in a GGUF tensor record.
type Type uint32

// The types the program refers to by name; the table has them all.
const (
	F32     Type = 0
	F16     Type = 1
	Q4_0    Type = 2
	Q4_1    Type = 3
	Q5_0    Type = 6
	Q5_1    Type = 7
	Q8_0    Type = 8
	Q2_K    Type = 10
	Q3_K    Type = 11
	Q4_K    Type = 12
	Q5_K    Type = 13
	Q6_K    Type = 14
	IQ2_XXS Type = 16
	IQ4_NL  Type = 20
	IQ4_XS  Type = 23
	BF16    Type = 30
	TQ1_0   Type = 34
	TQ2_0   Type = 35
	MXFP4   Type = 39
	NVFP4   Type = 40
	Q1_0    Type = 41
	Q2_0    Type = 42
)

// Numbers is one more than the largest number of a known type: the length of arrays indexed by Type.
const Numbers = 43

// ErrType is returned for a tensor type the engine does not compute with.
var ErrType = errors.New("tensor type not supported")

// Form is what a block of a quantised type is once it is taken apart:
//
//	value[i] = scale[i/Sub]*(q[i]-Off) - minimum[i/Sub],  0 <= q[i] < 1<<Bits
//
// The zero Form belongs to types that are not quantised or that the engine does not compute with.
type Form struct {
	Sub  int   // elements that share a scale: 32 or 16
	Min  bool  // there are minima; then Off is 0
	Off  uint8 // what is subtracted from q
	Bits int   // of q
}

// Random describes blocks of random bits, of which the benchmark makes its models.
type Random struct {
	RMS    float64 // root mean square of the values of random bits when the block's scale is 1
	Scale  int     // offset of the block's scale, a binary16 number
	Min    int     // offset of its minimum, a binary16 number, if Centre is not 0
	Centre float64 // the minimum that makes the mean about zero, in scales
	E8M0   bool    // the scale is a byte instead, the exponent of a power of two
	E4M3   int     // how many scales stand from Scale on that are bytes instead, floats of 4 and 3 bits
}

// Info is a row of the table.
type Info struct {
	Name  string
	Elems int  // of a block
	Bytes int  // of a block
	Float bool // binary32, binary16 or bfloat16, which multiply unrounded activations
	Form  Form

	// Portable names the instruction-set levels, separated by spaces, that take the type's blocks apart with portable
	// code. All other levels have a routine of their own for that, and all levels one for multiplying the form.
	Portable string
	// Narrow is the type used in place of this one when rows are no multiple of Elems, as llama.cpp chooses it; F32 for
	// none.
	Narrow Type
	Random Random
	Target bool // runtime/quant rounds to this type
}

// everyLevel is for types whose blocks only portable code takes apart; their forms have assembly to multiply them.
const everyLevel = "sse2 avx2 avx-vnni avx512-vnni"

var table = [Numbers]Info{
	F32:  {Name: "F32", Elems: 1, Bytes: 4, Float: true, Target: true},
	F16:  {Name: "F16", Elems: 1, Bytes: 2, Float: true, Target: true},
	BF16: {Name: "BF16", Elems: 1, Bytes: 2, Float: true, Target: true},

	// d f16, qs 16: element i is the low half of byte i, i+16 the high half.
	Q4_0: {Name: "Q4_0", Elems: 32, Bytes: 2 + 16, Form: Form{Sub: 32, Off: 8, Bits: 4}, Target: true,
		Random: Random{RMS: 4.6}},
	// d f16, m f16, qs 16
	Q4_1: {Name: "Q4_1", Elems: 32, Bytes: 2 + 2 + 16, Form: Form{Sub: 32, Min: true, Bits: 4},
		Random: Random{RMS: 9, Min: 2, Centre: -7.5}},
	// d f16, qh u32: bit i is the fifth of element i, qs 16
	Q5_0: {Name: "Q5_0", Elems: 32, Bytes: 2 + 4 + 16, Form: Form{Sub: 32, Off: 16, Bits: 5}, Target: true,
		Random: Random{RMS: 9.2}},
	// d f16, m f16, qh u32, qs 16
	Q5_1: {Name: "Q5_1", Elems: 32, Bytes: 2 + 2 + 4 + 16, Form: Form{Sub: 32, Min: true, Bits: 5}, Target: true,
		Random: Random{RMS: 18, Min: 2, Centre: -15.5}},
	// d f16, qs 32 signed
	Q8_0: {Name: "Q8_0", Elems: 32, Bytes: 2 + 32, Form: Form{Sub: 32, Off: 128, Bits: 8}, Target: true,
		Random: Random{RMS: 74}},

	// scales 16 (4 bits each of scale and minimum), qs 64, d f16, dmin f16
	Q2_K: {Name: "Q2_K", Elems: 256, Bytes: 16 + 64 + 2 + 2, Form: Form{Sub: 16, Min: true, Bits: 2}, Narrow: Q4_0,
		Random: Random{RMS: 16, Scale: 80, Min: 82, Centre: 1.5}},
	// hmask 32, qs 64, scales 12 (6 bits each), d f16
	Q3_K: {Name: "Q3_K", Elems: 256, Bytes: 32 + 64 + 12 + 2, Form: Form{Sub: 16, Off: 4, Bits: 3}, Narrow: Q4_0,
		Random: Random{RMS: 2.3 * 18, Scale: 108}},
	// d f16, dmin f16, scales 12 (6 bits each of scale and minimum), qs 128
	Q4_K: {Name: "Q4_K", Elems: 256, Bytes: 2 + 2 + 12 + 128, Form: Form{Sub: 32, Min: true, Bits: 4}, Narrow: Q5_0, Target: true,
		Random: Random{RMS: 320, Min: 2, Centre: 7.5}},
	// d f16, dmin f16, scales 12, qh 32, qs 128
	Q5_K: {Name: "Q5_K", Elems: 256, Bytes: 2 + 2 + 12 + 32 + 128, Form: Form{Sub: 32, Min: true, Bits: 5}, Narrow: Q5_1, Target: true,
		Random: Random{RMS: 650, Min: 2, Centre: 15.5}},
	// ql 128, qh 64, scales 16 signed, d f16
	Q6_K: {Name: "Q6_K", Elems: 256, Bytes: 128 + 64 + 16 + 2, Form: Form{Sub: 16, Off: 32, Bits: 6}, Narrow: Q8_0, Target: true,
		Random: Random{RMS: 18.5 * 74, Scale: 208}},

	// d f16, qs 16: indices into a table of 16 signed bytes. SSE2 has no byte shuffle to look them up with.
	IQ4_NL: {Name: "IQ4_NL", Elems: 32, Bytes: 2 + 16, Form: Form{Sub: 32, Off: 128, Bits: 8}, Portable: "sse2",
		Random: Random{RMS: 67}},
	// d f16, scales_h u16, scales_l 4 (6 bits each), qs 128: indices as in IQ4_NL
	IQ4_XS: {Name: "IQ4_XS", Elems: 256, Bytes: 2 + 2 + 4 + 128, Form: Form{Sub: 32, Off: 128, Bits: 8}, Portable: "sse2", Narrow: IQ4_NL,
		Random: Random{RMS: 67 * 18}},
	// e u8: the exponent of a power of two, qs 16: indices into a table of 16 values (OCP Microscaling, E2M1)
	MXFP4: {Name: "MXFP4", Elems: 32, Bytes: 1 + 16, Form: Form{Sub: 32, Off: 16, Bits: 5}, Portable: "sse2",
		Random: Random{RMS: 2.6, E8M0: true}},
	// d 4 scales without sign, of 4 bits of exponent and 3 of mantissa, qs 32: for each 16 elements 8 bytes of indices as
	// in MXFP4
	NVFP4: {Name: "NVFP4", Elems: 64, Bytes: 4 + 32, Form: Form{Sub: 16, Off: 16, Bits: 5}, Portable: everyLevel,
		Random: Random{RMS: 2.6, E4M3: 4}},

	// qs 48 and qh 4: five, or four, ternary digits in a byte, d f16
	TQ1_0: {Name: "TQ1_0", Elems: 256, Bytes: 48 + 4 + 2, Form: Form{Sub: 32, Off: 1, Bits: 2}, Portable: everyLevel, Narrow: Q4_0,
		Random: Random{RMS: 0.8, Scale: 52}},
	// qs 64, d f16
	TQ2_0: {Name: "TQ2_0", Elems: 256, Bytes: 64 + 2, Form: Form{Sub: 32, Off: 1, Bits: 2}, Portable: everyLevel, Narrow: Q4_0,
		Random: Random{RMS: 1.2, Scale: 64}},
	// d f16, qs 16: bits, 0 is -1
	Q1_0: {Name: "Q1_0", Elems: 128, Bytes: 2 + 16, Form: Form{Sub: 32, Off: 1, Bits: 2}, Portable: everyLevel, Narrow: Q4_0,
		Random: Random{RMS: 1}},
	// d f16, qs 16
	Q2_0: {Name: "Q2_0", Elems: 64, Bytes: 2 + 16, Form: Form{Sub: 32, Off: 1, Bits: 2}, Portable: everyLevel, Narrow: Q4_0,
		Random: Random{RMS: 1.2}},

	// Types of files the engine lists, checks and names in errors, but does not compute with.
	9:       {Name: "Q8_1", Elems: 32, Bytes: 4 + 32},
	15:      {Name: "Q8_K", Elems: 256, Bytes: 4 + 256 + 32},
	IQ2_XXS: {Name: "IQ2_XXS", Elems: 256, Bytes: 2 + 64},
	17:      {Name: "IQ2_XS", Elems: 256, Bytes: 2 + 64 + 8},
	18:      {Name: "IQ3_XXS", Elems: 256, Bytes: 2 + 96},
	19:      {Name: "IQ1_S", Elems: 256, Bytes: 2 + 32 + 16},
	21:      {Name: "IQ3_S", Elems: 256, Bytes: 2 + 64 + 8 + 32 + 4},
	22:      {Name: "IQ2_S", Elems: 256, Bytes: 2 + 64 + 8 + 8},
	24:      {Name: "I8", Elems: 1, Bytes: 1},
	25:      {Name: "I16", Elems: 1, Bytes: 2},
	26:      {Name: "I32", Elems: 1, Bytes: 4},
	27:      {Name: "I64", Elems: 1, Bytes: 8},
	28:      {Name: "F64", Elems: 1, Bytes: 8},
	29:      {Name: "IQ1_M", Elems: 256, Bytes: 32 + 16 + 8},
}

// unknown is the row of numbers that no type has.
var unknown Info

// Info returns the row of t, which must not be changed; its Elems is 0 when t is unknown.
func (t Type) Info() *Info {
	if t >= Numbers {
		return &unknown
	}
	return &table[t]
}

// Known reports whether the size of the type's blocks is known.
func (t Type) Known() bool { return t.Info().Elems != 0 }

// Supported reports whether the engine computes with t.
func (t Type) Supported() bool { i := t.Info(); return i.Float || i.Form.Bits != 0 }

// String returns ggml's name of the type, or "type N" for an unknown one.
func (t Type) String() string {
	if t.Known() {
		return t.Info().Name
	}
	return fmt.Sprintf("type %d", uint32(t))
}

// BlockLen is the number of elements in a block, 0 when the type is unknown.
func (t Type) BlockLen() int { return t.Info().Elems }

// BlockBytes is the number of bytes in a block, 0 when the type is unknown.
func (t Type) BlockBytes() int { return t.Info().Bytes }

// RowBytes is the number of bytes of n elements, 0 when the type is unknown; n is a multiple of BlockLen.
func (t Type) RowBytes(n int) int {
	if !t.Known() {
		return 0
	}
	return n / t.BlockLen() * t.BlockBytes()
}

// IsFloat reports whether t is binary32, binary16 or bfloat16: such weights multiply unrounded activations.
func (t Type) IsFloat() bool { return t.Info().Float }

// All returns every known type in the order of its number.
func All() []Type { return list(Type.Known) }

// Supported returns every type the engine computes with in the order of its number.
func Supported() []Type { return list(Type.Supported) }

func list(want func(Type) bool) (l []Type) {
	for t := range Type(Numbers) {
		if want(t) {
			l = append(l, t)
		}
	}
	return l
}

// Parse returns the supported type with ggml's name, in any letter case.
func Parse(name string) (Type, error) {
	for _, t := range Supported() {
		if strings.EqualFold(name, t.String()) {
			return t, nil
		}
	}
	return 0, fmt.Errorf("%w: %q: want one of %s", ErrType, name, strings.Trim(fmt.Sprint(Supported()), "[]"))
}
