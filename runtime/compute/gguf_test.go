package compute

import (
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestDequantizeLikeGGML wants the numbers ggml makes of its own blocks, to the bit.
func TestDequantizeLikeGGML(t *testing.T) {
	_, answers := golden.Types(t)
	compared := 0
	for _, a := range answers {
		typ := tensor.Type(a.ID)
		if !typ.Supported() {
			continue
		}
		compared++
		got := make([]float32, len(a.Values))
		Dequantize(typ, got, a.Blocks)
		for i, want := range a.Values {
			if got[i] != want {
				t.Errorf("%v: value %d is %v, want %v", typ, i, got[i], want)
				break
			}
		}
	}
	if want := len(tensor.Supported()); compared != want {
		t.Errorf("ggml's answers cover %d of %d types; add the others to tools/oracle/types.py", compared, want)
	}
}
