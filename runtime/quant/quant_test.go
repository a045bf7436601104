package quant

import (
	"bytes"
	"encoding/binary"
	"errors"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/golden"
	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// rms is the root mean square difference of dequantised data and x, relative to that of x.
func rms(t tensor.Type, data []byte, x []float32) float64 {
	y := make([]float32, len(x))
	compute.Dequantize(t, y, data)
	var d, s float64
	for i := range x {
		d += float64(y[i]-x[i]) * float64(y[i]-x[i])
		s += float64(x[i]) * float64(x[i])
	}
	return math.Sqrt(d / s)
}

// TestRows wants errors of the size the number of bits allows for normally distributed weights. The bounds are 3 %
// above what llama.cpp's quantisation reaches.
func TestRows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	x := make([]float32, 256*64)
	for i := range x {
		x[i] = float32(r.NormFloat64())
	}
	for typ, bound := range map[tensor.Type]float64{tensor.F32: 0, tensor.F16: 0.0004, tensor.BF16: 0.003, tensor.Q8_0: 0.0065,
		tensor.Q4_0: 0.092, tensor.Q5_0: 0.046, tensor.Q5_1: 0.040, tensor.Q4_K: 0.074, tensor.Q5_K: 0.038, tensor.Q6_K: 0.021} {
		data := make([]byte, typ.RowBytes(len(x)))
		if err := Row(typ, data, x); err != nil {
			t.Fatal(err)
		}
		if e := rms(typ, data, x); e > bound {
			t.Errorf("%v: relative error %.5f, want at most %.5f", typ, e, bound)
		}
	}
}

// TestEdges rounds blocks that are easy to get wrong.
func TestEdges(t *testing.T) {
	for _, typ := range []tensor.Type{tensor.Q8_0, tensor.Q4_0, tensor.Q5_0, tensor.Q5_1, tensor.Q4_K, tensor.Q5_K, tensor.Q6_K} {
		for name, f := range map[string]func(i int) float32{
			"zero": func(int) float32 { return 0 }, "constant": func(int) float32 { return 0.25 }, "negative": func(int) float32 { return -0.25 },
			"one": func(i int) float32 { return float32(max(0, 1-i)) }, "tiny": func(i int) float32 { return float32(i%5) * 1e-30 },
			"steps": func(i int) float32 { return float32(i - 100) },
		} {
			x := make([]float32, 256)
			for i := range x {
				x[i] = f(i)
			}
			data := make([]byte, typ.RowBytes(len(x)))
			if err := Row(typ, data, x); err != nil {
				t.Fatal(err)
			}
			y := make([]float32, len(x))
			compute.Dequantize(typ, y, data)
			span := 0.0
			for _, v := range x {
				span = max(span, math.Abs(float64(v)))
			}
			for i := range x {
				if e := math.Abs(float64(y[i] - x[i])); !(e <= span*0.13+1e-7) {
					t.Errorf("%v %s: element %d is %v, want about %v", typ, name, i, y[i], x[i])
					break
				}
			}
		}
		nan := make([]float32, 256)
		nan[7] = float32(math.NaN())
		if err := Row(typ, make([]byte, typ.RowBytes(256)), nan); !errors.Is(err, ErrNotFinite) {
			t.Errorf("%v of NaN: %v", typ, err)
		}
	}
	if err := Row(tensor.IQ4_XS, make([]byte, 1000), make([]float32, 256)); !errors.Is(err, ErrTarget) {
		t.Errorf("IQ4_XS: %v", err)
	}
}

// TestAgainstGGML quantises the numbers ggml quantised and wants no larger error.
func TestAgainstGGML(t *testing.T) {
	source, answers := golden.Types(t)
	compared := 0
	for _, a := range answers {
		typ := tensor.Type(a.ID)
		if !typ.Supported() {
			continue
		}
		ours := make([]byte, len(a.Blocks))
		if err := Row(typ, ours, source); errors.Is(err, ErrTarget) {
			continue // a type that quantize does not write
		} else if err != nil {
			t.Fatal(err)
		}
		compared++
		mine, theirs := rms(typ, ours, source), rms(typ, a.Blocks, source)
		if !(mine <= theirs*1.002+1e-6) {
			t.Errorf("%v: relative error %.6f, ggml's %.6f", typ, mine, theirs)
		}
	}
	if compared < 9 {
		t.Errorf("%d types compared", compared)
	}
}

// TestAgainstLlamaCPP quantises a model and compares types and errors with llama.cpp's own files, where ../shared/data has them.
func TestAgainstLlamaCPP(t *testing.T) {
	compared := 0
	for _, m := range golden.Models(t) {
		name, ok := strings.CutPrefix(m.Name, "t-llama-")
		if !ok || !slices.Contains(Targets(), name) || name == "F16" {
			continue
		}
		compared++
		compareFile(t, name, filepath.Join(filepath.Dir(m.File), "t-llama-F16.gguf"), m.File)
	}
	t.Logf("%d files compared", compared)
}

// compareFile quantises source to a type and compares it with llama.cpp's file of that type.
func compareFile(t *testing.T, name, source, file string) {
	f, theirs := parseFile(t, source), parseFile(t, file)
	pool := compute.NewPool(2, nil)
	defer pool.Close()
	w, err := File(f, name, pool, nil)
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := w.WriteTo(&out); err != nil {
		t.Fatal(err)
	}
	ours, err := gguf.Parse(out.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	for i := range theirs.Tensors {
		a := &theirs.Tensors[i]
		o := ours.Tensor(a.Name)
		if o == nil {
			t.Errorf("%s: there is no %s", name, a.Name)
			continue
		}
		if o.Type != a.Type {
			t.Errorf("%s: %s is %v, want %v", name, a.Name, o.Type, a.Type)
			continue
		}
		x := make([]float32, a.Elements())
		src := f.Tensor(a.Name)
		compute.Dequantize(src.Type, x, src.Data)
		mine, llama := rms(o.Type, o.Data, x), rms(a.Type, a.Data, x)
		if !(mine <= llama*1.002+1e-6) {
			t.Errorf("%s: %s (%v): relative error %.6f, llama.cpp's %.6f", name, a.Name, a.Type, mine, llama)
		}
	}
}

func parseFile(t *testing.T, name string) *gguf.File {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// TestFile quantises a model whose rows fit no k-quant, and keeps what must be kept.
func TestFile(t *testing.T) {
	b, err := modeltest.Build("qwen3moe")
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	pool := compute.NewPool(1, nil)
	defer pool.Close()
	if _, err := File(f, "Q3_X", pool, nil); !errors.Is(err, ErrTarget) {
		t.Errorf("Q3_X: %v", err)
	}
	var huge gguf.Writer
	if err := huge.Add("general.note", strings.Repeat("x", 65<<20)); err != nil {
		t.Fatal(err)
	}
	parts, err := huge.Segments()
	if err != nil {
		t.Fatal(err)
	}
	h, err := gguf.Parse(slices.Concat(parts...))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := File(h, "Q8_0", pool, nil); !errors.Is(err, gguf.ErrCorrupt) || !strings.Contains(err.Error(), `key "general.note" at offset`) {
		t.Errorf("huge value: %v", err)
	}
	for _, name := range Targets() {
		calls := 0
		w, err := File(f, name, pool, func(int, int, string, tensor.Type, tensor.Type) { calls++ })
		if err != nil {
			t.Fatal(err)
		}
		var out bytes.Buffer
		if _, err := w.WriteTo(&out); err != nil {
			t.Fatal(err)
		}
		g, err := gguf.Parse(out.Bytes())
		if err != nil {
			t.Fatal(err)
		}
		if calls != len(f.Tensors) || len(g.Tensors) != len(f.Tensors) {
			t.Errorf("%s: %d calls, %d tensors, want %d", name, calls, len(g.Tensors), len(f.Tensors))
		}
		if ft, _ := g.Int("general.file_type", -1); ft != int(targets[name].fileType) {
			t.Errorf("%s: file type %d", name, ft)
		}
		for _, kept := range []string{"blk.0.attn_norm.weight", "blk.0.attn_q_norm.weight", "blk.1.ffn_gate_inp.weight"} {
			if g.Tensor(kept).Type != tensor.F32 {
				t.Errorf("%s: %s became %v", name, kept, g.Tensor(kept).Type)
			}
		}
		if got := g.Tensor("blk.0.ffn_up_exps.weight").Type; got == tensor.F32 {
			t.Errorf("%s: experts stayed %v", name, got)
		}
	}
}

// TestDamaged wants a tensor with a NaN named instead of rounded.
func TestDamaged(t *testing.T) {
	var w gguf.Writer
	data := make([]byte, 4*256*2)
	binary.LittleEndian.PutUint32(data[4*300:], math.Float32bits(float32(math.NaN())))
	if err := w.AddTensor("blk.0.ffn_up.weight", tensor.F32, []int{256, 2}, data); err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if _, err := w.WriteTo(&b); err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b.Bytes())
	if err != nil {
		t.Fatal(err)
	}
	pool := compute.NewPool(1, nil)
	defer pool.Close()
	q, err := File(f, "Q8_0", pool, nil)
	if err == nil {
		_, err = q.WriteTo(io.Discard)
	}
	if !errors.Is(err, ErrNotFinite) || !strings.Contains(err.Error(), `"blk.0.ffn_up.weight", row 1: `) || !strings.Contains(err.Error(), "element 44 is NaN") {
		t.Errorf("%v", err)
	}
}
