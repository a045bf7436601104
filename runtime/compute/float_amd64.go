//go:build !noasm

package compute

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// floatFunc is an assembly tile of float weights; n counts whole vectors.
type floatFunc func(w *byte, rowBytes int, x *float32, xs, n int, out *float32, stride int, next uintptr)

// floatTiles are the routines of one type: four rows by the index, and one row
// by one column.
type floatTiles struct {
	four [7]floatFunc
	one  floatFunc
}

// do covers rows x cols with routines, widest first, and adds the elements
// after the last whole vector of lanes.
func (k *floatTiles) do(t tensor.Type, lanes int, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, next uintptr) {
	for c := 0; c < cols; {
		xc := (*float32)(unsafe.Add(unsafe.Pointer(x), 4*c*xs))
		oc := (*float32)(unsafe.Add(unsafe.Pointer(out), 4*c*stride))
		if rows == 4 {
			width := cols - c
			for k.four[width] == nil {
				width--
			}
			k.four[width](w, rowBytes, xc, xs, n/lanes, oc, stride, next)
			c += width
			continue
		}
		for r := range rows {
			k.one(at(w, r*rowBytes), rowBytes, xc, xs, n/lanes, (*float32)(unsafe.Add(unsafe.Pointer(oc), 4*r)), stride, next)
		}
		c++
	}
	if from := n - n%lanes; from < n {
		floatTail(t, w, rowBytes, x, xs, from, n, rows, cols, out, stride)
	}
}

// floatTail adds elements from..n to a tile.
func floatTail(t tensor.Type, w *byte, rowBytes int, x *float32, xs, from, n, rows, cols int, out *float32, stride int) {
	var row [16]float32
	for r := range rows {
		Dequantize(t, row[:n-from], unsafe.Slice(at(w, r*rowBytes+t.RowBytes(from)), t.RowBytes(n-from)))
		for c := range cols {
			col := unsafe.Slice((*float32)(unsafe.Add(unsafe.Pointer(x), 4*(c*xs+from))), n-from)
			*(*float32)(unsafe.Add(unsafe.Pointer(out), 4*(c*stride+r))) += genericDot(row[:n-from], col)
		}
	}
}

var (
	floatsAVX512 = map3[floatTiles]{
		tensor.F32:  {four: [7]floatFunc{1: floatF32AVX512r4n1, 2: floatF32AVX512r4n2, 4: floatF32AVX512r4n4, 6: floatF32AVX512r4n6}, one: floatF32AVX512r1n1},
		tensor.F16:  {four: [7]floatFunc{1: floatF16AVX512r4n1, 2: floatF16AVX512r4n2, 4: floatF16AVX512r4n4, 6: floatF16AVX512r4n6}, one: floatF16AVX512r1n1},
		tensor.BF16: {four: [7]floatFunc{1: floatBF16AVX512r4n1, 2: floatBF16AVX512r4n2, 4: floatBF16AVX512r4n4, 6: floatBF16AVX512r4n6}, one: floatBF16AVX512r1n1},
	}
	floatsAVX2 = map3[floatTiles]{
		tensor.F32:  {four: [7]floatFunc{1: floatF32AVX2r4n1, 2: floatF32AVX2r4n2, 3: floatF32AVX2r4n3}, one: floatF32AVX2r1n1},
		tensor.F16:  {four: [7]floatFunc{1: floatF16AVX2r4n1, 2: floatF16AVX2r4n2, 3: floatF16AVX2r4n3}, one: floatF16AVX2r1n1},
		tensor.BF16: {four: [7]floatFunc{1: floatBF16AVX2r4n1, 2: floatBF16AVX2r4n2, 3: floatBF16AVX2r4n3}, one: floatBF16AVX2r1n1},
	}
	floatsSSE2 = map3[floatTiles]{
		tensor.F32:  {four: [7]floatFunc{1: floatF32SSE2r4n1}, one: floatF32SSE2r1n1},
		tensor.F16:  {four: [7]floatFunc{1: floatF16SSE2r4n1}, one: floatF16SSE2r1n1},
		tensor.BF16: {four: [7]floatFunc{1: floatBF16SSE2r4n1}, one: floatBF16SSE2r1n1},
	}
)

// map3 is indexed by the float types, BF16 (30) being the largest.
type map3[T any] [tensor.BF16 + 1]T

func floatTileAVX512(t tensor.Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, next uintptr) {
	floatsAVX512[t].do(t, 16, w, rowBytes, x, xs, n, rows, cols, out, stride, next)
}

func floatTileAVX2(t tensor.Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, next uintptr) {
	floatsAVX2[t].do(t, 8, w, rowBytes, x, xs, n, rows, cols, out, stride, next)
}

func floatTileSSE2(t tensor.Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, next uintptr) {
	floatsSSE2[t].do(t, 4, w, rowBytes, x, xs, n, rows, cols, out, stride, next)
}
