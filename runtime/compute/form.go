package compute

import (
	"math"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// form is a tensor.Form with the sizes of what is made of it.
type form tensor.Form

// formOf returns the form of a quantised type.
func formOf(t tensor.Type) form { return form(t.Info().Form) }

// A strip is 16 rows, unpacked in units of 32 columns. A unit is
//
//	0x000  q     8 x 64 bytes: vector j, bytes 4r..4r+3 are columns 4j..4j+3 of row r
//	0x200  scale 64 bytes (two of them if sub is 16): float32 of row 0..15
//	       min   as scale, if the form has minima
//
// so that a 32-bit lane of every vector belongs to one row.
const (
	stripRows = 16
	unitCols  = 32
	minSub    = 16
	unitQ     = stripRows * unitCols // bytes of q in a unit
	laneBytes = 4 * stripRows        // bytes of one float32 for each row
)

// subs is the number of sub-blocks in a unit: 1 or 2.
func (f form) subs() int { return unitCols / f.Sub }

// unitBytes is the size of one unit of a strip.
func (f form) unitBytes() int {
	n := unitQ + laneBytes*f.subs()
	if f.Min {
		n += laneBytes * f.subs()
	}
	return n
}

// colBytes is the size of 32 activations of one column in a panel: int8 q[32],
// one 4-byte slot for each sub-block, float32 scale.
func (f form) colBytes() int { return unitCols + 4*f.subs() + 4 }

// genericUnpack fills dst with the units of blocks blocks of nrows (1 to 16)
// rows that start at src and are rowBytes apart. Missing rows become zero.
// signed stores q-128 instead of q.
func genericUnpack(t tensor.Type, dst []byte, src []byte, rowBytes, nrows, blocks int, signed bool) {
	var (
		ti     = t.Info()
		f      = form(ti.Form)
		ub     = f.unitBytes()
		units  = ti.Elems / unitCols
		q      [maxBlock]uint8
		sc, mn [maxBlock / minSub]float32
		flip   uint8
	)
	if signed {
		flip = 0x80
	}
	clear(dst[:blocks*units*ub])
	for r := range nrows {
		row := src[r*rowBytes:]
		for b := range blocks {
			split(t, row[b*ti.Bytes:(b+1)*ti.Bytes], q[:ti.Elems], sc[:], mn[:])
			for u := range units {
				unit := dst[(b*units+u)*ub:][:ub]
				for i, v := range q[u*unitCols:][:unitCols] {
					unit[i/4*laneBytes+4*r+i%4] = v ^ flip
				}
				for s := range f.subs() {
					lane := unitQ + s*laneBytes + 4*r
					le.PutUint32(unit[lane:], math.Float32bits(sc[u*f.subs()+s]))
					if f.Min {
						lane += f.subs() * laneBytes
						le.PutUint32(unit[lane:], math.Float32bits(mn[u*f.subs()+s]))
					}
				}
			}
		}
	}
}

// cacheLine is the alignment of everything vectors are loaded from.
const cacheLine = 64

// grow returns b with length n, 64-byte aligned, reallocating when too small.
// The contents are not kept.
func grow(b []byte, n int) []byte {
	if cap(b) >= n {
		return b[:n]
	}
	b = make([]byte, n+cacheLine)
	skip := -uintptr(unsafe.Pointer(unsafe.SliceData(b))) % cacheLine
	return b[skip:][:n:n]
}
