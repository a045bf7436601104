package engine

import (
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// NoNumbers is the error of a model whose logits after n tokens are no numbers. It names the first weight that is none,
// if there is one.
func (e *Engine) NoNumbers(n int) error {
	for i := range e.file.Tensors {
		t := &e.file.Tensors[i]
		if at := notFinite(t); at >= 0 {
			return fmt.Errorf("%w after %d tokens: element %d of tensor %q at offset %#x is no finite number; the file may be damaged",
				ErrNaN, n, at, t.Name, t.Offset)
		}
	}
	return fmt.Errorf("%w after %d tokens: all weights are numbers, but too large ones; the file may be damaged", ErrNaN, n)
}

// notFinite is the first element of a tensor that is NaN or infinite, -1 if none is.
func notFinite(t *gguf.Tensor) int {
	typ := t.Type
	if !typ.Supported() {
		return -1 // the network does not use it
	}
	var row [4096]float32 // whole blocks of every type
	for from, n := 0, t.Elements(); from < n; from += len(row) {
		x := row[:min(len(row), n-from)]
		compute.Dequantize(typ, x, t.Data[typ.RowBytes(from):])
		for i, v := range x {
			if math.IsNaN(float64(v)) || math.IsInf(float64(v), 0) {
				return from + i
			}
		}
	}
	return -1
}
