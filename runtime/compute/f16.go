package compute

import "math"

// F16ToF32 converts an IEEE 754 binary16 number; every value is exact.
func F16ToF32(h uint16) float32 {
	sign := uint32(h&0x8000) << 16
	exp := uint32(h >> 10 & 0x1f)
	man := uint32(h & 0x3ff)
	switch exp {
	case 0: // zero or subnormal: man * 2^-24
		f := float32(man) * 0x1p-24
		return math.Float32frombits(math.Float32bits(f) | sign)
	case 0x1f: // infinity, or NaN made quiet as VCVTPH2PS does
		if man != 0 {
			man |= 0x200
		}
		return math.Float32frombits(sign | 0x7f800000 | man<<13)
	}
	return math.Float32frombits(sign | (exp+112)<<23 | man<<13)
}

// F32ToF16 converts to binary16, rounding to nearest even as VCVTPS2PH does.
func F32ToF16(f float32) uint16 {
	b := math.Float32bits(f)
	sign := uint16(b >> 16 & 0x8000)
	b &= 0x7fffffff
	switch {
	case b > 0x7f800000: // NaN, made quiet
		return sign | 0x7e00 | uint16(b>>13&0x1ff)
	case b >= 0x477ff000: // rounds to 2^16 or more: infinity
		return sign | 0x7c00
	case b < 0x38800000: // below 2^-14: subnormal, in units of 2^-24
		// Adding 2^-1 leaves the result, rounded, in the low bits of the sum.
		r := math.Float32frombits(b) + 0.5
		return sign | uint16(math.Float32bits(r)-math.Float32bits(0.5))
	}
	b += 0xfff + b>>13&1 // round half to even at bit 13
	return sign | uint16(b>>13-112<<10)
}

// BF16ToF32 converts a bfloat16 number: the upper half of a float32.
func BF16ToF32(h uint16) float32 { return math.Float32frombits(uint32(h) << 16) }

// F32ToBF16 converts to bfloat16, rounding to nearest even.
func F32ToBF16(f float32) uint16 {
	b := math.Float32bits(f)
	if b&0x7fffffff > 0x7f800000 {
		return uint16(b>>16) | 0x40 // NaN, made quiet
	}
	return uint16((b + 0x7fff + b>>16&1) >> 16)
}

func genericF16ToF32s(dst []float32, src []uint16) {
	for i, h := range src[:len(dst)] {
		dst[i] = F16ToF32(h)
	}
}

func genericF32ToF16s(dst []uint16, src []float32) {
	for i, f := range src[:len(dst)] {
		dst[i] = F32ToF16(f)
	}
}
