package engine

import (
	"encoding/binary"
	"math"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/model/modeltest"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// parts are the pieces of a model file. Nothing keeps them from contradicting each other, which gguf.Writer would.
type parts struct {
	version       uint32
	moreK, moreT  uint64 // added to the counts in the header
	keys          []keyPart
	tensors       []tensorPart
	texts, merges []string
	kinds         []int32
	scores        []float32
	prompt        string
	bytes         []byte // changes of the finished file, three bytes each: offset and what to xor
}

// keyPart is a key with its value as encoded.
type keyPart struct {
	name  string
	typ   gguf.ValueType
	value []byte
}

type tensorPart struct {
	name   string
	dims   []uint64
	typ    tensor.Type
	offset uint64 // added to where the data lies
	data   []byte
}

// last is the name of a key behind all others, which tells where the value before it ends.
const last = "~"

// keyParts cuts the keys out of a file whose last key is called last.
func keyParts(t testing.TB, b []byte) (keys []keyPart) {
	t.Helper()
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	for i, k := range f.Keys[:len(f.Keys)-1] {
		next := f.Keys[i+1]
		end := next.Value.Off - int64(8+len(next.Key)+4)
		keys = append(keys, keyPart{k.Key, k.Value.Type, b[k.Value.Off:end]})
	}
	return keys
}

// encoded are values as they stand in files.
func encoded(t testing.TB, values []any) []keyPart {
	t.Helper()
	var w gguf.Writer
	for i, v := range append(slices.Clone(values), true) {
		name := strconv.Itoa(i)
		if i == len(values) {
			name = last
		}
		if err := w.Add(name, v); err != nil {
			t.Fatal(err)
		}
	}
	s, err := w.Segments()
	if err != nil {
		t.Fatal(err)
	}
	return keyParts(t, slices.Concat(s...))
}

// fewTokens is the size of the vocabulary: damage does its work in a small one too.
const fewTokens = 48

// smallParts takes a small model of an architecture apart.
func smallParts(t testing.TB, arch string) parts {
	t.Helper()
	b, err := (&modeltest.Model{Arch: arch, Few: 2, Keys: map[string]any{last: true}}).Bytes()
	if err != nil {
		t.Fatal(err)
	}
	f, err := gguf.Parse(b)
	if err != nil {
		t.Fatal(err)
	}
	p := parts{version: 3, prompt: "the cat 1</s>"}
	for _, k := range keyParts(t, b) {
		if !strings.HasPrefix(k.name, "tokenizer.ggml.") || k.name == "tokenizer.ggml.model" {
			p.keys = append(p.keys, k)
		}
	}
	for i := range f.Tensors {
		x := &f.Tensors[i]
		y := tensorPart{name: x.Name, typ: x.Type, data: x.Data}
		for _, d := range x.Dims {
			if d == len(modeltest.Vocab) {
				d, y.data = fewTokens, x.Data[:len(x.Data)/d*fewTokens]
			}
			y.dims = append(y.dims, uint64(d))
		}
		p.tensors = append(p.tensors, y)
	}
	// The special tokens, some bytes, and the letters and words at the end.
	p.texts = append(slices.Clone(modeltest.Vocab[:9]), modeltest.Vocab[len(modeltest.Vocab)-fewTokens+9:]...)
	for i := range p.texts {
		kind := int32(1)
		switch {
		case i == 0:
			kind = 2
		case i < 3:
			kind = 3
		case i < 9:
			kind = 6
		}
		p.kinds, p.scores = append(p.kinds, kind), append(p.scores, -float32(i))
	}
	return p
}

// file puts the parts together.
func (p *parts) file(t testing.TB) []byte {
	le := binary.LittleEndian
	keys := slices.Clone(p.keys)
	for i, k := range encoded(t, []any{p.texts, p.kinds, p.scores, p.merges}) {
		k.name = "tokenizer.ggml." + []string{"tokens", "token_type", "scores", "merges"}[i]
		if slices.ContainsFunc(keys, func(x keyPart) bool { return x.name == k.name }) {
			continue // damage has put another one there
		}
		if k.name != "tokenizer.ggml.merges" || p.merges != nil {
			keys = append(keys, k)
		}
	}
	b := le.AppendUint32([]byte(gguf.Magic), p.version)
	b = le.AppendUint64(b, uint64(len(p.tensors))+p.moreT)
	b = le.AppendUint64(b, uint64(len(keys))+p.moreK)
	str := func(s string) { b = append(le.AppendUint64(b, uint64(len(s))), s...) }
	for _, k := range keys {
		str(k.name)
		b = append(le.AppendUint32(b, uint32(k.typ)), k.value...)
	}
	const align = 32
	pad := func(n uint64) uint64 { return (n + align - 1) / align * align }
	off, size := uint64(0), 0
	for _, x := range p.tensors {
		str(x.name)
		b = le.AppendUint32(b, uint32(len(x.dims)))
		for _, d := range x.dims {
			b = le.AppendUint64(b, d)
		}
		b = le.AppendUint64(le.AppendUint32(b, uint32(x.typ)), off+x.offset)
		off += pad(uint64(len(x.data)))
		size += align + len(x.data)
	}
	b = slices.Grow(b, size+align)
	for _, x := range p.tensors {
		b = append(b, make([]byte, pad(uint64(len(b)))-uint64(len(b)))...)
		b = append(b, x.data...)
	}
	for c := p.bytes; len(c) >= 3; c = c[3:] {
		b[int(le.Uint16(c))%len(b)] ^= c[2]
	}
	return b
}

// What damage puts into files.
var (
	badSizes = []uint64{0, 1, 2, 3, 4, 5, 7, 8, 16, 24, 31, 32, 33, 48, 64, 96, 128, 255, 256, 1 << 10, 1 << 16, 1 << 20, 1<<20 + 1,
		1 << 31, 1<<31 - 1, 1<<32 - 1, 1 << 32, 1 << 40, 1 << 47, 1 << 62, 1<<63 - 1, 1 << 63, 1<<64 - 1, 1<<64 - 8, 1<<64 - 32}
	badFloats = []float32{0, float32(math.Copysign(0, -1)), 1, -1, 0.5, 2, 1e-5, 1e-30, 1e-44, 1e4, 1e30, -1e30, math.MaxFloat32,
		float32(math.Inf(1)), float32(math.Inf(-1)), float32(math.NaN())}
	badTexts = []string{"", " ", "a", "aa", "▁", "▁▁", "<0x41>", "<0x4", "</s>", "<|im_end|>", "<|eot_id|>", "<|end|>", "<|call|>", "<|return|>",
		"Ġ", "ĠĠa", "##a", "[CLS]", "[UNK]", "\xff", "\xe2\x96", "é", "e\u0301", "中", "\x00", "\n", "llll", "the cat", "llama", "gpt2", "bert", "none",
		"linear", "yarn", "longrope", "qwen2", "llama-bpe", "deepseek-llm", "default", "tekken", "gpt-4o", "phi-3", "{{", "{% for m in messages %}{{ m }}{% endfor %}",
		"{{ messages[0].content[0:1] * 99999 }}", "{{ range(99999999) | list }}", "{% macro f() %}{{ f() }}{% endmacro %}{{ f() }}", strings.Repeat("ab", 300)}
)

// badValues are values for keys: every size as integers of several types, then floats, texts, lists.
func badValues() (v []any) {
	for _, n := range badSizes {
		v = append(v, n)
		if n <= math.MaxUint32 {
			v = append(v, uint32(n))
		}
	}
	v = append(v, int32(-1), int32(math.MinInt32), int64(-1), int64(math.MinInt64), uint8(4), int8(-1), uint16(4), int16(-2), true, false)
	for _, x := range badFloats {
		v = append(v, x, float64(x))
	}
	for _, s := range badTexts {
		v = append(v, s)
	}
	return append(v, []string{}, []string{"", "", ""}, slices.Repeat([]string{"a"}, fewTokens), []int32{}, []int32{0}, []int32{4, 4}, []int32{2, 0}, []int32{1, -1, 1},
		slices.Repeat([]int32{3}, fewTokens), []float32{}, []float32{1, 1}, slices.Repeat([]float32{float32(math.NaN())}, fewTokens))
}

// knownKeys are keys that are read somewhere; those that begin with a point get the architecture in front.
var knownKeys = append(strings.Fields(`.attention.key_length .attention.value_length .attention.sliding_window .attention.sliding_window_pattern
	.attention.scale .attention.layer_norm_epsilon .attention.layer_norm_rms_epsilon .attention.causal .attention.temperature_scale .attention.clamp_kqv
	.attention.head_count .attention.head_count_kv .block_count .embedding_length .feed_forward_length .context_length .vocab_size
	.rope.dimension_count .rope.freq_base .rope.freq_base_swa .rope.scale_linear .rope.scaling.type .rope.scaling.factor .rope.scaling.attn_factor
	.rope.scaling.original_context_length .rope.scaling.yarn_log_multiplier .rope.scaling.yarn_beta_fast .rope.scaling.yarn_beta_slow .rope.scaling.yarn_ext_factor
	.expert_count .expert_used_count .expert_feed_forward_length .expert_shared_feed_forward_length .embedding_scale .residual_scale .logit_scale
	.attn_logit_softcapping .final_logit_softcapping .use_parallel_residual .pooling_type .expert_weights_norm .interleave_moe_layer_step
	general.architecture general.alignment general.name general.file_type split.count split.no tokenizer.chat_template tokenizer.ggml.token_type_count
	tokenizer.ggml.model tokenizer.ggml.pre tokenizer.ggml.tokens tokenizer.ggml.merges tokenizer.ggml.scores tokenizer.ggml.token_type
	tokenizer.ggml.bos_token_id tokenizer.ggml.eos_token_id tokenizer.ggml.eot_token_id tokenizer.ggml.eom_token_id tokenizer.ggml.unknown_token_id
	tokenizer.ggml.seperator_token_id tokenizer.ggml.padding_token_id tokenizer.ggml.mask_token_id tokenizer.ggml.fim_pre_token_id
	tokenizer.ggml.fim_rep_token_id tokenizer.ggml.add_bos_token tokenizer.ggml.add_eos_token tokenizer.ggml.add_space_prefix
	tokenizer.ggml.remove_extra_whitespaces tokenizer.ggml.precompiled_charsmap`), "")

// knownTensors are tensors that some architecture takes.
var knownTensors = strings.Fields(`token_embd.weight output.weight output.bias output_norm.weight output_norm.bias position_embd.weight token_types.weight
	token_embd_norm.weight rope_freqs.weight rope_factors_long.weight rope_factors_short.weight blk.0.attn_norm.weight blk.1.attn_norm.weight
	blk.0.attn_q.weight blk.0.attn_q.bias blk.0.attn_k.bias blk.0.attn_v.bias blk.0.attn_output.bias blk.0.attn_qkv.weight blk.0.attn_qkv.bias
	blk.0.attn_q_norm.weight blk.0.attn_k_norm.weight blk.0.attn_sinks.weight blk.0.post_attention_norm.weight blk.0.post_ffw_norm.weight
	blk.0.ffn_gate.weight blk.0.ffn_up.weight blk.0.ffn_down.weight blk.0.ffn_gate_inp.weight blk.0.ffn_gate_exps.weight blk.0.ffn_up_exps.weight
	blk.0.ffn_down_exps.weight blk.0.ffn_gate_shexp.weight blk.0.ffn_up_shexp.weight blk.0.ffn_down_shexp.weight blk.0.attn_norm_2.weight
	blk.2.attn_norm.weight blk.0.layer_output_norm.weight cls.weight`)

// damage changes the parts as a script says: four bytes for each change, what and where and how. The bytes behind the
// change 0xFF are the prompt.
func (p *parts) damage(script []byte, values []keyPart) {
	for ; len(script) > 0 && script[0] != 0xFF; script = script[min(4, len(script)):] {
		var c [4]byte
		copy(c[:], script)
		what, a, b, v := c[0]%20, int(c[1]), int(c[2]), int(c[3])
		size, float, text := badSizes[v%len(badSizes)], badFloats[v%len(badFloats)], badTexts[v%len(badTexts)]
		value := values[(v|b<<8)%len(values)]
		token := a % len(p.texts)
		switch what {
		case 0:
			p.bytes = append(p.bytes, c[1:]...)
		case 1, 2:
			if len(p.keys) > 0 {
				k := &p.keys[a%len(p.keys)]
				k.typ, k.value = value.typ, value.value
			}
		case 3, 4:
			name := knownKeys[a%len(knownKeys)]
			if strings.HasPrefix(name, ".") {
				name = p.arch() + name
			}
			p.keys = slices.DeleteFunc(p.keys, func(k keyPart) bool { return k.name == name })
			p.keys = append(p.keys, keyPart{name, value.typ, value.value})
		case 5:
			if len(p.keys) > 0 {
				p.keys = slices.Delete(p.keys, a%len(p.keys), a%len(p.keys)+1)
			}
		case 6:
			if len(p.keys) > 0 {
				p.keys = append(p.keys, p.keys[a%len(p.keys)])
			}
		case 7:
			p.texts[token] = text
		case 8:
			p.kinds[token] = int32(int8(v))
		case 9:
			p.scores[token] = float
		case 10:
			p.merges = append(p.merges, p.texts[token]+" "+p.texts[b%len(p.texts)])
		case 11:
			p.merges = append(p.merges, text)
		case 12:
			p.version, p.moreK, p.moreT = p.version^uint32(a), uint64(b)*size, size
		default:
			p.damageTensor(what, a, b, v)
		}
	}
	if len(script) > 1 {
		p.prompt = string(script[1:])
	}
}

// arch is what general.architecture says.
func (p *parts) arch() string {
	for _, k := range p.keys {
		if k.name == "general.architecture" && k.typ == gguf.String && len(k.value) > 8 {
			return string(k.value[8:])
		}
	}
	return ""
}

func (p *parts) damageTensor(what byte, a, b, v int) {
	if len(p.tensors) == 0 {
		return
	}
	i := a % len(p.tensors)
	x := &p.tensors[i]
	size := badSizes[v%len(badSizes)]
	switch what {
	case 13:
		if b%5 == len(x.dims) {
			x.dims = append(x.dims, size)
		} else if len(x.dims) > 0 {
			x.dims = slices.Clone(x.dims)
			x.dims[b%len(x.dims)] = size
		}
	case 14:
		x.typ = tensor.Type(v % 42)
	case 15:
		x.offset = size
	case 16: // numbers that are none
		x.data = slices.Clone(x.data)
		for at := 0; at+4 <= len(x.data); at += 4 * (b + 1) {
			binary.LittleEndian.PutUint32(x.data[at:], math.Float32bits(badFloats[v%len(badFloats)]))
		}
	case 17:
		x.name = knownTensors[v%len(knownTensors)]
	case 18:
		p.tensors = slices.Delete(p.tensors, i, i+1)
		return
	case 19: // another one, of the same shape
		y := *x
		y.name = knownTensors[v%len(knownTensors)]
		p.tensors = append(p.tensors, y)
		return
	}
	if b&0x80 != 0 { // as much data as the shape asks for
		n := uint64(1)
		for _, d := range x.dims {
			n = min(n*min(d, 1<<20), 1<<20)
		}
		if t := x.typ; t.Known() {
			n = n / uint64(t.BlockLen()) * uint64(t.BlockBytes())
		}
		x.data = append(make([]byte, 0, n), x.data[:min(int(n), len(x.data))]...)[:n]
	}
}

// TestParts wants undamaged parts to make a model that opens.
func TestParts(t *testing.T) {
	for _, arch := range model.Architectures() {
		p := smallParts(t, arch)
		e, err := Open("parts.gguf", p.file(t), Options{Threads: 1})
		if err != nil {
			t.Errorf("%s: %v", arch, err)
			continue
		}
		e.Close()
	}
}
