package quant

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// The k-quants: 256 weights in sub-blocks whose scales are themselves rounded.
const (
	superBlock = 256
	tinyGroup  = 1e-15 // a group without larger elements is zero
)

// blockMinK makes Q4_K and Q5_K: d, dmin f16; 12 bytes of 6-bit scales and mins of 8 sub-blocks of 32; for Q5_K 32
// bytes of fifth bits; 128 bytes of nibbles. x = d*scale*q - dmin*min.
func blockMinK(t tensor.Type, dst []byte, x []float32) {
	levels, from, steps := 15, float32(-1), 20
	if t == tensor.Q5_K {
		levels, from, steps = 31, -0.5, 15
	}
	var scales, mins [8]float32
	var q [superBlock]uint8
	maxScale, maxMin := float32(0), float32(0)
	for j := range 8 {
		sub := x[32*j : 32*j+32]
		sum := float32(0)
		for _, v := range sub {
			sum += v * v
		}
		mean := float32(math.Sqrt(float64(sum / 32)))
		var w [32]float32
		for i, v := range sub {
			w[i] = mean + abs(v) // larger weights matter more
		}
		scales[j], mins[j] = fitMin(sub, w[:], levels, from, steps)
		maxScale, maxMin = max(maxScale, scales[j]), max(maxMin, mins[j])
	}
	d, dmin := putF16(dst, maxScale/63), putF16(dst[2:], maxMin/63)
	packed := dst[4:16]
	clear(packed)
	for j := range 8 {
		s, m := 0, 0
		if maxScale > 0 {
			s = min(63, nearest(63/maxScale*scales[j]))
		}
		if maxMin > 0 {
			m = min(63, nearest(63/maxMin*mins[j]))
		}
		if j < 4 {
			packed[j] |= byte(s)
			packed[j+4] |= byte(m)
		} else {
			packed[j+4] = byte(s&15 | m&15<<4)
			packed[j-4] |= byte(s>>4) << 6
			packed[j] |= byte(m>>4) << 6
		}
		ds, dm := d*float32(s), dmin*float32(m)
		if ds == 0 {
			continue
		}
		for i := 32 * j; i < 32*j+32; i++ {
			q[i] = uint8(clamp(nearest((x[i]+dm)/ds), 0, levels))
		}
	}
	nibbles := dst[16:]
	if t == tensor.Q5_K {
		high := dst[16:48]
		clear(high)
		for i, v := range q {
			high[i%32] |= v >> 4 << (i / 32)
		}
		nibbles = dst[48:]
	}
	for c := range 4 { // chunks of 64: the first half in the low nibbles
		for i := range 32 {
			nibbles[32*c+i] = q[64*c+i]&15 | q[64*c+32+i]&15<<4
		}
	}
}

// fitMin finds scale and min (not negative) so that scale*q - min with q in 0..levels is nearest to x in the weighted
// least squares sense: a start from the range of x, then a few scales around it, each followed by linear regression.
func fitMin(x, w []float32, levels int, from float32, steps int) (scale, least float32) {
	lo, hi := x[0], x[0]
	sumW, sumX := w[0], w[0]*x[0]
	for i := 1; i < len(x); i++ {
		lo, hi = min(lo, x[i]), max(hi, x[i])
		sumW += w[i]
		sumX += w[i] * x[i]
	}
	lo = min(lo, 0)
	if hi == lo {
		return 0, -lo
	}
	n := float32(levels)
	// Later starts build on the best offset so far: lo moves.
	level := func(inv, v float32) float32 { return float32(clamp(nearest(inv*(v-lo)), 0, levels)) }
	inv := n / (hi - lo)
	scale = 1 / inv
	best := float32(0)
	for i, v := range x {
		d := scale*level(inv, v) + lo - v
		best += w[i] * d * d
	}
	for s := range steps + 1 {
		inv := (from + 0.1*float32(s) + n) / (hi - lo)
		var sumL, sumL2, sumXL float32
		for i, v := range x {
			l := level(inv, v)
			sumL += w[i] * l
			sumL2 += w[i] * l * l
			sumXL += w[i] * l * v
		}
		det := sumW*sumL2 - sumL*sumL
		if det <= 0 {
			continue
		}
		thisScale, thisMin := (sumW*sumXL-sumX*sumL)/det, (sumL2*sumX-sumL*sumXL)/det
		if thisMin > 0 {
			thisScale, thisMin = sumXL/sumL2, 0
		}
		e := float32(0)
		for i, v := range x {
			d := thisScale*level(inv, v) + thisMin - v
			e += w[i] * d * d
		}
		if e < best {
			best, scale, lo = e, thisScale, thisMin
		}
	}
	return scale, -lo
}

// blockQ6_K: 128 bytes of low nibbles, 64 of high pairs of bits, 16 int8 scales of sub-blocks of 16, d f16.
// x = d*scale*(q-32).
func blockQ6_K(dst []byte, x []float32) {
	clear(dst)
	var scales [16]float32
	for j := range scales {
		scales[j] = fitSymmetric(x[16*j:16*j+16], 32)
	}
	most := largest(scales[:])
	if abs(most) < tinyGroup {
		return
	}
	inv := -128 / most
	d := putF16(dst[208:], 1/inv)
	var q [superBlock]uint8
	for j := range scales {
		s := min(127, nearest(inv*scales[j]))
		dst[192+j] = byte(int8(s))
		ds := d * float32(s)
		for i := 16 * j; i < 16*j+16; i++ {
			q[i] = 32 // zero, also for a scale that was rounded away
			if ds != 0 {
				q[i] = uint8(clamp(nearest(x[i]/ds), -32, 31) + 32)
			}
		}
	}
	for h := range 2 { // halves of 128
		p := q[128*h : 128*h+128]
		low, high := dst[64*h:], dst[128+32*h:]
		for i := range 32 {
			a, b, c, e := p[i], p[i+32], p[i+64], p[i+96]
			low[i] = a&15 | c&15<<4
			low[i+32] = b&15 | e&15<<4
			high[i] = a>>4 | b>>4<<2 | c>>4<<4 | e>>4<<6
		}
	}
}

// fitSymmetric finds the scale so that scale*l with l in -half..half-1 is nearest to x, weighted by x^2: a start from
// the largest element, then scales around it.
func fitSymmetric(x []float32, half int) float32 {
	most := largest(x)
	if abs(most) < tinyGroup {
		return 0
	}
	sums := func(inv float32) (lx, l2 float32) {
		for _, v := range x {
			l := float32(clamp(nearest(inv*v), -half, half-1))
			lx += v * v * v * l
			l2 += v * v * l * l
		}
		return lx, l2
	}
	n := float32(half)
	lx, l2 := sums(-n / most)
	scale := float32(0)
	if l2 > 0 {
		scale = lx / l2
	}
	best := scale * lx
	for s := -9; s <= 9; s++ {
		if s == 0 {
			continue
		}
		lx, l2 := sums(-(n + 0.1*float32(s)) / most)
		if l2 > 0 && lx*lx > best*l2 {
			scale = lx / l2
			best = scale * lx
		}
	}
	return scale
}
