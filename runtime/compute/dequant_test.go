package compute

import (
	"math"
	"math/rand/v2"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// randBlocks makes n blocks of random bits whose float16 scales are sane.
func randBlocks(r *rand.Rand, t tensor.Type, n int) []byte {
	b := make([]byte, n*t.BlockBytes())
	for i := range b {
		b[i] = byte(r.Uint32())
	}
	for i := range n {
		blk := b[i*t.BlockBytes():]
		random := t.Info().Random
		switch {
		case random.E8M0:
			blk[random.Scale] = byte(118 + r.IntN(6))
		case random.E4M3 > 0:
			for i := range random.E4M3 {
				blk[random.Scale+i] = byte(r.IntN(40))
			}
		case !t.IsFloat():
			le.PutUint16(blk[random.Scale:], F32ToF16(float32(r.NormFloat64()*0.02)))
			if random.Centre != 0 {
				le.PutUint16(blk[random.Min:], F32ToF16(float32(r.NormFloat64()*0.02)))
			}
		}
		switch t {
		case tensor.F32:
			le.PutUint32(blk, math.Float32bits(float32(r.NormFloat64()*0.02)))
		case tensor.F16:
			le.PutUint16(blk, F32ToF16(float32(r.NormFloat64()*0.02)))
		case tensor.BF16:
			le.PutUint16(blk, F32ToBF16(float32(r.NormFloat64()*0.02)))
		}
	}
	return b
}

// element computes element i of a block by bit positions alone, in float64:
// written from the format's description, not from split.
func element(t tensor.Type, b []byte, i int) float64 {
	h := func(off int) float64 { return float64(F16ToF32(le.Uint16(b[off:]))) }
	bits := func(off, n int) int { // n bits at bit offset off, little-endian
		v := 0
		for k := range n {
			v |= int(b[(off+k)/8]>>((off+k)%8)&1) << k
		}
		return v
	}
	nib := func(base int) int { return bits(8*(base+i%16)+4*(i/16), 4) }
	iq4 := []float64{-127, -104, -83, -65, -49, -35, -22, -10, 1, 13, 25, 38, 53, 69, 89, 113}
	switch t {
	case tensor.F32:
		return float64(math.Float32frombits(le.Uint32(b)))
	case tensor.F16:
		return h(0)
	case tensor.BF16:
		return float64(BF16ToF32(le.Uint16(b)))
	case tensor.Q4_0:
		return h(0) * float64(nib(2)-8)
	case tensor.Q4_1:
		return h(0)*float64(nib(4)) + h(2)
	case tensor.Q5_0:
		return h(0) * float64(nib(6)+bits(16+i, 1)*16-16)
	case tensor.Q5_1:
		return h(0)*float64(nib(8)+bits(32+i, 1)*16) + h(2)
	case tensor.Q8_0:
		return h(0) * float64(int8(b[2+i]))
	case tensor.IQ4_NL:
		return h(0) * iq4[nib(2)]
	case tensor.MXFP4:
		v := []float64{0, .5, 1, 1.5, 2, 3, 4, 6}[nib(1)&7]
		if nib(1) >= 8 {
			v = -v
		}
		return v * math.Ldexp(1, int(b[0])-127)
	case tensor.Q4_K, tensor.Q5_K:
		sub, l, q := i/32, i%32, 0
		var sc, m int
		if sub < 4 {
			sc, m = bits(32+8*sub, 6), bits(64+8*sub, 6)
		} else {
			sc = bits(96+8*(sub-4), 4) + bits(32+8*(sub-4)+6, 2)*16
			m = bits(96+8*(sub-4)+4, 4) + bits(64+8*(sub-4)+6, 2)*16
		}
		if t == tensor.Q4_K {
			q = bits(8*(16+32*(sub/2)+l)+4*(sub%2), 4)
		} else {
			q = bits(8*(48+32*(sub/2)+l)+4*(sub%2), 4) + 16*bits(8*(16+l)+sub, 1)
		}
		return h(0)*float64(sc)*float64(q) - h(2)*float64(m)
	case tensor.Q6_K:
		half, quarter, l := i/128, i%128/32, i%32
		lo := bits(8*(64*half+32*(quarter%2)+l)+4*(quarter/2), 4)
		hi := bits(8*(128+32*half+l)+2*quarter, 2)
		return h(208) * float64(int8(b[192+i/16])) * float64(lo+16*hi-32)
	case tensor.Q2_K:
		q := bits(8*(16+32*(i/128)+i%32)+2*(i%128/32), 2)
		return h(80)*float64(bits(8*(i/16), 4))*float64(q) - h(82)*float64(bits(8*(i/16)+4, 4))
	case tensor.Q3_K:
		q := bits(8*(32+32*(i/128)+i%32)+2*(i%128/32), 2) + 4*bits(8*(i%32)+i/32, 1)
		j := i / 16
		sc := bits(8*(96+j%8)+4*(j/8), 4) + 16*bits(8*(104+j%4)+2*(j/4), 2) - 32
		return h(108) * float64(sc) * float64(q-4)
	case tensor.TQ2_0:
		return h(64) * float64(bits(8*(32*(i/128)+i%32)+2*(i%128/32), 2)-1)
	case tensor.TQ1_0:
		at, n := 0, 0 // byte and digit
		switch {
		case i < 160:
			at, n = i%32, i/32
		case i < 240:
			at, n = 32+(i-160)%16, (i-160)/16
		default:
			at, n = 48+(i-240)%4, (i-240)/4
		}
		fraction := float64(b[at]) / 256
		for range n {
			fraction = fraction*3 - math.Floor(fraction*3)
		}
		return h(52) * (math.Floor(fraction*3) - 1)
	case tensor.Q1_0:
		return h(0) * float64(2*bits(16+i, 1)-1)
	case tensor.Q2_0:
		return h(0) * float64(bits(16+2*i, 2)-1)
	case tensor.NVFP4:
		s := i / 16
		v := []float64{0, .5, 1, 1.5, 2, 3, 4, 6}[bits(8*(4+8*s+i%8)+4*(i%16/8), 4)&7]
		if bits(8*(4+8*s+i%8)+4*(i%16/8), 4) >= 8 {
			v = -v
		}
		e, m := bits(8*s+3, 4), float64(bits(8*s, 3))
		if e == 0 {
			return v * m / 8 * math.Ldexp(1, -6)
		}
		return v * (1 + m/8) * math.Ldexp(1, e-7)
	case tensor.IQ4_XS:
		j := i / 32
		sc := bits(8*4+4*j, 4) + 16*bits(16+2*j, 2) - 32
		return h(0) * float64(sc) * iq4[bits(8*(8+16*j+i%16)+4*(i%32/16), 4)]
	}
	panic(t)
}

func TestDequantize(t *testing.T) {
	r := rand.New(rand.NewPCG(2, 2))
	for _, ty := range tensor.Supported() {
		const blocks = 20
		src := randBlocks(r, ty, blocks)
		dst := make([]float32, blocks*ty.BlockLen())
		Dequantize(ty, dst, src)
		for i, got := range dst {
			want := element(ty, src[i/ty.BlockLen()*ty.BlockBytes():], i%ty.BlockLen())
			// Two roundings to float32 of terms below 64*15*0.1. Not "difference > bar": NaN is no number.
			if !(math.Abs(float64(got)-want) <= 1e-6*(math.Abs(want)+1)) {
				t.Fatalf("%v element %d: %v, want %v", ty, i, got, want)
			}
		}
	}
}

// TestE8M0 covers the whole range of MXFP4's scale, subnormals included.
func TestE8M0(t *testing.T) {
	for e := range 256 {
		if got, want := float64(e8m0Half(byte(e))), math.Ldexp(1, e-128); got != want {
			t.Errorf("e = %d: %g, want %g", e, got, want)
		}
	}
}
