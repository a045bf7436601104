package engine

import (
	"context"
	"errors"
	"math"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
)

// TestEmbed wants unit vectors that do not depend on the number of threads.
func TestEmbed(t *testing.T) {
	for _, arch := range []string{"bert", "qwen3"} {
		var want []float32
		for _, threads := range []int{1, 2, 4} {
			e := tiny(t, arch, Options{Threads: threads})
			v, err := e.Embed(t.Context(), e.Tokenize("the cat in the dog", true, false), model.PoolNone)
			if err != nil {
				t.Fatal(err)
			}
			norm := 0.0
			for _, x := range v {
				norm += float64(x) * float64(x)
			}
			if math.Abs(norm-1) > 1e-5 {
				t.Errorf("%s: length %g", arch, math.Sqrt(norm))
			}
			if want != nil && !slices.Equal(v, want) {
				t.Errorf("%s: %d threads change the vector", arch, threads)
			}
			want = v
		}
	}
}

// TestNaN wants an error from a model with a weight that is no number, not text.
func TestNaN(t *testing.T) {
	nan := make([]float32, modeltest.Embd)
	for i := range nan {
		nan[i] = float32(math.NaN())
	}
	b, err := (&modeltest.Model{Arch: "llama", Weights: map[string][]float32{"output_norm.weight": nan}}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	e, err := Open("nan.gguf", b, Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer e.Close()
	_, err = session(t, e).Generate(context.Background(), []int32{1, 260}, Params{N: 3}, func(int32, string) error { return nil })
	if !errors.Is(err, ErrNaN) || !strings.HasPrefix(err.Error(), "nan.gguf: ") {
		t.Errorf("got %v", err)
	}
}
