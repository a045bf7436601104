package bench

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// shape is what a model's speed depends on.
type shape struct {
	arch                                    string
	embd, layers, heads, kvHeads, ff, vocab int
	context                                 int
	rope                                    float32
	tied                                    bool // the output layer is the embedding table
	bias                                    bool // of q, k and v
	divisors                                bool // of the rope's frequencies
}

// shapes are the published hyperparameters of models people measure with.
var shapes = map[string]shape{
	"smollm2-135m":   {arch: "llama", embd: 576, layers: 30, heads: 9, kvHeads: 3, ff: 1536, vocab: 49152, context: 8192, rope: 100000, tied: true},
	"qwen2.5-0.5b":   {arch: "qwen2", embd: 896, layers: 24, heads: 14, kvHeads: 2, ff: 4864, vocab: 151936, context: 32768, rope: 1000000, tied: true, bias: true},
	"tinyllama-1.1b": {arch: "llama", embd: 2048, layers: 22, heads: 32, kvHeads: 4, ff: 5632, vocab: 32000, context: 2048, rope: 10000},
	"llama-3.2-1b":   {arch: "llama", embd: 2048, layers: 16, heads: 32, kvHeads: 8, ff: 8192, vocab: 128256, context: 131072, rope: 500000, tied: true, divisors: true},
}

// Synthetic writes a model of random weights with the shape and types of a
// real one, for measuring without a download. spec is SHAPE:TYPE, such as
// tinyllama-1.1b:Q4_K_M; TYPE is a tensor type, Q4_K_M or Q5_K_M. The same
// spec gives the same bytes. The text the model writes means nothing.
func Synthetic(out io.Writer, spec string) error {
	name, s, m, err := parseSpec(spec)
	if err != nil {
		return err
	}
	b := builder{shape: s, mix: m}
	b.keys(name)
	b.tensors()
	if b.err != nil {
		return fmt.Errorf("synthetic %s: %w", spec, b.err)
	}
	_, err = b.w.WriteTo(out)
	return err
}

// CheckSynthetic returns an error when Synthetic does not know the shape or type of spec.
func CheckSynthetic(spec string) error {
	_, _, _, err := parseSpec(spec)
	return err
}

func parseSpec(spec string) (name string, s shape, m mix, err error) {
	name, typ, _ := strings.Cut(spec, ":")
	s, ok := shapes[name]
	if !ok {
		return "", s, m, fmt.Errorf("unknown shape %q: want one of %s", name, strings.Join(Shapes(), " "))
	}
	m, err = mixOf(typ, s)
	return name, s, m, err
}

// SyntheticBytes is Synthetic into memory.
func SyntheticBytes(spec string) ([]byte, error) {
	var b bytes.Buffer
	err := Synthetic(&b, spec)
	return b.Bytes(), err
}

// Shapes lists the names Synthetic knows.
func Shapes() []string {
	var l []string
	for n := range shapes {
		l = append(l, n)
	}
	slices.Sort(l)
	return l
}

// mix says which type llama.cpp's quantiser gives a tensor (llama-quant.cpp).
type mix struct {
	base   tensor.Type
	better tensor.Type // for attn_v and ffn_down of some layers
	output tensor.Type
}

func mixOf(typ string, s shape) (mix, error) {
	switch strings.ToUpper(typ) {
	case "Q4_K_M":
		return mix{tensor.Q4_K, tensor.Q6_K, tensor.Q6_K}, nil
	case "Q5_K_M":
		return mix{tensor.Q5_K, tensor.Q6_K, tensor.Q6_K}, nil
	}
	t, err := tensor.Parse(typ)
	if err != nil {
		return mix{}, err
	}
	m := mix{t, t, t}
	if t.BlockLen() > 1 && t != tensor.Q8_0 {
		m.output = tensor.Q6_K
	}
	return m, nil
}

// builder collects a synthetic model.
type builder struct {
	shape
	mix
	w    gguf.Writer
	seed uint64
	err  error
}

func (b *builder) key(name string, v any) {
	if err := b.w.Add(name, v); err != nil && b.err == nil {
		b.err = err
	}
}

// keys writes the metadata, with a vocabulary of made-up words that other
// programs accept too.
func (b *builder) keys(name string) {
	b.key("general.architecture", b.arch)
	b.key("general.name", "synthetic "+name)
	for _, n := range []struct {
		key   string
		value int
	}{
		{"block_count", b.layers}, {"context_length", b.context}, {"embedding_length", b.embd}, {"feed_forward_length", b.ff},
		{"attention.head_count", b.heads}, {"attention.head_count_kv", b.kvHeads}, {"rope.dimension_count", b.embd / b.heads},
	} {
		b.key(b.arch+"."+n.key, n.value)
	}
	b.key(b.arch+".attention.layer_norm_rms_epsilon", float32(1e-5))
	b.key(b.arch+".rope.freq_base", b.rope)
	texts, scores, kinds := make([]string, b.vocab), make([]float32, b.vocab), make([]int32, b.vocab)
	for i := range texts {
		const normal, unknown, control, byteToken = 1, 2, 3, 6
		texts[i], kinds[i], scores[i] = fmt.Sprintf("w%d", i), normal, -float32(i)
		switch {
		case i == 0:
			texts[i], kinds[i] = "<unk>", unknown
		case i < 3:
			texts[i], kinds[i] = []string{"<s>", "</s>"}[i-1], control
		case i < 3+256:
			texts[i], kinds[i] = fmt.Sprintf("<0x%02X>", i-3), byteToken
		}
	}
	b.key("tokenizer.ggml.model", "llama")
	b.key("tokenizer.ggml.tokens", texts)
	b.key("tokenizer.ggml.scores", scores)
	b.key("tokenizer.ggml.token_type", kinds)
	b.key("tokenizer.ggml.bos_token_id", 1)
	b.key("tokenizer.ggml.eos_token_id", 2)
}

// tensors writes the weights in llama.cpp's order.
func (b *builder) tensors() {
	kv := b.embd / b.heads * b.kvHeads
	if b.tied {
		b.matrix("token_embd.weight", b.output, b.embd, b.vocab)
	} else {
		b.matrix("token_embd.weight", b.base, b.embd, b.vocab)
		b.matrix("output.weight", b.output, b.embd, b.vocab)
	}
	b.vector("output_norm.weight", b.embd, 1)
	if b.divisors {
		b.vector("rope_freqs.weight", b.embd/b.heads/2, 1)
	}
	for i := range b.layers {
		p := fmt.Sprintf("blk.%d.", i)
		more := b.base
		if n := b.layers; i < n/8 || i >= 7*n/8 || (i-n/8)%3 == 2 { // use_more_bits
			more = b.better
		}
		b.vector(p+"attn_norm.weight", b.embd, 1)
		b.matrix(p+"attn_q.weight", b.base, b.embd, b.embd)
		b.matrix(p+"attn_k.weight", b.base, b.embd, kv)
		b.matrix(p+"attn_v.weight", more, b.embd, kv)
		if b.bias {
			b.vector(p+"attn_q.bias", b.embd, 0.1)
			b.vector(p+"attn_k.bias", kv, 0.1)
			b.vector(p+"attn_v.bias", kv, 0.1)
		}
		b.matrix(p+"attn_output.weight", b.base, b.embd, b.embd)
		b.vector(p+"ffn_norm.weight", b.embd, 1)
		b.matrix(p+"ffn_gate.weight", b.base, b.embd, b.ff)
		b.matrix(p+"ffn_up.weight", b.base, b.embd, b.ff)
		b.matrix(p+"ffn_down.weight", more, b.ff, b.embd)
	}
}

func (b *builder) add(name string, t tensor.Type, dims []int, data []byte) {
	if err := b.w.AddTensor(name, t, dims, data); err != nil && b.err == nil {
		b.err = err
	}
}

// vector adds an F32 vector of one value.
func (b *builder) vector(name string, n int, v float32) {
	data := make([]byte, 4*n)
	for i := range n {
		le.PutUint32(data[4*i:], math.Float32bits(v))
	}
	b.add(name, tensor.F32, []int{n}, data)
}

// matrix adds random weights of about 1/sqrt(cols), so that activations keep
// their size from layer to layer.
func (b *builder) matrix(name string, t tensor.Type, cols, rows int) {
	if cols%t.BlockLen() != 0 {
		t = t.Info().Narrow // as llama.cpp does
	}
	b.seed++
	b.add(name, t, []int{cols, rows}, randomBlocks(t, rows*cols/t.BlockLen(), 1/math.Sqrt(float64(cols)), b.seed))
}
