package compute

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// maxBlock is the number of elements of the largest block.
const maxBlock = 256

// Dequantize writes the first len(dst) elements of src to dst, in float32 as
// ggml's dequantize_row does. len(dst) is a multiple of t.BlockLen() and src
// holds at least t.RowBytes(len(dst)) bytes.
func Dequantize(t tensor.Type, dst []float32, src []byte) {
	switch t {
	case tensor.F32:
		for i := range dst {
			dst[i] = math.Float32frombits(le.Uint32(src[4*i:]))
		}
		return
	case tensor.F16:
		for i := range dst {
			dst[i] = F16ToF32(le.Uint16(src[2*i:]))
		}
		return
	case tensor.BF16:
		for i := range dst {
			dst[i] = BF16ToF32(le.Uint16(src[2*i:]))
		}
		return
	}
	var (
		ti     = t.Info()
		f      = form(ti.Form)
		q      [maxBlock]uint8
		sc, mn [maxBlock / minSub]float32
	)
	for len(dst) > 0 {
		split(t, src[:ti.Bytes], q[:ti.Elems], sc[:], mn[:])
		for i, v := range q[:ti.Elems] {
			s := i / f.Sub
			// The conversion keeps the product rounded, as in C without contraction.
			dst[i] = float32(sc[s]*float32(int(v)-int(f.Off))) - mn[s]
		}
		dst, src = dst[ti.Elems:], src[ti.Bytes:]
	}
}
