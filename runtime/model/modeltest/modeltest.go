// Package modeltest builds tiny models with random weights, for tests that need a real GGUF file but no sense.
package modeltest

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"maps"
	"math"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// Sizes of every model.
const (
	Embd, FF, Layers, Heads, KVHeads, HeadDim = 32, 64, 6, 4, 2, 8
	Experts, Used, ExpertFF                   = 4, 2, 32
	Context                                   = 64
)

// Vocab is the vocabulary: 3 special tokens, 256 bytes, letters, and a few words.
var Vocab = buildVocab()

func buildVocab() (v []string) {
	v = append(v, "<unk>", "<s>", "</s>")
	for b := range 256 {
		v = append(v, fmt.Sprintf("<0x%02X>", b))
	}
	for c := 'a'; c <= 'z'; c++ {
		v = append(v, string(c))
	}
	return append(v, "▁", "▁t", "he", "▁the", "▁a", "an", "in", "▁in", "er", "on", ".", "▁cat", "▁dog")
}

// Template is the chat template of every model.
const Template = "{{ bos_token }}{% for m in messages %}{{ m.role + ':' + m.content + '\n' }}{% endfor %}" +
	"{% if add_generation_prompt %}assistant:{% endif %}"

// Model is a file under construction. Tests change it before calling Bytes.
type Model struct {
	Arch     string
	Keys     map[string]any // set after the standard ones
	Drop     map[string]bool
	More     map[string][]int     // dimensions of tensors the architecture does not have
	LongRope bool                 // with two sets of rope divisors
	Few      int                  // layers, 0 for Layers of them
	Weights  map[string][]float32 // replaced weights by tensor name

	w   gguf.Writer
	rng *rand.Rand
}

// Build makes the file of an architecture.
func Build(arch string) ([]byte, error) { return (&Model{Arch: arch}).Bytes() }

// Bytes makes the file.
func (m *Model) Bytes() ([]byte, error) {
	m.rng = rand.New(rand.NewPCG(1, 2))
	if err := m.keys(); err != nil {
		return nil, err
	}
	if err := m.tensors(); err != nil {
		return nil, err
	}
	for _, name := range slices.Sorted(maps.Keys(m.More)) {
		if err := m.tensor(name, m.More[name]); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	_, err := m.w.WriteTo(&b)
	return b.Bytes(), err
}

func (m *Model) keys() error {
	kinds := make([]int32, len(Vocab))
	scores := make([]float32, len(Vocab))
	for i := range Vocab {
		kinds[i], scores[i] = 1, -float32(i)
		switch {
		case i == 0:
			kinds[i] = 2
		case i < 3:
			kinds[i] = 3
		case i < 3+256:
			kinds[i] = 6
		}
	}
	p := m.Arch + "."
	keys := []struct {
		name  string
		value any
	}{
		{"general.architecture", m.Arch}, {"general.name", "tiny " + m.Arch},
		{p + "block_count", m.layers()}, {p + "embedding_length", Embd}, {p + "feed_forward_length", FF},
		{p + "attention.head_count", Heads}, {p + "attention.head_count_kv", m.kvHeads()}, {p + "context_length", Context},
		{p + "attention.layer_norm_rms_epsilon", float32(1e-5)}, {p + "attention.key_length", HeadDim}, {p + "attention.value_length", HeadDim},
		{"tokenizer.ggml.model", "llama"}, {"tokenizer.ggml.tokens", Vocab}, {"tokenizer.ggml.scores", scores},
		{"tokenizer.ggml.token_type", kinds}, {"tokenizer.chat_template", Template},
	}
	switch m.Arch {
	case "qwen2moe", "qwen3moe", "qwen3vlmoe", "gpt-oss", "granitemoe", "olmoe":
		if m.Arch == "granitemoe" {
			m.set(p+"expert_shared_feed_forward_length", FF)
		}
		if m.Arch == "gpt-oss" {
			m.set(p+"attention.sliding_window", 8)
		}
		keys = append(keys, keys[0])
		keys[len(keys)-1].name, keys[len(keys)-1].value = p+"expert_feed_forward_length", ExpertFF
		if m.Arch == "granitemoe" || m.Arch == "olmoe" { // their experts are as wide as other networks
			keys = keys[:len(keys)-1]
		}
		m.set(p+"expert_count", Experts)
		m.set(p+"expert_used_count", Used)
	case "qwen35", "qwen35moe", "qwen3next":
		m.set(p+"ssm.conv_kernel", 4)
		m.set(p+"ssm.state_size", HeadDim)
		m.set(p+"ssm.group_count", KVHeads)
		m.set(p+"ssm.time_step_rank", Heads)
		m.set(p+"ssm.inner_size", Heads*HeadDim)
		m.set(p+"full_attention_interval", recurrentInterval)
		m.set(p+"rope.dimension_count", HeadDim/2)
		if m.Arch != "qwen3next" {
			m.set(p+"rope.dimension_sections", []int32{1, 1, 0, 0})
		}
		if m.Arch != "qwen35" {
			m.set(p+"expert_count", Experts)
			m.set(p+"expert_used_count", Used)
			m.set(p+"expert_feed_forward_length", ExpertFF)
			m.set(p+"expert_shared_feed_forward_length", FF)
		}
	case "lfm2", "lfm2moe":
		m.set(p+"attention.head_count_kv", m.each(func(l int) int32 {
			if isRecurrent(l) {
				return 0
			}
			return KVHeads
		}))
		m.set(p+"shortconv.l_cache", 3)
		if m.Arch == "lfm2moe" {
			m.set(p+"expert_count", Experts)
			m.set(p+"expert_used_count", Used)
			m.set(p+"expert_feed_forward_length", ExpertFF)
			m.set(p+"expert_gating_func", 2)
			m.set(p+"leading_dense_block_count", leadingDense)
		}
	case "gemma4":
		m.set(p+"attention.key_length", 2*HeadDim)
		m.set(p+"attention.value_length", 2*HeadDim)
		m.set(p+"attention.key_length_swa", HeadDim)
		m.set(p+"attention.value_length_swa", HeadDim)
		m.set(p+"rope.dimension_count", 2*HeadDim)
		m.set(p+"rope.dimension_count_swa", HeadDim)
		m.set(p+"attention.sliding_window", 8)
		slides := make([]bool, m.layers())
		for l := range slides {
			slides[l] = m.slides(l)
		}
		m.set(p+"attention.sliding_window_pattern", slides)
		m.set(p+"attention.shared_kv_layers", m.layers()-m.ownKeys())
		m.set(p+"attention.head_count_kv", m.each(func(l int) int32 { return int32(m.gemma4KV(l)) }))
		m.set(p+"feed_forward_length", m.each(func(l int) int32 { return int32(m.gemma4FF(l)) }))
		m.set(p+"embedding_length_per_layer_input", layerInput)
		m.set(p+"final_logit_softcapping", float32(30))
	case "gemma2", "gemma3":
		m.set(p+"attention.sliding_window", 8)
	case "bert", "nomic-bert":
		m.set(p+"attention.layer_norm_epsilon", float32(1e-6))
		m.set(p+"attention.causal", false)
		m.set(p+"pooling_type", 1)
		m.set("tokenizer.ggml.token_type_count", 2)
		m.set("tokenizer.ggml.add_bos_token", false)
		m.set("tokenizer.ggml.add_eos_token", false)
	}
	if strings.Contains(m.Arch, "vl") {
		m.set(p+"rope.dimension_sections", []int32{2, 1, 1, 0})
	}
	if c, ok := classics[m.Arch]; ok {
		m.classicKeys(c, p)
	}
	for _, k := range keys {
		if v, ok := m.Keys[k.name]; ok {
			k.value = v
			delete(m.Keys, k.name)
		}
		if m.Drop[k.name] {
			continue
		}
		if err := m.w.Add(k.name, k.value); err != nil {
			return err
		}
	}
	for _, k := range slices.Sorted(maps.Keys(m.Keys)) {
		if err := m.w.Add(k, m.Keys[k]); err != nil {
			return err
		}
	}
	return nil
}

// kvHeads is the number of heads of keys and values: as many as of queries in encoders.
func (m *Model) kvHeads() int {
	if m.Arch == "bert" || m.Arch == "nomic-bert" || m.Arch == "olmoe" {
		return Heads
	}
	if n := classics[m.Arch].kv; n > 0 {
		return n
	}
	return KVHeads
}

func (m *Model) layers() int {
	if m.Few > 0 {
		return m.Few
	}
	return Layers
}

func (m *Model) set(key string, v any) {
	if m.Keys == nil {
		m.Keys = map[string]any{}
	}
	if _, ok := m.Keys[key]; !ok {
		m.Keys[key] = v
	}
}

func (m *Model) tensors() error {
	var err error
	add := func(name string, dims ...int) {
		if err == nil && !m.Drop[name] {
			err = m.tensor(name, dims)
		}
	}
	add("token_embd.weight", Embd, len(Vocab))
	if m.Arch == "bert" || m.Arch == "nomic-bert" {
		m.bert(add)
		return err
	}
	if c, ok := classics[m.Arch]; ok {
		m.classic(c, add)
		return err
	}
	if m.LongRope {
		add("rope_factors_long.weight", HeadDim/2)
		add("rope_factors_short.weight", HeadDim/2)
	}
	for l := range m.layers() {
		switch p := fmt.Sprintf("blk.%d.", l); m.Arch {
		case "qwen35", "qwen35moe", "qwen3next":
			m.hybrid(add, p, isRecurrent(l))
		case "lfm2", "lfm2moe":
			m.lfm2(add, p, l)
		case "gemma4":
			m.gemma4(add, p, l)
		default:
			m.layer(add, p)
		}
	}
	if strings.HasPrefix(m.Arch, "lfm2") {
		add("token_embd_norm.weight", Embd)
	} else {
		add("output_norm.weight", Embd)
	}
	if m.Arch == "gemma4" {
		add("rope_freqs.weight", HeadDim)
		add("per_layer_token_embd.weight", layerInput*m.layers(), len(Vocab))
		add("per_layer_model_proj.weight", Embd, layerInput*m.layers())
		add("per_layer_proj_norm.weight", layerInput)
	}
	switch m.Arch {
	case "qwen2moe", "gpt-oss", "olmo2", "olmoe", "internlm2", "glm4":
		add("output.weight", Embd, len(Vocab))
	}
	return err
}

// layer adds the tensors of a layer of llama and what is built like it.
func (m *Model) layer(add func(name string, dims ...int), p string) {
	q, kv := Heads*HeadDim, m.kvHeads()*HeadDim
	behind := m.Arch == "olmo2" || m.Arch == "exaone4" // norms
	if !behind {
		add(p+"attn_norm.weight", Embd)
	}
	if m.Arch == "gpt-oss" {
		m.gptOSS(add, p)
		return
	}
	if m.Arch == "seed_oss" {
		add(p+"post_attention_norm.weight", Embd)
	} else if !behind {
		add(p+"ffn_norm.weight", Embd)
	}
	add(p+"attn_output.weight", q, Embd)
	if m.Arch == "phi3" {
		add(p+"attn_qkv.weight", Embd, q+2*kv)
	} else {
		add(p+"attn_q.weight", Embd, q)
		add(p+"attn_k.weight", Embd, kv)
		add(p+"attn_v.weight", Embd, kv)
	}
	switch m.Arch {
	case "qwen2", "qwen2moe", "qwen2vl", "seed_oss":
		add(p+"attn_q.bias", q)
		add(p+"attn_k.bias", kv)
		add(p+"attn_v.bias", kv)
	case "qwen3", "qwen3moe", "qwen3vl", "qwen3vlmoe", "gemma3", "exaone4", "hunyuan-dense":
		add(p+"attn_q_norm.weight", HeadDim)
		add(p+"attn_k_norm.weight", HeadDim)
	case "olmo2", "olmoe":
		add(p+"attn_q_norm.weight", q)
		add(p+"attn_k_norm.weight", kv)
	}
	switch m.Arch {
	case "gemma2", "gemma3", "olmo2", "exaone4", "glm4":
		add(p+"post_attention_norm.weight", Embd)
		add(p+"post_ffw_norm.weight", Embd)
	}
	switch m.Arch {
	case "qwen2moe", "qwen3moe", "qwen3vlmoe", "granitemoe", "olmoe":
		m.moe(add, p)
		return
	case "phi3", "glm4":
		add(p+"ffn_up.weight", Embd, 2*FF)
	default:
		add(p+"ffn_gate.weight", Embd, FF)
		add(p+"ffn_up.weight", Embd, FF)
	}
	add(p+"ffn_down.weight", FF, Embd)
}

// isRecurrent reports whether a layer of a hybrid is recurrent.
func isRecurrent(l int) bool { return (l+1)%recurrentInterval != 0 }

// each makes a list of one value for each layer.
func (m *Model) each(f func(l int) int32) []int32 {
	out := make([]int32, m.layers())
	for l := range out {
		out[l] = f(l)
	}
	return out
}

// leadingDense is how many layers of lfm2moe come before those with experts.
const leadingDense = 2

// lfm2 adds the tensors of a layer of LFM2: a short convolution or attention.
func (m *Model) lfm2(add func(name string, dims ...int), p string, l int) {
	add(p+"attn_norm.weight", Embd)
	if isRecurrent(l) {
		add(p+"shortconv.conv.weight", 3, Embd)
		add(p+"shortconv.in_proj.weight", Embd, 3*Embd)
		add(p+"shortconv.out_proj.weight", Embd, Embd)
	} else {
		add(p+"attn_q.weight", Embd, Heads*HeadDim)
		add(p+"attn_k.weight", Embd, KVHeads*HeadDim)
		add(p+"attn_v.weight", Embd, KVHeads*HeadDim)
		add(p+"attn_q_norm.weight", HeadDim)
		add(p+"attn_k_norm.weight", HeadDim)
		add(p+"attn_output.weight", Heads*HeadDim, Embd)
	}
	add(p+"ffn_norm.weight", Embd)
	if m.Arch == "lfm2moe" && l >= leadingDense {
		m.moe(add, p)
		add(p+"exp_probs_b.bias", Experts)
		return
	}
	add(p+"ffn_gate.weight", Embd, FF)
	add(p+"ffn_up.weight", Embd, FF)
	add(p+"ffn_down.weight", FF, Embd)
}

// Sizes of gemma4: two kinds of layers, the last of which share keys and have wider networks.
const layerInput = 8

func (m *Model) slides(l int) bool { return (l+1)%3 != 0 }

func (m *Model) ownKeys() int {
	if m.layers() < Layers {
		return m.layers()
	}
	return Layers - 3
}

func (m *Model) gemma4KV(l int) int {
	if m.slides(l) {
		return KVHeads
	}
	return 1
}

func (m *Model) gemma4FF(l int) int {
	if l < m.ownKeys() {
		return FF
	}
	return 2 * FF
}

// gemma4 adds the tensors of a layer of Gemma 4 with an input for every layer.
func (m *Model) gemma4(add func(name string, dims ...int), p string, l int) {
	head, ff := 2*HeadDim, m.gemma4FF(l)
	if m.slides(l) {
		head = HeadDim
	}
	kv := m.gemma4KV(l) * head
	for _, n := range []string{"attn_norm", "post_attention_norm", "ffn_norm", "post_ffw_norm", "post_norm"} {
		add(p+n+".weight", Embd)
	}
	add(p+"attn_q.weight", Embd, Heads*head)
	add(p+"attn_q_norm.weight", head)
	if l < m.ownKeys() {
		add(p+"attn_k.weight", Embd, kv)
		add(p+"attn_k_norm.weight", head)
		if m.slides(l) { // the others use their keys as values
			add(p+"attn_v.weight", Embd, kv)
		}
	}
	add(p+"attn_output.weight", Heads*head, Embd)
	add(p+"ffn_gate.weight", Embd, ff)
	add(p+"ffn_up.weight", Embd, ff)
	add(p+"ffn_down.weight", ff, Embd)
	add(p+"layer_output_scale.weight", 1)
	add(p+"inp_gate.weight", Embd, layerInput)
	add(p+"proj.weight", layerInput, Embd)
}

// recurrentInterval is which layers of a hybrid are not recurrent.
const recurrentInterval = 2

// hybrid adds the tensors of a layer of Qwen3.5 or Qwen3-Next: a gated delta net, or attention with gates.
func (m *Model) hybrid(add func(name string, dims ...int), p string, recurrent bool) {
	const inner, conv = Heads * HeadDim, (Heads + 2*KVHeads) * HeadDim
	add(p+"attn_norm.weight", Embd)
	if recurrent {
		add(p+"attn_qkv.weight", Embd, conv)
		add(p+"attn_gate.weight", Embd, inner)
		if m.Arch == "qwen3next" {
			add(p+"ssm_ba.weight", Embd, 2*Heads)
		} else {
			add(p+"ssm_beta.weight", Embd, Heads)
			add(p+"ssm_alpha.weight", Embd, Heads)
		}
		add(p+"ssm_conv1d.weight", 4, conv)
		add(p+"ssm_dt.bias", Heads)
		m.negative(p+"ssm_a", Heads)
		add(p+"ssm_a", Heads)
		add(p+"ssm_norm.weight", HeadDim)
		add(p+"ssm_out.weight", inner, Embd)
	} else {
		add(p+"attn_q.weight", Embd, 2*Heads*HeadDim)
		add(p+"attn_k.weight", Embd, KVHeads*HeadDim)
		add(p+"attn_v.weight", Embd, KVHeads*HeadDim)
		add(p+"attn_q_norm.weight", HeadDim)
		add(p+"attn_k_norm.weight", HeadDim)
		add(p+"attn_output.weight", Heads*HeadDim, Embd)
	}
	add(p+"post_attention_norm.weight", Embd)
	if m.Arch == "qwen35" {
		add(p+"ffn_gate.weight", Embd, FF)
		add(p+"ffn_up.weight", Embd, FF)
		add(p+"ffn_down.weight", FF, Embd)
		return
	}
	m.moe(add, p)
}

// negative gives a tensor of n numbers weights below zero: the logarithm of how fast a state decays.
func (m *Model) negative(name string, n int) {
	if m.Weights[name] != nil {
		return
	}
	if m.Weights == nil {
		m.Weights = map[string][]float32{}
	}
	x := make([]float32, n)
	for i := range x {
		x[i] = -0.1 * float32(i+1)
	}
	m.Weights[name] = x
}

// moe adds the tensors of a layer's experts, and of the one every token uses.
func (m *Model) moe(add func(name string, dims ...int), p string) {
	ff := ExpertFF
	if m.Arch == "granitemoe" || m.Arch == "olmoe" {
		ff = FF
	}
	add(p+"ffn_gate_inp.weight", Embd, Experts)
	add(p+"ffn_gate_exps.weight", Embd, ff, Experts)
	add(p+"ffn_up_exps.weight", Embd, ff, Experts)
	add(p+"ffn_down_exps.weight", ff, Embd, Experts)
	if m.Arch == "qwen3moe" || m.Arch == "lfm2moe" || m.Arch == "qwen3vlmoe" || m.Arch == "olmoe" {
		return
	}
	if strings.HasPrefix(m.Arch, "qwen") {
		add(p+"ffn_gate_inp_shexp.weight", Embd)
	}
	add(p+"ffn_gate_shexp.weight", Embd, FF)
	add(p+"ffn_up_shexp.weight", Embd, FF)
	add(p+"ffn_down_shexp.weight", FF, Embd)
}

// gptOSS adds the tensors of a layer with sinks and biased experts.
func (m *Model) gptOSS(add func(name string, dims ...int), p string) {
	const q, kv = Heads * HeadDim, KVHeads * HeadDim
	add(p+"post_attention_norm.weight", Embd)
	add(p+"attn_sinks.weight", Heads)
	for _, t := range []struct {
		name    string
		in, out int
	}{{"attn_q", Embd, q}, {"attn_k", Embd, kv}, {"attn_v", Embd, kv}, {"attn_output", q, Embd}, {"ffn_gate_inp", Embd, Experts}} {
		add(p+t.name+".weight", t.in, t.out)
		add(p+t.name+".bias", t.out)
	}
	for _, t := range []struct {
		name    string
		in, out int
	}{{"ffn_gate_exps", Embd, ExpertFF}, {"ffn_up_exps", Embd, ExpertFF}, {"ffn_down_exps", ExpertFF, Embd}} {
		add(p+t.name+".weight", t.in, t.out, Experts)
		add(p+t.name+".bias", t.out, Experts)
	}
}

// bert adds the tensors of an encoder, after the embeddings.
func (m *Model) bert(add func(name string, dims ...int)) {
	nomic := m.Arch == "nomic-bert"
	if !nomic {
		add("position_embd.weight", Embd, Context)
	}
	add("token_types.weight", Embd, 2)
	add("token_embd_norm.weight", Embd)
	add("token_embd_norm.bias", Embd)
	for l := range m.layers() {
		p := fmt.Sprintf("blk.%d.", l)
		if nomic {
			add(p+"attn_qkv.weight", Embd, 3*Embd)
			add(p+"attn_output.weight", Embd, Embd)
			add(p+"ffn_gate.weight", Embd, FF)
			add(p+"ffn_up.weight", Embd, FF)
			add(p+"ffn_down.weight", FF, Embd)
		}
		for _, t := range []struct {
			name    string
			in, out int
		}{{"attn_q", Embd, Embd}, {"attn_k", Embd, Embd}, {"attn_v", Embd, Embd}, {"attn_output", Embd, Embd}, {"ffn_up", Embd, FF}, {"ffn_down", FF, Embd}} {
			if nomic {
				break
			}
			add(p+t.name+".weight", t.in, t.out)
			add(p+t.name+".bias", t.out)
		}
		for _, n := range []string{"attn_output_norm", "layer_output_norm"} {
			add(p+n+".weight", Embd)
			add(p+n+".bias", Embd)
		}
	}
}

// tensor adds random weights: norms around one, matrices scaled so that activations keep their size.
func (m *Model) tensor(name string, dims []int) error {
	n := 1
	for _, d := range dims {
		n *= d
	}
	x := m.Weights[name]
	if x == nil {
		x = make([]float32, n)
		for i := range x {
			x[i] = float32(m.rng.NormFloat64() / math.Sqrt(float64(dims[0])))
			if len(dims) == 1 {
				x[i] = 1 + 0.1*x[i]
			}
		}
	}
	var b []byte
	for _, v := range x {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(v))
	}
	return m.w.AddTensor(name, tensor.F32, dims, b)
}
