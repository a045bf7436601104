package tensor

import (
	"errors"
	"testing"
)

// TestSizes compares with sizeof(block_*) of ggml-common.h.
func TestSizes(t *testing.T) {
	want := map[string][2]int{
		"F32": {1, 4}, "F16": {1, 2}, "BF16": {1, 2}, "F64": {1, 8}, "I8": {1, 1}, "I16": {1, 2}, "I32": {1, 4}, "I64": {1, 8},
		"Q4_0": {32, 18}, "Q4_1": {32, 20}, "Q5_0": {32, 22}, "Q5_1": {32, 24}, "Q8_0": {32, 34}, "Q8_1": {32, 36},
		"Q2_K": {256, 84}, "Q3_K": {256, 110}, "Q4_K": {256, 144}, "Q5_K": {256, 176}, "Q6_K": {256, 210}, "Q8_K": {256, 292},
		"IQ4_NL": {32, 18}, "IQ4_XS": {256, 136}, "MXFP4": {32, 17}, "NVFP4": {64, 36}, "Q1_0": {128, 18}, "Q2_0": {64, 18},
		"IQ2_XXS": {256, 66}, "IQ2_XS": {256, 74}, "IQ2_S": {256, 82}, "IQ3_XXS": {256, 98}, "IQ3_S": {256, 110},
		"IQ1_S": {256, 50}, "IQ1_M": {256, 56}, "TQ1_0": {256, 54}, "TQ2_0": {256, 66},
	}
	all := All()
	if len(all) != len(want) {
		t.Errorf("%d types, want %d", len(all), len(want))
	}
	for _, ty := range all {
		w, ok := want[ty.String()]
		if got := [2]int{ty.BlockLen(), ty.BlockBytes()}; !ok || got != w {
			t.Errorf("%v: %v elements, bytes; want %v", ty, got, w)
		}
		if got, want := ty.RowBytes(512), 512/w[0]*w[1]; got != want {
			t.Errorf("%v: RowBytes(512) = %d, want %d", ty, got, want)
		}
		if back, err := Parse(ty.String()); ty.Supported() && (err != nil || back != ty) || !ty.Supported() && !errors.Is(err, ErrType) {
			t.Errorf("Parse(%v) = %v, %v", ty, back, err)
		}
	}
}

// TestRows: what the rows of the table say of one type fits together.
func TestRows(t *testing.T) {
	for _, ty := range All() {
		i := ty.Info()
		if i.Float && i.Form != (Form{}) || i.Target && !ty.Supported() || i.Portable != "" && !ty.Supported() {
			t.Errorf("%v: %+v", ty, *i)
		}
		if i.Narrow != F32 && (!i.Narrow.Supported() || i.Narrow.BlockLen() >= i.Elems || i.Narrow.BlockBytes()*i.Elems < i.Bytes*i.Narrow.BlockLen()) {
			t.Errorf("%v is replaced by %v, which is no supported type of shorter blocks and as many bits", ty, i.Narrow)
		}
		if f := i.Form; f.Bits != 0 {
			if i.Elems%32 != 0 || f.Sub != 16 && f.Sub != 32 || f.Bits > 8 || f.Min && f.Off != 0 {
				t.Errorf("%v: blocks of %d in form %+v", ty, i.Elems, f)
			}
			r := i.Random
			if r.RMS <= 0 || r.Scale+1 >= i.Bytes || (r.Centre != 0) != f.Min || r.Scale+r.E4M3 > i.Bytes {
				t.Errorf("%v: random blocks %+v", ty, r)
			}
		}
	}
}

func TestUnknown(t *testing.T) {
	for _, ty := range []Type{4, 5, 38, Numbers, 1 << 31} {
		if ty.Known() || ty.Supported() || ty.BlockLen() != 0 || ty.BlockBytes() != 0 || ty.RowBytes(256) != 0 {
			t.Errorf("%v is known", ty)
		}
	}
	if got := Type(99).String(); got != "type 99" {
		t.Errorf("type 99 is called %q", got)
	}
	if _, err := Parse("Q9_9"); !errors.Is(err, ErrType) {
		t.Errorf("Parse: %v, want ErrType", err)
	}
}
