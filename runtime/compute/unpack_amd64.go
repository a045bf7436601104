//go:build !noasm

package compute

import "github.com/llamaboot/llamaboot/runtime/tensor"

// unpackFuncs are the unpack routines of one level, by type.
type unpackFuncs = [tensor.Numbers]func(dst, src *byte, rowBytes, blocks int, next uintptr)

// SSE2 has no byte shuffle: the types with tables are unpacked by Go.
var unpackSSE2 = unpackFuncs{
	tensor.Q4_0: unpackQ40SSE2,
	tensor.Q4_1: unpackQ41SSE2,
	tensor.Q5_0: unpackQ50SSE2,
	tensor.Q5_1: unpackQ51SSE2,
	tensor.Q8_0: unpackQ80SSE2,
	tensor.Q2_K: unpackQ2KSSE2,
	tensor.Q3_K: unpackQ3KSSE2,
	tensor.Q4_K: unpackQ4KSSE2,
	tensor.Q5_K: unpackQ5KSSE2,
	tensor.Q6_K: unpackQ6KSSE2,
}

var unpackAVX2 = unpackFuncs{
	tensor.Q4_0:   unpackQ40AVX2,
	tensor.Q4_1:   unpackQ41AVX2,
	tensor.Q5_0:   unpackQ50AVX2,
	tensor.Q5_1:   unpackQ51AVX2,
	tensor.Q8_0:   unpackQ80AVX2,
	tensor.Q2_K:   unpackQ2KAVX2,
	tensor.Q3_K:   unpackQ3KAVX2,
	tensor.Q4_K:   unpackQ4KAVX2,
	tensor.Q5_K:   unpackQ5KAVX2,
	tensor.Q6_K:   unpackQ6KAVX2,
	tensor.IQ4_NL: unpackIQ4NLAVX2,
	tensor.IQ4_XS: unpackIQ4XSAVX2,
	tensor.MXFP4:  unpackMXFP4AVX2,
}

var unpackAVX512 = unpackFuncs{
	tensor.Q4_0:   unpackQ40AVX512,
	tensor.Q4_1:   unpackQ41AVX512,
	tensor.Q5_0:   unpackQ50AVX512,
	tensor.Q5_1:   unpackQ51AVX512,
	tensor.Q8_0:   unpackQ80AVX512,
	tensor.Q2_K:   unpackQ2KAVX512,
	tensor.Q3_K:   unpackQ3KAVX512,
	tensor.Q4_K:   unpackQ4KAVX512,
	tensor.Q5_K:   unpackQ5KAVX512,
	tensor.Q6_K:   unpackQ6KAVX512,
	tensor.IQ4_NL: unpackIQ4NLAVX512,
	tensor.IQ4_XS: unpackIQ4XSAVX512,
	tensor.MXFP4:  unpackMXFP4AVX512,
}

// unpackAVXVNNI is AVX2, except for the types whose q of 8 bits are signed
// there and unsigned here.
var unpackAVXVNNI = func() unpackFuncs {
	u := unpackAVX2
	u[tensor.Q8_0], u[tensor.IQ4_NL], u[tensor.IQ4_XS] = unpackQ80AVXVNNI, unpackIQ4NLAVXVNNI, unpackIQ4XSAVXVNNI
	return u
}()

// decodeAVX2 are the fused routines of 256-bit levels. Their integer sums are
// exact, so one serves all of these levels.
var decodeAVX2 = [tensor.Numbers]decoder{
	tensor.Q4_0: {one: decodeQ40AVX2, halves: true},
	tensor.Q4_1: {one: decodeQ41AVX2},
	tensor.Q5_0: {one: decodeQ50AVX2},
	tensor.Q5_1: {one: decodeQ51AVX2},
	tensor.Q4_K: {one: decodeQ4KAVX2, halves: true},
	tensor.Q6_K: {one: decodeQ6KAVX2, halves: true},
}

// decodeAVX512 are the fused routines.
var decodeAVX512 = [tensor.Numbers]decoder{
	tensor.Q4_0:   {one: decodeQ40AVX512, many: decodeQ40x4AVX512, group: 4, halves: true},
	tensor.Q4_1:   {one: decodeQ41AVX512},
	tensor.Q5_0:   {one: decodeQ50AVX512},
	tensor.Q5_1:   {one: decodeQ51AVX512},
	tensor.Q8_0:   {one: decodeQ80AVX512, many: decodeQ80x2AVX512, group: 2},
	tensor.Q2_K:   {one: decodeQ2KAVX512},
	tensor.Q3_K:   {one: decodeQ3KAVX512},
	tensor.Q4_K:   {one: decodeQ4KAVX512, halves: true},
	tensor.Q5_K:   {one: decodeQ5KAVX512, halves: true},
	tensor.Q6_K:   {one: decodeQ6KAVX512, halves: true},
	tensor.IQ4_NL: {one: decodeIQ4NLAVX512, many: decodeIQ4NLx4AVX512, group: 4, halves: true},
	tensor.IQ4_XS: {one: decodeIQ4XSAVX512, halves: true},
	tensor.MXFP4:  {one: decodeMXFP4AVX512},
}

// fewAVX512 are those for fewCols columns.
var fewAVX512 = [tensor.Numbers]fewDecoder{
	tensor.Q4_0:   {one: decodeQ40AVX512n4, many: decodeQ40x4AVX512n4, group: 4, halves: true},
	tensor.Q4_1:   {one: decodeQ41AVX512n4},
	tensor.Q5_0:   {one: decodeQ50AVX512n4},
	tensor.Q5_1:   {one: decodeQ51AVX512n4},
	tensor.Q8_0:   {one: decodeQ80AVX512n4, many: decodeQ80x2AVX512n4, group: 2},
	tensor.Q4_K:   {one: decodeQ4KAVX512n4, halves: true},
	tensor.IQ4_NL: {one: decodeIQ4NLAVX512n4, many: decodeIQ4NLx4AVX512n4, group: 4, halves: true},
	tensor.IQ4_XS: {one: decodeIQ4XSAVX512n4, halves: true},
	tensor.MXFP4:  {one: decodeMXFP4AVX512n4},
}

// useVBMI replaces routines by the row-wise ones, which need AVX512_VBMI.
func useVBMI(d *[tensor.Numbers]decoder) {
	d[tensor.Q4_0].many, d[tensor.Q4_0].group = decodeQ40rowsAVX512, 4
	d[tensor.IQ4_NL].many, d[tensor.IQ4_NL].group = decodeIQ4NLrowsAVX512, 4
}

// farVBMI are the routines along far rows; two of them need AVX512_VBMI.
var farVBMI = [tensor.Numbers]farDecoder{
	tensor.Q4_0: {decodeQ40farAVX512, 4},
	tensor.Q8_0: {decodeQ80farAVX512, 2},
	tensor.Q4_K: {decodeQ4KfarAVX512, 1},
	tensor.Q6_K: {decodeQ6KfarAVX512, 1},
}

// farAVX2 serves all 256-bit levels.
var farAVX2 = [tensor.Numbers]farDecoder{
	tensor.Q8_0: {decodeQ80farAVX2, 2},
}
