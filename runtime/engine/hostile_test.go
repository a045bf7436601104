package engine

import (
	"context"
	"encoding/binary"
	"errors"
	"math"
	"runtime"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// soon is what a hostile file may take on a busy machine; alone it is some milliseconds.
const soon = 10 * time.Second

// rewrite builds a small model and changes what a callback says: keys by name, tensors in place.
func rewrite(t *testing.T, arch string, keys map[string]any, tensor func(x *gguf.Tensor)) []byte {
	t.Helper()
	b, err := modeltest.Build(arch)
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	var w gguf.Writer
	add := func(key string, v any) {
		if err := w.Add(key, v); err != nil {
			t.Fatal(err)
		}
	}
	for _, kv := range f.Keys {
		v, changed := keys[kv.Key]
		switch {
		case !changed:
			add(kv.Key, kv.Value)
		case v != nil:
			add(kv.Key, v)
		}
		delete(keys, kv.Key)
	}
	for k, v := range keys {
		if v != nil {
			add(k, v)
		}
	}
	for i := range f.Tensors {
		x := f.Tensors[i]
		x.Data = slices.Clone(x.Data)
		if tensor != nil {
			tensor(&x)
		}
		if x.Name == "" {
			continue
		}
		if err := w.AddTensor(x.Name, x.Type, x.Dims, x.Data); err != nil {
			t.Fatal(err)
		}
	}
	segments, err := w.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return slices.Concat(segments...)
}

// TestHostileKeys wants every damaged key named, with the file, whatever else is in it.
func TestHostileKeys(t *testing.T) {
	nan, inf := float32(math.NaN()), float32(math.Inf(1))
	names := func(n int) (l []string) {
		for range n {
			l = append(l, "x")
		}
		return l
	}
	for _, c := range []struct {
		arch, key string
		value     any
		want      string // besides the key
	}{
		{"llama", "general.architecture", nil, "supported are"},
		{"llama", "general.architecture", uint32(7), "want a string"},
		{"llama", "general.alignment", uint32(24), "power of two"},
		{"llama", "general.alignment", uint64(1 << 63), "want"},
		{"llama", "llama.block_count", uint64(1 << 63), "integer"},
		{"llama", "llama.block_count", "two", "integer"},
		{"llama", "llama.block_count", float32(2), "integer"},
		{"llama", "llama.block_count", int32(-2), "want 1 to"},
		{"llama", "llama.block_count", uint32(0), "want 1 to"},
		{"llama", "llama.block_count", int32(-1), "got -1, want 1 to"},
		{"llama", "llama.block_count", nil, "missing"},
		{"llama", "llama.embedding_length", uint32(0), "want 1 to"},
		{"llama", "llama.attention.head_count", uint32(0), "want 1 to"},
		{"llama", "llama.attention.head_count", []int32{4, 3}, "layer to layer"},
		{"llama", "llama.attention.head_count", []int32{}, "integer"},
		{"llama", "llama.attention.head_count_kv", uint32(3), "divisor"},
		{"llama", "llama.attention.head_count_kv", uint32(8), "want 1 to 4"},
		{"llama", "llama.attention.key_length", uint32(0), "want 1 to"},
		{"llama", "llama.attention.value_length", uint32(5), "key length"},
		{"llama", "llama.context_length", uint64(1) << 63, "integer"},
		{"llama", "llama.context_length", uint64(1) << 62, "want 1 to"},
		{"llama", "llama.context_length", uint32(0), "want 1 to"},
		{"llama", "llama.feed_forward_length", uint32(1 << 31), "want 1 to"},
		{"llama", "llama.attention.layer_norm_rms_epsilon", nan, "finite"},
		{"llama", "llama.attention.layer_norm_rms_epsilon", inf, "finite"},
		{"llama", "llama.attention.layer_norm_rms_epsilon", float32(-1), "0 or more"},
		{"llama", "llama.rope.dimension_count", uint32(1 << 20), "want 2 to 8"},
		{"llama", "llama.rope.dimension_count", uint32(7), "even"},
		{"llama", "llama.rope.freq_base", nan, ""},
		{"llama", "llama.rope.freq_base", float32(-1), ""},
		{"llama", "llama.rope.scaling.factor", nan, ""},
		{"qwen3moe", "qwen3moe.expert_used_count", uint32(9), "want 1 to"},
		{"qwen3moe", "qwen3moe.expert_used_count", uint32(0), "want 1 to"},
		{"qwen3moe", "qwen3moe.expert_count", uint32(1 << 30), "want 0 to"},
		{"gemma2", "gemma2.attn_logit_softcapping", nan, "finite"},
		{"gemma2", "gemma2.attention.sliding_window", int32(-5), ""},
		{"bert", "bert.pooling_type", uint32(77), "want 0 to"},
		{"llama", "tokenizer.ggml.model", nil, "missing"},
		{"llama", "tokenizer.ggml.model", "t5", "supported are"},
		{"llama", "tokenizer.ggml.tokens", nil, ""},
		{"llama", "tokenizer.ggml.tokens", []string{}, ""},
		{"llama", "tokenizer.ggml.tokens", []int32{1}, "want an array of strings"},
		{"llama", "tokenizer.ggml.tokens", names(1), ""},
		{"llama", "tokenizer.ggml.token_type", []int32{1, 2}, ""},
		{"llama", "tokenizer.ggml.scores", []float32{1}, ""},
		{"llama", "tokenizer.ggml.eos_token_id", "two", "integer"},
		{"llama", "tokenizer.chat_template", uint32(1), "want a string"},
		{"gpt2 words", "tokenizer.ggml.pre", "nobody-knows", "supported are"},
		{"gpt2 words", "tokenizer.ggml.merges", []int32{1}, "want an array of strings"},
		{"gpt2 words", "tokenizer.ggml.merges", nil, "missing"},
		{"gpt2 words", "tokenizer.ggml.merges", []string{"nospace"}, "merge 0"},
	} {
		keys := map[string]any{"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2", "tokenizer.ggml.merges": []string{"a n"}, c.key: c.value}
		if c.arch != "gpt2 words" {
			keys = map[string]any{c.key: c.value}
		}
		b := rewrite(t, strings.Replace(c.arch, "gpt2 words", "qwen2", 1), keys, nil)
		start := time.Now()
		e, err := Open("x.gguf", b, Options{Threads: 1})
		if err == nil {
			e.Close()
			t.Errorf("%s %v: opens", c.key, c.value)
			continue
		}
		named := strings.Contains(err.Error(), "key \""+c.key+"\"") && (c.value == nil || strings.Contains(err.Error(), "at offset 0x"))
		if c.key == "tokenizer.ggml.tokens" && c.value != nil {
			named = strings.Contains(err.Error(), "tokenizer.ggml.") // the other lists are then of the wrong length
		}
		if !strings.HasPrefix(err.Error(), "x.gguf: ") || !named || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s %v: %v; want the file, the key and %q", c.key, c.value, err, c.want)
		}
		if took := time.Since(start); took > soon {
			t.Errorf("%s: took %v", c.key, took)
		}
	}
}

// TestHostileTensors wants every damaged tensor named, with the file, its offset or what is supported.
func TestHostileTensors(t *testing.T) {
	change := func(name string, f func(x *gguf.Tensor)) func(x *gguf.Tensor) {
		return func(x *gguf.Tensor) {
			if x.Name == name {
				f(x)
			}
		}
	}
	retype := func(typ tensor.Type, bytes int) func(x *gguf.Tensor) {
		return func(x *gguf.Tensor) { x.Type, x.Data = typ, make([]byte, x.Elements()*bytes) }
	}
	reshape := func(dims ...int) func(x *gguf.Tensor) {
		return func(x *gguf.Tensor) {
			x.Dims, x.Data = dims, nil
			x.Data = make([]byte, 4*x.Elements())
		}
	}
	for _, c := range []struct {
		arch, name string
		f          func(x *gguf.Tensor)
		want       string
	}{
		{"llama", "token_embd.weight", func(x *gguf.Tensor) { x.Name = "" }, "missing"},
		{"llama", "token_embd.weight", reshape(32), ""},
		{"llama", "token_embd.weight", reshape(16, 64), "shape"},
		{"llama", "blk.0.attn_q.weight", func(x *gguf.Tensor) { x.Name = "" }, "needs"},
		{"llama", "blk.1.ffn_down.weight", reshape(64, 31), "offset"},
		{"llama", "blk.1.ffn_down.weight", reshape(64, 32, 2), "shape"},
		{"llama", "blk.0.attn_norm.weight", reshape(33), "shape"},
		{"llama", "output_norm.weight", retype(28, 8), "supported"},
		{"llama", "blk.0.attn_k.weight", retype(26, 4), "supported"},
		{"llama", "blk.0.ffn_up.weight", retype(24, 1), "supported"},
		{"qwen3moe", "blk.0.ffn_up_exps.weight", reshape(32, 16), "shape"},
		{"qwen3moe", "blk.0.ffn_gate_inp.weight", reshape(32, 3), "shape"},
		{"bert", "token_types.weight", reshape(16, 2), ""},
	} {
		e, err := Open("x.gguf", rewrite(t, c.arch, nil, change(c.name, c.f)), Options{Threads: 1})
		if err == nil {
			e.Close()
			t.Errorf("%s: opens", c.name)
			continue
		}
		if !strings.HasPrefix(err.Error(), "x.gguf: ") || !strings.Contains(err.Error(), c.name) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v; want the file, the tensor and %q", c.name, err, c.want)
		}
	}
}

// TestHostileNumbers wants a model of NaNs and infinities to say so instead of making text of them.
func TestHostileNumbers(t *testing.T) {
	for _, bad := range []float32{float32(math.NaN()), float32(math.Inf(1)), math.MaxFloat32} {
		for _, name := range []string{"token_embd.weight", "blk.0.attn_q.weight", "blk.1.ffn_down.weight", "output_norm.weight", "blk.0.attn_norm.weight"} {
			b := rewrite(t, "llama", nil, func(x *gguf.Tensor) {
				if x.Name == name {
					for i := 0; i+4 <= len(x.Data); i += 4 {
						binary.LittleEndian.PutUint32(x.Data[i:], math.Float32bits(bad))
					}
				}
			})
			e, err := Open("x.gguf", b, Options{Threads: 1})
			if err != nil {
				t.Errorf("%s of %v: %v", name, bad, err)
				continue
			}
			s := session(t, e)
			_, err = s.Generate(context.Background(), e.Tokenize("the cat", true, false), Params{N: 4, IgnoreEOS: true}, func(int32, string) error { return nil })
			if err != nil && !errors.Is(err, ErrNaN) {
				t.Errorf("%s of %v: %v, want %v", name, bad, err, ErrNaN)
			}
			if err == nil && math.IsNaN(float64(bad)) {
				t.Errorf("%s of %v makes text", name, bad)
			}
			ids := e.Tokenize("the cat in the dog", true, false)
			_, err1 := e.Logits(context.Background(), ids)
			_, err2 := e.Perplexity(context.Background(), ids, 4, nil)
			for _, err := range []error{err1, err2} {
				if math.IsNaN(float64(bad)) && err == nil || err != nil && !errors.Is(err, ErrNaN) {
					t.Errorf("%s of %v: %v, want %v", name, bad, err, ErrNaN)
				}
				if err != nil && bad != math.MaxFloat32 && !strings.Contains(err.Error(), "element 0 of tensor \""+name+"\" at offset") {
					t.Errorf("%s of %v: %v, want the tensor", name, bad, err)
				}
			}
			e.Close()
		}
	}
}

// TestEncoderText wants an encoder asked for text to say what it is.
func TestEncoderText(t *testing.T) {
	e := tiny(t, "bert", Options{})
	_, err := session(t, e).Generate(context.Background(), []int32{1, 2}, Params{N: 1}, nil)
	if !errors.Is(err, model.ErrArch) || !strings.HasPrefix(err.Error(), "tiny.gguf: ") || !strings.Contains(err.Error(), "llamaboot embed") {
		t.Errorf("got %v", err)
	}
}

// TestHostileVocabulary wants vocabularies that are large or strange to cost no more than their size.
func TestHostileVocabulary(t *testing.T) {
	b, err := modeltest.Build("qwen2")
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	tokens, err := f.Strings("tokenizer.ggml.tokens")
	if err != nil {
		t.Fatal(err)
	}
	long := slices.Clone(tokens)
	long[len(long)-1] = strings.Repeat("a", 8<<20)
	same := slices.Clone(tokens)
	for i := range same {
		same[i] = "a"
	}
	merges := []string{"a a", "aa aa", "aaaa aaaa", "a aa", "aa a", "a a", "a b", "ab a", "a ba", " ", "  ", "a a a"}
	for range 50000 {
		merges = append(merges, "a a", "aa a")
	}
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	for name, keys := range map[string]map[string]any{
		"long token":   {"tokenizer.ggml.tokens": long},
		"same tokens":  {"tokenizer.ggml.tokens": same},
		"merges":       {"tokenizer.ggml.merges": merges},
		"empty tokens": {"tokenizer.ggml.tokens": make([]string, len(tokens))},
		"bad UTF-8":    {"tokenizer.ggml.tokens": slices.Repeat([]string{"\xff\xfe"}, len(tokens))},
	} {
		start := time.Now()
		for k, v := range map[string]any{"tokenizer.ggml.model": "gpt2", "tokenizer.ggml.pre": "qwen2", "tokenizer.ggml.merges": merges} {
			if keys[k] == nil {
				keys[k] = v
			}
		}
		e, err := Open("x.gguf", rewrite(t, "qwen2", keys, nil), Options{Threads: 1})
		if err == nil {
			e.Tokenize(strings.Repeat("a", 1<<16)+" aab\xff", true, true)
			e.Close()
		} else if !strings.HasPrefix(err.Error(), "x.gguf: ") {
			t.Errorf("%s: %v", name, err)
		}
		if took := time.Since(start); took > soon {
			t.Errorf("%s: took %v", name, took)
		}
	}
	runtime.ReadMemStats(&after)
	if grown := int64(after.Sys) - int64(before.Sys); grown > 512<<20 {
		t.Errorf("took %d MiB of memory", grown>>20)
	}
}
