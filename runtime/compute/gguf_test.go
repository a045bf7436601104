package compute

import (
	"bytes"
	"errors"
	"math"
	"os"
	"path/filepath"
	"testing"
)

// tensor is one tensor of a test model.
type tensor struct {
	t    Type
	ne   []int
	data []byte
}

// modelTensors reads the tensors of a model in the shared test data, which
// lies beside the module; the test is skipped when it is not there. The reader
// trusts its input: these are our own test files.
func modelTensors(t *testing.T, name string) map[string]tensor {
	t.Helper()
	path := filepath.Join("..", "..", "..", "shared", "data", "models", name+".gguf")
	b, err := os.ReadFile(path)
	if errors.Is(err, os.ErrNotExist) {
		t.Skipf("%s is not there: the other tests of this package cover the same code", path)
	}
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.HasPrefix(b, []byte("GGUF")) {
		t.Fatalf("%s: no GGUF magic", path)
	}
	pos := 8
	u32 := func() int { pos += 4; return int(le.Uint32(b[pos-4:])) }
	u64 := func() int { pos += 8; return int(le.Uint64(b[pos-8:])) }
	str := func() string { n := u64(); pos += n; return string(b[pos-n : pos]) }
	size := []int{1, 1, 2, 2, 4, 4, 4, 1, 0, 0, 8, 8, 8} // of the GGUF value types
	var skip func(typ int)
	skip = func(typ int) {
		switch typ {
		case 8:
			str()
		case 9:
			et, n := u32(), u64()
			for range n {
				skip(et)
			}
		default:
			pos += size[typ]
		}
	}
	nt, nkv, align := u64(), u64(), 32
	for range nkv {
		if str() == "general.alignment" {
			u32()
			align = u32()
			continue
		}
		skip(u32())
	}
	type entry struct {
		name   string
		ten    tensor
		offset int
	}
	var list []entry
	for range nt {
		e := entry{name: str()}
		for range u32() {
			e.ten.ne = append(e.ten.ne, u64())
		}
		e.ten.t, e.offset = Type(u32()), u64()
		list = append(list, e)
	}
	base := (pos + align - 1) / align * align
	m := map[string]tensor{}
	for _, e := range list {
		n := 1
		for _, d := range e.ten.ne {
			n *= d
		}
		e.ten.data = b[base+e.offset:][:e.ten.t.RowBytes(n)]
		m[e.name] = e.ten
	}
	return m
}

// values dequantises a whole tensor.
func (x tensor) values() []float32 {
	n := 1
	for _, d := range x.ne {
		n *= d
	}
	dst := make([]float32, n)
	Dequantize(x.t, dst, x.data)
	return dst
}

// TestModelsAgree: a quantised model dequantises to the F16 model it was made
// from, within the step of its type.
func TestModelsAgree(t *testing.T) {
	bars := map[string]float64{ // relative rms error of the type
		"BF16": 0.003, "Q8_0": 0.01, "Q6_K": 0.03, "Q5_K_M": 0.06, "Q5_0": 0.07, "Q4_1": 0.1,
		"Q4_K_M": 0.1, "Q4_0": 0.12, "IQ4_NL": 0.1, "IQ4_XS": 0.1, "Q3_K_M": 0.2, "Q2_K": 0.4,
	}
	exact := modelTensors(t, "t-llama-F16")
	for name, bar := range bars {
		worst := 0.0
		for key, q := range modelTensors(t, "t-llama-"+name) {
			a, b := exact[key].values(), q.values()
			var e, n float64
			for i := range a {
				d := float64(a[i]) - float64(b[i])
				e, n = e+d*d, n+float64(a[i])*float64(a[i])
			}
			worst = max(worst, math.Sqrt(e/n))
		}
		t.Logf("%s: %.4f", name, worst)
		if !(worst <= bar) {
			t.Errorf("%s: relative rms error %.4f, want at most %.4f", name, worst, bar)
		}
	}
}
