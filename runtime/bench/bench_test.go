package bench

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/compute"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// small is a shape that runs in no time.
var small = shape{arch: "llama", embd: 256, layers: 2, heads: 4, kvHeads: 2, ff: 512, vocab: 300, context: 64, rope: 10000}

func TestMain(m *testing.M) {
	shapes["small"] = small
	tied := small
	tied.arch, tied.tied, tied.bias = "qwen2", true, true
	shapes["small-tied"] = tied
	m.Run()
}

func TestRun(t *testing.T) {
	for _, spec := range []string{"small:Q4_K_M", "small:F16", "small-tied:Q8_0"} {
		file, err := SyntheticBytes(spec)
		if err != nil {
			t.Fatal(err)
		}
		r, err := Run(context.Background(), file, Options{Prompt: 20, Gen: 5, Threads: []int{1, 2}, Reps: 3})
		if err != nil {
			t.Fatalf("%s: %v", spec, err)
		}
		if r.Level != compute.BestLevel().String() || len(r.Rounds) != 2 {
			t.Fatalf("%s: %+v", spec, r)
		}
		for i, round := range r.Rounds {
			if round.Threads != i+1 || len(round.Results) != 2 || round.FirstToken <= 0 || round.Bandwidth <= 0 || round.Share <= 0 {
				t.Errorf("%s: round %+v", spec, round)
			}
			for k, name := range []string{"pp20", "tg5"} {
				x := round.Results[k]
				if x.Test != name || x.Threads != i+1 || !(0 < x.Min && x.Min <= x.Median && x.Median <= x.Max) {
					t.Errorf("%s: %+v", spec, x)
				}
			}
		}
	}
}

// TestOptional: memory and processor time are measured only if asked for.
func TestOptional(t *testing.T) {
	file, err := SyntheticBytes("small:Q4_0")
	if err != nil {
		t.Fatal(err)
	}
	o := Options{Prompt: -1, Gen: 20, Reps: 1, Threads: []int{1}, NoBandwidth: true, CPU: true}
	r, err := Run(context.Background(), file, o)
	if err != nil {
		t.Fatal(err)
	}
	if x := r.Rounds[0]; x.Bandwidth != 0 || x.Share != 0 || len(x.Results) != 1 || x.Results[0].Test != "tg20" {
		t.Errorf("%+v", x)
	}
	var text, lines bytes.Buffer
	if err := r.WriteText(&text); err != nil || !strings.Contains(text.String(), "tg20") {
		t.Errorf("text %q, %v", text.String(), err)
	}
	if err := r.WriteJSON(&lines); err != nil || strings.Count(lines.String(), "\n") != 1 || !json.Valid(lines.Bytes()) {
		t.Errorf("JSON %q, %v", lines.String(), err)
	}
}

func TestCancel(t *testing.T) {
	file, err := SyntheticBytes("small:Q4_0")
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Run(ctx, file, Options{}); err == nil {
		t.Error("a cancelled run has no error")
	}
}

func TestResult(t *testing.T) {
	s := samples{wall: []float64{3, 1, 2}}
	if r := s.result("x", 1); r.Min != 1 || r.Median != 2 || r.Max != 3 || r.CPU != 0 {
		t.Errorf("%+v", r)
	}
	s.cpu = []float64{4, 1}
	if r := s.result("x", 1); r.CPU != 2.5 {
		t.Errorf("%+v", r)
	}
}

// TestSynthetic: the same bytes every time, and the types llama.cpp's mix has.
func TestSynthetic(t *testing.T) {
	a, err := SyntheticBytes("small:Q4_K_M")
	if err != nil {
		t.Fatal(err)
	}
	b, _ := SyntheticBytes("small:Q4_K_M")
	if !bytes.Equal(a, b) {
		t.Error("two runs differ")
	}
	f, err := gguf.Parse(a)
	if err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]tensor.Type{
		"token_embd.weight": tensor.Q4_K, "output.weight": tensor.Q6_K, "output_norm.weight": tensor.F32,
		"blk.0.attn_q.weight": tensor.Q4_K, "blk.1.attn_v.weight": tensor.Q6_K, "blk.1.ffn_down.weight": tensor.Q6_K,
	} {
		if got := f.Tensor(name).Type; got != want {
			t.Errorf("%s is %v, want %v", name, got, want)
		}
	}
	total := 0
	for i := range f.Tensors {
		total += len(f.Tensors[i].Data)
	}
	if got, want := weightBytes(f), total-len(f.Tensor("token_embd.weight").Data); got != want {
		t.Errorf("%d bytes of weights a token, want %d", got, want)
	}
	for _, spec := range []string{"small", "small:Q9", "nothing:Q4_0"} {
		if _, err := SyntheticBytes(spec); err == nil {
			t.Errorf("%q is accepted", spec)
		}
	}
	if l := Shapes(); len(l) != 6 || l[0] != "llama-3.2-1b" {
		t.Errorf("shapes %v", l)
	}
}

// TestRandomBlocks: values have the size asked for, in every type.
func TestRandomBlocks(t *testing.T) {
	for _, ty := range tensor.Supported() {
		const n = 2048
		x := make([]float32, n)
		compute.Dequantize(ty, x, randomBlocks(ty, n/ty.BlockLen(), 0.02, 1))
		var sq float64
		for _, v := range x {
			sq += float64(v) * float64(v)
		}
		if rms := math.Sqrt(sq / n); !(rms > 0.01 && rms < 0.04) {
			t.Errorf("%v: root mean square %.4f, want about 0.02", ty, rms)
		}
	}
}

// BenchmarkReadAll is the rate that generation is compared with.
func BenchmarkReadAll(b *testing.B) {
	for _, threads := range []int{1, 2} {
		b.Run(fmt.Sprintf("t%d", threads), func(b *testing.B) {
			p := compute.NewPool(threads, nil)
			defer p.Close()
			buf := make([]float32, bandwidthBytes/4)
			clear(buf) // so that every page is there
			b.SetBytes(bandwidthBytes)
			b.ResetTimer()
			for range b.N {
				readAll(p, buf)
			}
		})
	}
}
