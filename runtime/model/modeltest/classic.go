package modeltest

import "fmt"

// layerNorms says what the models with layer norms have.
type layerNorms struct {
	positions, fused, biases, normBiases, ffnNorm, gated, output bool
	kv, rot                                                      int // heads of keys, elements that turn, 0 for the usual
}

var classics = map[string]layerNorms{
	"gpt2":       {positions: true, fused: true, biases: true, normBiases: true, ffnNorm: true, kv: Heads},
	"starcoder":  {positions: true, fused: true, biases: true, normBiases: true, ffnNorm: true, kv: 1},
	"starcoder2": {biases: true, normBiases: true, ffnNorm: true},
	"phi2":       {biases: true, normBiases: true, output: true, kv: Heads, rot: 4},
	"falcon":     {fused: true, normBiases: true, kv: 1},
	"gptneox":    {fused: true, biases: true, normBiases: true, ffnNorm: true, output: true, kv: Heads, rot: 4},
	"stablelm":   {normBiases: true, ffnNorm: true, gated: true, output: true, rot: 4},
	"orion":      {normBiases: true, ffnNorm: true, gated: true, output: true},
	"nemotron":   {normBiases: true, ffnNorm: true, output: true, rot: 4},
	"command-r":  {gated: true},
	"cohere2":    {gated: true},
}

// classicKeys sets the keys of a model with layer norms.
func (m *Model) classicKeys(c layerNorms, p string) {
	m.set(p+"attention.layer_norm_epsilon", float32(1e-5))
	if c.rot > 0 {
		m.set(p+"rope.dimension_count", c.rot)
	}
	switch m.Arch {
	case "gptneox", "stablelm":
		m.set(p+"use_parallel_residual", true)
	case "cohere2":
		m.set(p+"attention.sliding_window", 8)
		fallthrough
	case "command-r":
		m.set(p+"logit_scale", float32(0.25))
	}
}

// classic adds the tensors of a model with layer norms, after the embeddings.
func (m *Model) classic(c layerNorms, add func(name string, dims ...int)) {
	linear := func(name string, in, out int) {
		add(name+".weight", in, out)
		if c.biases {
			add(name+".bias", out)
		}
	}
	norm := func(name string) {
		add(name+".weight", Embd)
		if c.normBiases {
			add(name+".bias", Embd)
		}
	}
	if c.positions {
		add("position_embd.weight", Embd, Context)
	}
	q, kv := Heads*HeadDim, m.kvHeads()*HeadDim
	for l := range m.layers() {
		p := fmt.Sprintf("blk.%d.", l)
		norm(p + "attn_norm")
		if c.fused {
			linear(p+"attn_qkv", Embd, q+2*kv)
		} else {
			linear(p+"attn_q", Embd, q)
			linear(p+"attn_k", Embd, kv)
			linear(p+"attn_v", Embd, kv)
		}
		linear(p+"attn_output", q, Embd)
		if c.ffnNorm {
			norm(p + "ffn_norm")
		}
		if c.gated {
			linear(p+"ffn_gate", Embd, FF)
		}
		linear(p+"ffn_up", Embd, FF)
		linear(p+"ffn_down", FF, Embd)
	}
	norm("output_norm")
	if c.output {
		add("output.weight", Embd, len(Vocab))
		if m.Arch == "phi2" {
			add("output.bias", len(Vocab))
		}
	}
}
