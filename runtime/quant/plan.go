package quant

import (
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// plan decides the type of every tensor, as llama.cpp's llama_tensor_get_type does.
type plan struct {
	target
	arch    string
	layers  int
	experts int
	tied    bool // the embeddings are the output layer too
}

func newPlan(f *gguf.File, t target) *plan {
	p := &plan{target: t, tied: f.Tensor("output.weight") == nil}
	p.arch, _ = f.Text("general.architecture", "") // a file without one keeps the general rules
	p.layers, _ = f.Int(p.arch+".block_count", 0)
	p.experts, _ = f.Int(p.arch+".expert_count", 0)
	return p
}

// kept are parts of names of matrices that stay as they are: they are small and matter much.
var kept = []string{"_norm.weight", "ffn_gate_inp", "position_embd", "token_types", "rope_f", "ssm_conv1d", "altup", "laurel",
	"attn_rel_b"}

func (p *plan) typeOf(t *gguf.Tensor) tensor.Type {
	from := t.Type
	if len(t.Dims) < 2 || !strings.HasSuffix(t.Name, "weight") {
		return from
	}
	for _, k := range kept {
		if strings.Contains(t.Name, k) {
			return from
		}
	}
	return fit(p.wanted(t.Name), t.Dims[0])
}

// wanted is the type before looking at the length of rows.
func (p *plan) wanted(name string) tensor.Type {
	if p.base == tensor.F16 || p.base == tensor.BF16 || p.base == tensor.Q8_0 {
		return p.base
	}
	if name == "output.weight" || p.tied && name == "token_embd.weight" {
		return tensor.Q6_K
	}
	if !p.mixed {
		return p.base
	}
	var layer int
	fmt.Sscanf(name, "blk.%d.", &layer)
	switch {
	case strings.Contains(name, "attn_v.weight"), strings.Contains(name, "attn_qkv.weight"):
		if p.experts == 8 && !strings.Contains(name, "qkv") {
			return tensor.Q8_0
		}
		if p.moreBits(layer) {
			return tensor.Q6_K
		}
	case strings.Contains(name, "attn_k.weight") && p.experts == 8:
		return tensor.Q8_0
	case strings.Contains(name, "ffn_down") && p.moreBits(layer):
		return tensor.Q6_K
	case strings.Contains(name, "attn_output.weight") && p.experts == 8 && p.base == tensor.Q4_K:
		return tensor.Q5_K
	}
	return p.base
}

// moreBits picks the first and last eighth of the layers, and every third of the others.
func (p *plan) moreBits(layer int) bool {
	n := p.layers
	return layer < n/8 || layer >= 7*n/8 || (layer-n/8)%3 == 2
}

// fit replaces types whose blocks do not divide a row by the nearest larger one that does.
func fit(t tensor.Type, cols int) tensor.Type {
	if cols%t.BlockLen() == 0 {
		return t
	}
	if n := t.Info().Narrow; n != tensor.F32 && cols%n.BlockLen() == 0 {
		return n
	}
	return tensor.F16
}
