package compute

import (
	"math"
	"math/rand/v2"
	"testing"
)

// TestF16All converts every binary16 number by the definition of IEEE 754 3.4.
func TestF16All(t *testing.T) {
	for h := range 1 << 16 {
		sign, exp, man := 1-2*float64(h>>15), h>>10&31, float64(h&1023)
		want := sign * math.Ldexp(1024+man, exp-25)
		switch {
		case exp == 0:
			want = sign * math.Ldexp(man, -24)
		case exp == 31 && man == 0:
			want = math.Inf(int(sign))
		case exp == 31:
			want = math.NaN()
		}
		got := F16ToF32(uint16(h))
		if math.Float32bits(got) != math.Float32bits(float32(want)) && !(math.IsNaN(want) && got != got) {
			t.Fatalf("%#04x: %v, want %v", h, got, want)
		}
		if got == got && F32ToF16(got) != uint16(h) {
			t.Fatalf("%#04x comes back as %#04x", h, F32ToF16(got))
		}
	}
}

// TestF16Rounding: the result is the nearest number, the even one of two.
func TestF16Rounding(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	for range 200000 {
		f := math.Float32frombits(r.Uint32())
		if f != f || math.Abs(float64(f)) >= 65520 {
			continue
		}
		h := F32ToF16(f)
		err := math.Abs(float64(f) - float64(F16ToF32(h)))
		for _, n := range []uint16{h - 1, h + 1} {
			v := F16ToF32(n)
			if n&0x7fff >= 0x7c00 || v != v {
				continue
			}
			e := math.Abs(float64(f) - float64(v))
			if e < err || e == err && h&1 == 1 {
				t.Fatalf("%v becomes %#04x, nearer is %#04x", f, h, n)
			}
		}
	}
	for f, h := range map[float32]uint16{65519: 0x7bff, 65520: 0x7c00, 1e30: 0x7c00, -1e30: 0xfc00, 0x1p-25: 0, 0x1.01p-25: 1} {
		if got := F32ToF16(f); got != h {
			t.Errorf("%v: %#04x, want %#04x", f, got, h)
		}
	}
	if h := F32ToF16(float32(math.NaN())); h&0x7fff <= 0x7c00 {
		t.Errorf("NaN becomes %#04x", h)
	}
}

func TestBF16(t *testing.T) {
	for h := range 1 << 16 {
		f := BF16ToF32(uint16(h))
		if f == f && F32ToBF16(f) != uint16(h) {
			t.Fatalf("%#04x comes back as %#04x", h, F32ToBF16(f))
		}
	}
	for f, want := range map[float32]uint16{1.00390625: 0x3f80, 1.01171875: 0x3f82, 1.005: 0x3f81} {
		if got := F32ToBF16(f); got != want {
			t.Errorf("%v: %#04x, want %#04x (ties to even)", f, got, want)
		}
	}
}
