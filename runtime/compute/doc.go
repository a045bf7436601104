// Package compute holds the arithmetic of the engine: the GGML tensor types,
// matrix times activations, and the vector operations between them.
//
// The block layouts are those of ggml (ggml-common.h, GGUF version 3 files,
// July 2025). Supported: F32 F16 BF16 Q4_0 Q4_1 Q5_0 Q5_1 Q8_0 Q2_K Q3_K Q4_K
// Q5_K Q6_K IQ4_NL IQ4_XS MXFP4. Not supported: the other IQ types, TQ types,
// integer and F64 tensors.
//
// # What a matrix product computes
//
// F32, F16 and BF16 weights are multiplied with the activations as they are,
// in float32. For the quantised types the activations are first rounded to
// int8 with one float32 scale per 32 of them (see quantizeBlock). That is at
// least as fine as llama.cpp, which rounds to Q8_0 (a float16 scale per 32) or
// Q8_K (one scale per 256), so over a text the error against exact arithmetic
// is as large as llama.cpp's or smaller (TestNoise of runtime/model). Products
// within a sub-block are summed exactly as integers; sub-blocks are added in
// order with one fused multiply-add each.
//
// One element of the result is therefore always the same sequence of float32
// operations at a given level: it depends neither on the number of threads nor
// on how many columns are multiplied at once.
//
// # How
//
// Sixteen rows of weights make a strip. A strip is unpacked from the file's
// own layout into a small per-thread scratch (form.go), where lane r of every
// vector belongs to row r, and multiplied with panels of columns (tile.go).
// No copy of the weights is kept: unpacking is cheaper than reading memory, and
// in a prompt it is paid once per 16 rows for all columns. A single column
// is multiplied as the rows are unpacked, without the scratch: with AVX-512 for
// all quantised types, with AVX2 for some (decode in level.go); while one strip
// is computed the next is prefetched. The commonest types are read along rows
// from the four quarters of the matrix instead (far.go): four long streams come
// from memory faster than the sixteen short ones of a strip.
//
// Attention reads keys in blocks of 16, one vector lane for each key, and many
// queries share the reading of keys and values (attend.go).
//
// Generic Go is the truth; every assembly routine has a twin here and a test
// that compares the two. Build with the tag noasm to have the generic code only.
package compute
