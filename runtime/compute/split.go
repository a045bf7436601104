package compute

import (
	"encoding/binary"
	"math"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

var le = binary.LittleEndian

// split takes one block of a quantised type apart (ggml-common.h, block_*):
//
//	value[i] = sc[i/sub] * (q[i] - off)  - mn[i/sub]
//
// q has BlockLen elements, sc has BlockLen/sub, mn as many if the form has
// minima (else it is not touched). off is the form's constant. The products
// of the block's scale with sub-block scales are rounded to float32 once, as
// ggml does.
func split(t tensor.Type, b []byte, q []uint8, sc, mn []float32) {
	switch t {
	case tensor.Q4_0: // d f16, qs 16: low nibbles are 0..15, high 16..31
		sc[0] = f16At(b, 0)
		nibbles(q, b[2:18])
	case tensor.Q4_1: // d, m f16, qs 16
		sc[0], mn[0] = f16At(b, 0), -f16At(b, 2)
		nibbles(q, b[4:20])
	case tensor.Q5_0: // d f16, qh u32: fifth bits, qs 16
		sc[0] = f16At(b, 0)
		nibbles(q, b[6:22])
		fifthBits(q, le.Uint32(b[2:]))
	case tensor.Q5_1: // d, m f16, qh u32, qs 16
		sc[0], mn[0] = f16At(b, 0), -f16At(b, 2)
		nibbles(q, b[8:24])
		fifthBits(q, le.Uint32(b[4:]))
	case tensor.Q8_0: // d f16, qs 32 signed
		sc[0] = f16At(b, 0)
		for i, v := range b[2:34] {
			q[i] = v ^ 0x80
		}
	case tensor.IQ4_NL: // d f16, qs 16: indices into iq4Values
		sc[0] = f16At(b, 0)
		nibbles(q, b[2:18])
		lookup(q, &iq4Values)
	case tensor.MXFP4: // e u8 (E8M0 exponent), qs 16: indices into mxfp4Values
		sc[0] = e8m0Half(b[0])
		nibbles(q, b[1:17])
		lookup(q, &mxfp4Values)
	case tensor.Q2_K:
		splitQ2K(b, q, sc, mn)
	case tensor.Q3_K:
		splitQ3K(b, q, sc)
	case tensor.Q4_K:
		splitQ4K(b, q, sc, mn)
	case tensor.Q5_K:
		splitQ5K(b, q, sc, mn)
	case tensor.Q6_K:
		splitQ6K(b, q, sc)
	case tensor.IQ4_XS:
		splitIQ4XS(b, q, sc)
	case tensor.TQ1_0:
		splitTQ1(b, q, sc)
	case tensor.TQ2_0:
		splitTQ2(b, q, sc)
	case tensor.Q1_0:
		splitQ1(b, q, sc)
	case tensor.Q2_0:
		splitQ2(b, q, sc)
	case tensor.NVFP4:
		splitNVFP4(b, q, sc)
	default:
		panic("compute: split of " + t.String()) // NewMatrix admits no such type
	}
}

func f16At(b []byte, off int) float32 { return F16ToF32(le.Uint16(b[off:])) }

// nibbles spreads 16 bytes: element i is the low half of byte i, i+16 the high.
func nibbles(q []uint8, b []byte) {
	for i, v := range b {
		q[i], q[i+16] = v&15, v>>4
	}
}

// fifthBits adds bit i of h as bit 4 of element i.
func fifthBits(q []uint8, h uint32) {
	for i := range 32 {
		q[i] |= uint8(h>>i&1) << 4
	}
}

func lookup(q []uint8, table *[16]uint8) {
	for i, v := range q {
		q[i] = table[v]
	}
}

// iq4Values is ggml's kvalues_iq4nl plus 128 (the form's offset).
var iq4Values = [16]uint8{
	128 - 127, 128 - 104, 128 - 83, 128 - 65, 128 - 49, 128 - 35, 128 - 22, 128 - 10,
	128 + 1, 128 + 13, 128 + 25, 128 + 38, 128 + 53, 128 + 69, 128 + 89, 128 + 113,
}

// mxfp4Values is twice the E2M1 numbers 0 0.5 1 1.5 2 3 4 6 and their
// negatives (OCP Microscaling Formats 1.0, 5.3.3), plus 16 (the form's offset).
var mxfp4Values = [16]uint8{
	16, 17, 18, 19, 20, 22, 24, 28,
	16, 15, 14, 13, 12, 10, 8, 4,
}

// e8m0Half is half of the E8M0 scale 2^(e-127) (OCP Microscaling Formats 1.0,
// 5.4.1), to undo the doubling of mxfp4Values. e = 255 is NaN there; ggml
// reads it as 2^127, and so do we.
func e8m0Half(e byte) float32 {
	if e < 2 {
		return math.Float32frombits(0x00200000 << e) // 2^-128, 2^-127: subnormal
	}
	return math.Float32frombits(uint32(e-1) << 23)
}

// scaleMin6 returns the 6-bit scale and minimum j of the 12 packed bytes of
// Q4_K and Q5_K (get_scale_min_k4).
func scaleMin6(s []byte, j int) (sc, m uint8) {
	if j < 4 {
		return s[j] & 63, s[j+4] & 63
	}
	return s[j+4]&15 | s[j-4]>>6<<4, s[j+4]>>4 | s[j]>>6<<4
}

// splitQ4K: d, dmin f16; scales 12; qs 128. Chunk c of 32 bytes holds
// sub-block 2c in its low nibbles and 2c+1 in its high ones.
func splitQ4K(b []byte, q []uint8, sc, mn []float32) {
	d, dmin, s, qs := f16At(b, 0), f16At(b, 2), b[4:16], b[16:144]
	for j := range 8 {
		a, m := scaleMin6(s, j)
		sc[j], mn[j] = d*float32(a), dmin*float32(m)
	}
	for c := range 4 {
		for i, v := range qs[32*c : 32*c+32] {
			q[64*c+i], q[64*c+32+i] = v&15, v>>4
		}
	}
}

// splitQ5K: d, dmin f16; scales 12; qh 32; qs 128. As Q4_K; bit j of qh[i] is
// the fifth bit of element i of sub-block j.
func splitQ5K(b []byte, q []uint8, sc, mn []float32) {
	d, dmin, s, qh, qs := f16At(b, 0), f16At(b, 2), b[4:16], b[16:48], b[48:176]
	for j := range 8 {
		a, m := scaleMin6(s, j)
		sc[j], mn[j] = d*float32(a), dmin*float32(m)
	}
	for c := range 4 {
		for i, v := range qs[32*c : 32*c+32] {
			q[64*c+i] = v&15 | qh[i]>>(2*c)&1<<4
			q[64*c+32+i] = v>>4 | qh[i]>>(2*c+1)&1<<4
		}
	}
}

// splitQ6K: ql 128; qh 64; scales 16 signed; d f16. Two halves of 128: byte l
// of the four quarters' low nibbles, two high bits each from qh[l].
func splitQ6K(b []byte, q []uint8, sc []float32) {
	ql, qh, s, d := b[0:128], b[128:192], b[192:208], f16At(b, 208)
	for j := range 16 {
		sc[j] = d * float32(int8(s[j]))
	}
	for h := range 2 {
		y, l4, h2 := q[128*h:128*h+128], ql[64*h:64*h+64], qh[32*h:32*h+32]
		for l := range 32 {
			y[l] = l4[l]&15 | h2[l]&3<<4
			y[l+32] = l4[l+32]&15 | h2[l]>>2&3<<4
			y[l+64] = l4[l]>>4 | h2[l]>>4&3<<4
			y[l+96] = l4[l+32]>>4 | h2[l]>>6<<4
		}
	}
}

// splitQ2K: scales 16 (low nibble scale, high minimum); qs 64; d, dmin f16.
// Two halves of 128: bits 2j of qs[l] belong to quarter j.
func splitQ2K(b []byte, q []uint8, sc, mn []float32) {
	s, qs, d, dmin := b[0:16], b[16:80], f16At(b, 80), f16At(b, 82)
	for j := range 16 {
		sc[j], mn[j] = d*float32(s[j]&15), dmin*float32(s[j]>>4)
	}
	for h := range 2 {
		for j := range 4 {
			for l, v := range qs[32*h : 32*h+32] {
				q[128*h+32*j+l] = v >> (2 * j) & 3
			}
		}
	}
}

// splitQ3K: hmask 32; qs 64; scales 12; d f16. As Q2_K, plus a third bit:
// bit 4h+j of hmask[l]; the value is q-4. Scales are 6 bits minus 32.
func splitQ3K(b []byte, q []uint8, sc []float32) {
	hm, qs, s, d := b[0:32], b[32:96], b[96:108], f16At(b, 108)
	for j := range 16 {
		// Low nibbles in bytes 0..7 (first 8 low, last 8 high), high pairs
		// of bits in bytes 8..11.
		lo := s[j%8] >> (4 * (j / 8)) & 15
		hi := s[8+j%4] >> (2 * (j / 4)) & 3
		sc[j] = d * float32(int(lo|hi<<4)-32)
	}
	for h := range 2 {
		for j := range 4 {
			for l, v := range qs[32*h : 32*h+32] {
				q[128*h+32*j+l] = v>>(2*j)&3 | hm[l]>>(4*h+j)&1<<2
			}
		}
	}
}

// splitIQ4XS: d f16; scales_h u16; scales_l 4; qs 128. Eight sub-blocks of 32
// as IQ4_NL, scales of 6 bits minus 32.
func splitIQ4XS(b []byte, q []uint8, sc []float32) {
	d, sh, sl, qs := f16At(b, 0), le.Uint16(b[2:]), b[4:8], b[8:136]
	for j := range 8 {
		l := int(sl[j/2]>>(4*(j%2))&15) | int(sh>>(2*j)&3)<<4
		sc[j] = d * float32(l-32)
		nibbles(q[32*j:32*j+32], qs[16*j:16*j+16])
	}
	lookup(q, &iq4Values)
}
