package quant

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

var le = binary.LittleEndian

// ErrNotFinite is wrapped when a weight is NaN or infinite: it would spoil the whole block it is in.
var ErrNotFinite = errors.New("weight is not a finite number")

// Row rounds one row, whose length is a multiple of the block length, into dst.
func Row(t tensor.Type, dst []byte, x []float32) error {
	for i, v := range x {
		if v-v != 0 {
			return fmt.Errorf("%w: element %d is %v", ErrNotFinite, i, v)
		}
	}
	var block func(dst []byte, x []float32)
	switch t {
	case tensor.F32:
		block = func(dst []byte, x []float32) { le.PutUint32(dst, math.Float32bits(x[0])) }
	case tensor.F16:
		block = func(dst []byte, x []float32) { le.PutUint16(dst, compute.F32ToF16(x[0])) }
	case tensor.BF16:
		block = func(dst []byte, x []float32) { le.PutUint16(dst, compute.F32ToBF16(x[0])) }
	case tensor.Q8_0:
		block = blockQ8_0
	case tensor.Q4_0:
		block = func(dst []byte, x []float32) { blockSymmetric(dst, x, 8) }
	case tensor.Q5_0:
		block = func(dst []byte, x []float32) { blockSymmetric(dst, x, 16) }
	case tensor.Q5_1:
		block = blockQ5_1
	case tensor.Q4_K, tensor.Q5_K:
		block = func(dst []byte, x []float32) { blockMinK(t, dst, x) }
	case tensor.Q6_K:
		block = blockQ6_K
	default:
		return fmt.Errorf("%w: %v", ErrTarget, t)
	}
	n, size := t.BlockLen(), t.BlockBytes()
	for i := 0; (i+1)*n <= len(x); i++ {
		block(dst[i*size:(i+1)*size], x[i*n:(i+1)*n])
	}
	return nil
}

// putF16 stores v and returns it as it will be read back.
func putF16(dst []byte, v float32) float32 {
	h := compute.F32ToF16(v)
	le.PutUint16(dst, h)
	return compute.F16ToF32(h)
}

// inverse is 1/v, 0 for 0.
func inverse(v float32) float32 {
	if v == 0 {
		return 0
	}
	return 1 / v
}

// largest is the element with the largest absolute value.
func largest(x []float32) float32 {
	m := float32(0)
	for _, v := range x {
		if abs(v) > abs(m) {
			m = v
		}
	}
	return m
}

func abs(v float32) float32 { return math.Float32frombits(math.Float32bits(v) &^ (1 << 31)) }

// nearest rounds half to even.
func nearest(v float32) int { return int(math.RoundToEven(float64(v))) }

func clamp(v, lo, hi int) int { return min(max(v, lo), hi) }

// PutQ8 rounds x, whole blocks of finite numbers, to Q8_0. A block with a number that is not finite becomes anything,
// without a panic.
func PutQ8(dst []byte, x []float32) {
	n, size := tensor.Q8_0.BlockLen(), tensor.Q8_0.BlockBytes()
	for ; len(x) >= n; x, dst = x[n:], dst[size:] {
		blockQ8_0(dst[:size], x[:n])
	}
}

// blockQ8_0: d f16, 32 x int8. x = d*q.
func blockQ8_0(dst []byte, x []float32) {
	d := abs(largest(x)) / 127
	id := inverse(d)
	putF16(dst, d)
	for i, v := range x {
		dst[2+i] = byte(int8(math.Round(float64(v * id)))) // half away from zero here
	}
}

// blockSymmetric makes Q4_0 (half 8) and Q5_0 (half 16): d f16, for Q5_0 the fifth bits, 16 bytes with the low nibbles
// of the first half of the block and, above them, of the second. x = d*(q-half).
func blockSymmetric(dst []byte, x []float32, half int) {
	d := largest(x) / float32(-half)
	id := inverse(d)
	putF16(dst, d)
	at, fifth := 2, uint32(0)
	if half == 16 {
		at = 6
	}
	q := func(v float32) int { return min(2*half-1, int(v*id+float32(half)+0.5)) }
	for i := range 16 {
		a, b := q(x[i]), q(x[i+16])
		dst[at+i] = byte(a&15 | b&15<<4)
		fifth |= uint32(a>>4)<<i | uint32(b>>4)<<(i+16)
	}
	if half == 16 {
		le.PutUint32(dst[2:], fifth)
	}
}

// blockQ5_1: d f16, min f16, fifth bits, nibbles. x = d*q + min.
func blockQ5_1(dst []byte, x []float32) {
	lo, hi := x[0], x[0]
	for _, v := range x {
		lo, hi = min(lo, v), max(hi, v)
	}
	d := (hi - lo) / 31
	id := inverse(d)
	putF16(dst, d)
	putF16(dst[2:], lo)
	fifth := uint32(0)
	for i := range 16 {
		a, b := int((x[i]-lo)*id+0.5), int((x[i+16]-lo)*id+0.5)
		dst[8+i] = byte(a&15 | b&15<<4)
		fifth |= uint32(a>>4)<<i | uint32(b>>4)<<(i+16)
	}
	le.PutUint32(dst[4:], fifth)
}
