// Package compute holds the arithmetic of the engine: matrix times activations, and the vector operations between them.
//
// It computes with the types of runtime/tensor that have a form there, and with F32, F16 and BF16. A Level is a set of
// routines for one instruction set; a Pool is a number of threads that compute at one level.
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
// The terms, for a product of a matrix [rows, cols] and n columns of activations:
//
//	        cols: blocks of the file's type, 32 or 256 elements each
//	      +--------+--------+--------+--------+
//	      |  unit  |  unit  |  unit  |  unit  |  strip 0: rows 0 to 15
//	rows  +--------+--------+--------+--------+
//	      |        |        |        |        |  strip 1: rows 16 to 31
//	      +--------+--------+--------+--------+
//
//	strip   16 rows, a row block: lane r of every vector belongs to row r
//	unit    32 columns of a strip, taken apart: integers q, scales, minima (form.go)
//	panel   up to 12 columns of activations, rounded to int8, unit by unit (panel.go)
//	tile    the routine that multiplies a strip with a panel (tile.go)
//	pair    a tile of two strips, which shares the loading of the panel
//	item    what a thread takes at a time: some strips, or some rows of float weights
//	share   the items a thread begins with; when done it takes from the ends of others'
//
// No copy of the weights is kept: a strip is taken apart ("unpacked") into a small buffer of the thread, which is cheaper
// than reading memory, and in a prompt is paid once per strip for all columns. A single column (n = 1, "decode") is
// multiplied as the rows are unpacked, without the buffer: with AVX-512 for all quantised types, with AVX2 for some
// (Level.decode). While one strip is computed the next is prefetched.
//
// The commonest types have routines for n = 1 that read whole rows of the four quarters of the matrix side by side
// instead (far.go), for four long streams come from memory faster than the sixteen short ones of a strip:
//
//	+-------------------+
//	| row i        ->   |  stream 0
//	+-------------------+  far bytes between streams
//	| row i+rows/4 ->   |  stream 1
//	+-------------------+
//	|     ...           |  streams 2 and 3
//	+-------------------+
//
// Attention reads keys in blocks of 16, one vector lane for each key, and many
// queries share the reading of keys and values (attend.go).
//
// Generic Go is the truth; every assembly routine has a twin here and a test
// that compares the two. Build with the tag noasm to have the generic code only.
package compute
