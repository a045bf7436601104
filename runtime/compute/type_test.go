package compute

import (
	"errors"
	"testing"
)

// TestBlockSizes compares with sizeof(block_*) of ggml-common.h.
func TestBlockSizes(t *testing.T) {
	want := map[Type][2]int{
		F32: {1, 4}, F16: {1, 2}, BF16: {1, 2},
		Q4_0: {32, 18}, Q4_1: {32, 20}, Q5_0: {32, 22}, Q5_1: {32, 24}, Q8_0: {32, 34},
		Q2_K: {256, 84}, Q3_K: {256, 110}, Q4_K: {256, 144}, Q5_K: {256, 176}, Q6_K: {256, 210},
		IQ4_NL: {32, 18}, IQ4_XS: {256, 136}, MXFP4: {32, 17},
	}
	if n := len(Types()); n != len(want) {
		t.Errorf("%d types, want %d", n, len(want))
	}
	for ty, w := range want {
		if got := [2]int{ty.BlockLen(), ty.BlockBytes()}; got != w {
			t.Errorf("%v: %v elements, bytes; want %v", ty, got, w)
		}
		if back, err := ParseType(ty.String()); err != nil || back != ty {
			t.Errorf("ParseType(%v) = %v, %v", ty, back, err)
		}
		if got, want := ty.RowBytes(512), 512/w[0]*w[1]; got != want {
			t.Errorf("%v: RowBytes(512) = %d, want %d", ty, got, want)
		}
	}
}

func TestUnknownType(t *testing.T) {
	for _, ty := range []Type{4, 5, 9, 15, 16, 38, 40, 1 << 31} {
		if ty.Supported() || ty.BlockLen() != 0 || ty.RowBytes(256) != 0 {
			t.Errorf("%v is supported", ty)
		}
		if _, err := NewMatrix(ty, 1, 256, make([]byte, 1024)); !errors.Is(err, ErrType) {
			t.Errorf("NewMatrix(%v): %v, want ErrType", ty, err)
		}
	}
	if _, err := ParseType("Q9_9"); !errors.Is(err, ErrType) {
		t.Errorf("ParseType: %v, want ErrType", err)
	}
}

func TestNewMatrixShape(t *testing.T) {
	for _, c := range []struct{ rows, cols, bytes int }{
		{0, 32, 18}, {1, 0, 18}, {-1, 32, 18}, {1, 33, 36}, {1, 32, 17}, {2, 32, 35},
		{1 << 62, 32, 18}, {1, 1 << 62, 18}, {1 << 31, 1 << 40, 18},
	} {
		if _, err := NewMatrix(Q4_0, c.rows, c.cols, make([]byte, c.bytes)); !errors.Is(err, ErrShape) {
			t.Errorf("%+v: %v, want ErrShape", c, err)
		}
	}
	if _, err := NewMatrix(Q4_0, 2, 32, make([]byte, 36)); err != nil {
		t.Error(err)
	}
}
