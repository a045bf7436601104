package compute

import "math"

// genericTile multiplies units units of a strip with a panel of cols columns:
// for row r, column c and every sub-block s in order
//
//	isum   = slot + sum of q*a over the sub-block       (exact, int32)
//	out   += float(isum) * (scale[s][r] * da[c])        (fused)
//	out   -= min[s][r] * slot                           (fused; forms with minima,
//	                                                     where isum has no slot)
//
// out[c*stride+r] is set, or added to if add is true.
func genericTile(f form, strip, panel []byte, units, cols int, out []float32, stride int, add bool) {
	ub, pb := f.unitBytes(), cols*f.colBytes()
	for c := range cols {
		for r := range stripRows {
			var acc float32
			if add {
				acc = out[c*stride+r]
			}
			for u := range units {
				acc = genericUnit(f, strip[u*ub:][:ub], panel[u*pb:][:pb], cols, r, c, acc)
			}
			out[c*stride+r] = acc
		}
	}
}

// genericUnit adds one unit's product of row r and column c to acc.
func genericUnit(f form, unit, panel []byte, cols, r, c int, acc float32) float32 {
	var (
		a    = panel[c*unitCols:][:unitCols]
		da   = f32At(panel, cols*(unitCols+4*f.subs())+4*c)
		step = f.Sub / 4 // vectors of a sub-block
	)
	for s := range f.subs() {
		slot := cols*unitCols + 4*cols*s + 4*c
		var isum int32
		if !f.Min {
			isum = int32(le.Uint32(panel[slot:]))
		}
		for j := s * step; j < (s+1)*step; j++ {
			w := unit[j*laneBytes+4*r:][:4]
			for i, v := range w {
				isum += int32(v) * int32(int8(a[4*j+i]))
			}
		}
		lane := unitQ + s*laneBytes + 4*r
		acc = fma32(float32(isum), f32At(unit, lane)*da, acc)
		if f.Min {
			lane += f.subs() * laneBytes
			acc = fma32(-f32At(unit, lane), f32At(panel, slot), acc)
		}
	}
	return acc
}

// fma32 is a*b+c rounded once, up to double rounding: the product of two
// float32 is exact in float64.
func fma32(a, b, c float32) float32 { return float32(float64(a)*float64(b) + float64(c)) }

func f32At(b []byte, off int) float32 { return math.Float32frombits(le.Uint32(b[off:])) }
