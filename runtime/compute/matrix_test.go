package compute

import (
	"errors"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestOtherTypes: a matrix of a type that is not computed with, or of no type, is refused.
func TestOtherTypes(t *testing.T) {
	for ty := range tensor.Type(tensor.Numbers + 1) {
		if ty.Supported() {
			continue
		}
		if _, err := NewMatrix(ty, 1, 256, make([]byte, 4096)); !errors.Is(err, tensor.ErrType) {
			t.Errorf("NewMatrix(%v): %v, want ErrType", ty, err)
		}
	}
}

func TestNewMatrixShape(t *testing.T) {
	for _, c := range []struct{ rows, cols, bytes int }{
		{0, 32, 18}, {1, 0, 18}, {-1, 32, 18}, {1, 33, 36}, {1, 32, 17}, {2, 32, 35},
		{1 << 62, 32, 18}, {1, 1 << 62, 18}, {1 << 31, 1 << 40, 18},
	} {
		if _, err := NewMatrix(tensor.Q4_0, c.rows, c.cols, make([]byte, c.bytes)); !errors.Is(err, ErrShape) {
			t.Errorf("%+v: %v, want ErrShape", c, err)
		}
	}
	if _, err := NewMatrix(tensor.Q4_0, 2, 32, make([]byte, 36)); err != nil {
		t.Error(err)
	}
}
