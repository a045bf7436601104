package compute

import "math"

// minActivation is the largest magnitude of a block of activations that is
// still rounded to zero: its reciprocal would not be finite.
const minActivation = 0x1p-100

// panelArgs is where quantisation of one column puts its results: block b of
// 32 goes to q+b*stride, slot+b*stride and scale+b*stride.
//
// A panel holds cols columns; for every 32 rows of them
//
//	int8    q[cols][32]
//	int32   slot[subs][cols]  -off * sum of the sub-block's q, or if the form has
//	float32                   minima: scale * sum
//	float32 scale[cols]
type panelArgs struct {
	q, slot, scale int // offsets into the panel
	stride         int // bytes from one block of 32 to the next
	slotStride     int // bytes from a block's first slot to its second
	f              form
}

// panelArgsFor describes column i of a panel of cols columns.
func panelArgsFor(f form, cols, i int) panelArgs {
	return panelArgs{
		q:          i * unitCols,
		slot:       cols*unitCols + 4*i,
		scale:      cols*(unitCols+4*f.subs()) + 4*i,
		stride:     cols * f.colBytes(),
		slotStride: 4 * cols,
		f:          f,
	}
}

// quantizeBlock rounds 32 activations to int8: q = round(x/scale), scale =
// max|x|/127, ties to even. It returns the scale.
func quantizeBlock(q []byte, x []float32) float32 {
	var m float32
	for _, v := range x {
		m = max(m, max(v, -v))
	}
	if m < minActivation {
		clear(q)
		return 0
	}
	id := 127 / m
	for i, v := range x {
		q[i] = byte(roundInt8(v * id))
	}
	return m / 127
}

// roundInt8 rounds to the nearest even integer; what does not fit becomes an
// end of the range and NaN the lower one, as CVTPS2DQ and PACKSS do.
func roundInt8(f float32) int8 {
	switch {
	case f >= 127:
		return 127
	case f > -128:
		return int8(math.RoundToEven(float64(f)))
	}
	return -128
}

// genericQuantize quantises the column x (a multiple of 32 long) into panel.
func genericQuantize(panel []byte, x []float32, a *panelArgs) {
	for b := 0; b*unitCols < len(x); b++ {
		p := panel[b*a.stride:]
		q := p[a.q:][:unitCols]
		d := quantizeBlock(q, x[b*unitCols:][:unitCols])
		le.PutUint32(p[a.scale:], math.Float32bits(d))
		for s := range a.f.subs() {
			var sum int32
			for _, v := range q[s*a.f.Sub:][:a.f.Sub] {
				sum += int32(int8(v))
			}
			slot := uint32(-int32(a.f.Off) * sum)
			if a.f.Min {
				slot = math.Float32bits(float32(sum) * d)
			}
			le.PutUint32(p[a.slot+s*a.slotStride:], slot)
		}
	}
}
