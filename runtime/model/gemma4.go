package model

import (
	"fmt"
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// layerInputs is the sandwich with an input of its own for every layer, made of the token and the embedding (Gemma 3n and
// Gemma 4, Google DeepMind 2025 and 2026):
//
//	x += norm(attention(norm(x)))
//	x += norm(ffn(norm(x))), or norm(norm(ffn(norm(x))) + norm(experts(norm(x))))
//	x += norm(GELU(x Wgate) input Wproj)
//	x *= scale
//
// The last layers may use keys and values of earlier ones.
type layerInputs struct {
	Embd      linear            `gguf:"token_embd" shape:"embd,vocab"`
	Tokens    linear            `gguf:"per_layer_token_embd,optional" shape:"inputs,vocab"`
	Project   linear            `gguf:"per_layer_model_proj,optional" shape:"embd,inputs"`
	InputNorm []float32         `gguf:"per_layer_proj_norm.weight,optional" shape:"input"`
	Freqs     []float32         `gguf:"rope_freqs.weight,optional" shape:"rot"`
	Layers    []layerInputLayer `gguf:"blk"`
	Norm      []float32         `gguf:"output_norm.weight" shape:"embd"`
	Output    linear            `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type layerInputLayer struct {
	AttnNorm  []float32 `gguf:"attn_norm.weight" shape:"embd"`
	Attn      attention
	AttnPost  []float32 `gguf:"post_attention_norm.weight" shape:"embd"`
	FFNNorm   []float32 `gguf:"ffn_norm.weight" shape:"embd"`
	MLP       mlp
	MoE       moe
	Router    []float32 `gguf:"ffn_gate_inp.scale,optional" shape:"embd"`
	ExpNorm   []float32 `gguf:"pre_ffw_norm_2.weight,optional" shape:"embd"`
	DensePost []float32 `gguf:"post_ffw_norm_1.weight,optional" shape:"embd"`
	ExpPost   []float32 `gguf:"post_ffw_norm_2.weight,optional" shape:"embd"`
	FFNPost   []float32 `gguf:"post_ffw_norm.weight" shape:"embd"`
	Gate      linear    `gguf:"inp_gate,optional" shape:"embd,input"`
	Proj      linear    `gguf:"proj,optional" shape:"input,embd"`
	Post      []float32 `gguf:"post_norm.weight,optional" shape:"embd"`
	Scale     []float32 `gguf:"layer_output_scale.weight,optional" shape:"1"`
}

// layerInputScratch belongs to step.
type layerInputScratch struct {
	inputs []float32 // [n, layers, input]
	token  []float32 // [inputs] of one token
	gate   []float32 // [n, input]
	dense  []float32 // [n, embd]
	router []float32 // [n, embd]
}

func (m *layerInputs) forward(s *step) {
	s.embed(m.Embd) // x [n, embd], scaled by sqrt(embd)
	if m.Tokens.w != nil {
		m.inputs(s)
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		s.norm(s.h, s.x, l.AttnNorm)
		out := l.Attn.attend(s, i, s.h)
		s.norm(out, out, l.AttnPost)
		s.add(out)
		s.norm(s.h, s.x, l.FFNNorm)
		out = l.MLP.forward(s, s.h, s.m.Act)
		if l.MoE.complete() {
			out = l.addExperts(s, out)
		}
		s.norm(out, out, l.FFNPost)
		s.add(out)
		if m.Tokens.w != nil {
			l.addInput(s, i)
		}
		if l.Scale != nil {
			s.level.Scale(s.x, l.Scale[0])
		}
	}
	s.norm(s.x, s.x, m.Norm)
}

// inputs sets the inputs of all layers: the sum of a row of the table, times sqrt(input), and of a projection of the
// embedding, normed, divided by sqrt(2).
func (m *layerInputs) inputs(s *step) {
	c, b := &s.m.Config, &s.inputs
	w := c.LayerInput
	s.linear(&b.inputs, s.x, m.Project)
	row := grow(&b.token, w*c.Layers)
	for i := range s.n {
		in := b.inputs[i*len(row) : (i+1)*len(row)]
		s.level.Scale(in, float32(1/math.Sqrt(float64(c.Embd))))
		s.normHeads(in, m.InputNorm, c.Eps)
		m.Tokens.w.Row(int(s.tokens[i].ID), row)
		s.level.Axpy(in, float32(math.Sqrt(float64(w))), row)
		s.level.Scale(in, float32(1/math.Sqrt2))
	}
}

// addExperts adds what the experts compute to the output of the dense network, both normed.
func (l *layerInputLayer) addExperts(s *step, out []float32) []float32 {
	c, b := &s.m.Config, &s.inputs
	s.norm(out, out, l.DensePost)
	dense := append(b.dense[:0], out...)
	b.dense = dense
	router := grow(&b.router, len(s.x))
	for i := range s.n {
		row := router[i*c.Embd : (i+1)*c.Embd]
		s.level.RMSNorm(row, s.x[i*c.Embd:(i+1)*c.Embd], l.Router, c.Eps)
		s.level.Scale(row, float32(1/math.Sqrt(float64(c.Embd))))
	}
	s.norm(s.h, s.x, l.ExpNorm)
	out = l.MoE.forwardRouted(s, router, s.h, c.Act)
	s.norm(out, out, l.ExpPost)
	s.level.Add(out, dense)
	return out
}

// addInput adds the layer's own input, weighted by what it makes of x.
func (l *layerInputLayer) addInput(s *step, layer int) {
	c, b := &s.m.Config, &s.inputs
	w := c.LayerInput
	g := s.linear(&b.gate, s.x, l.Gate)
	for i := range s.n {
		in := b.inputs[(i*c.Layers+layer)*w : (i*c.Layers+layer+1)*w]
		c.Act(s.level, g[i*w:(i+1)*w], g[i*w:(i+1)*w], in)
	}
	out := s.linear(&s.out, g, l.Proj)
	s.norm(out, out, l.Post)
	s.add(out)
}

func (m *layerInputs) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *layerInputs) check(c *Config) error {
	c.Rope.Freqs = m.Freqs // sliding layers have none
	if (c.LayerInput > 0) != (m.Tokens.w != nil) || m.Tokens.w != nil && (m.Project.w == nil || m.InputNorm == nil) {
		return fmt.Errorf("%w: want per_layer_token_embd, per_layer_model_proj and per_layer_proj_norm, or none of them and no embedding_length_per_layer_input", ErrTensor)
	}
	for i := range m.Layers {
		l := &m.Layers[i]
		if !l.MLP.gated(c) {
			return missing(c, i, "ffn_gate, ffn_up and ffn_down")
		}
		if l.MoE.complete() && (l.Router == nil || l.ExpNorm == nil || l.DensePost == nil || l.ExpPost == nil) {
			return missing(c, i, "ffn_gate_inp.scale, pre_ffw_norm_2, post_ffw_norm_1 and post_ffw_norm_2")
		}
		if m.Tokens.w != nil && (l.Gate.w == nil || l.Proj.w == nil || l.Post == nil) {
			return missing(c, i, "inp_gate, proj and post_norm")
		}
		if l.MoE.SharedUp.w != nil {
			return fmt.Errorf("%w: layer %d has a shared expert beside its dense network, which architecture %s has not", ErrTensor, i, c.Arch)
		}
	}
	return nil
}

// gemma4 is Gemma 4: two head sizes, layers that share keys and values, and experts beside the dense network.
func gemma4(c *Config, r *reader) {
	neoX(c, r)
	c.Act = (*compute.Level).GELUMul
	c.EmbdScale = float32(math.Sqrt(float64(c.Embd)))
	c.AttnScale = 1
	c.LogitCap = r.float("final_logit_softcapping", 0)
	c.NormV, c.KeysAsValues, c.uneven = true, true, true
	c.LayerInput = r.number("embedding_length_per_layer_input", 0, 0, maxHead)
	c.Window = r.number("attention.sliding_window", -1, 1, maxCtx)
	if slides, ok := r.flags("attention.sliding_window_pattern"); ok {
		if len(slides) < c.Layers {
			r.fail("attention.sliding_window_pattern", "got %d values, want one for each of %d layers", len(slides), c.Layers)
			return
		}
		c.Sliding = func(l int) bool { return slides[l] }
	} else {
		r.fail("attention.sliding_window_pattern", "missing")
		return
	}
	head := r.number("attention.key_length_swa", c.HeadDim, 1, maxDim)
	if v := r.number("attention.value_length_swa", head, 1, maxDim); v != head {
		r.fail("attention.value_length_swa", "got %d, only the key length %d is supported", v, head)
	}
	c.SlidingRot.Dims = r.number("rope.dimension_count_swa", head&^1, 2, head)
	if c.SlidingRot.Dims%2 != 0 {
		r.fail("rope.dimension_count_swa", "got %d, want an even number: elements turn in pairs", c.SlidingRot.Dims)
	}
	c.SlidingRot.Base = float64(r.float("rope.freq_base_swa", 10000))
	if c.SlidingRot.Base <= 1 {
		r.fail("rope.freq_base_swa", "got %v, want more than 1", c.SlidingRot.Base)
	}
	for l := range c.sizes {
		if c.Sliding(l) {
			c.sizes[l].headDim = head
		}
	}
	c.shareKeys(r, r.number("attention.shared_kv_layers", 0, 0, c.Layers-1))
}

// shareKeys lets the last shared layers use the keys and values of the last layer of their kind before them.
func (c *Config) shareKeys(r *reader, shared int) {
	c.kvLayer = make([]int, c.Layers)
	own := c.Layers - shared
	for l := range c.kvLayer {
		c.kvLayer[l] = l
		if l < own {
			continue
		}
		c.kvLayer[l] = -1
		for k := range own {
			if c.Sliding(k) == c.Sliding(l) {
				c.kvLayer[l] = k
			}
		}
		if k := c.kvLayer[l]; k < 0 || c.sizes[k].kvHeads != c.sizes[l].kvHeads || c.sizes[k].headDim != c.sizes[l].headDim {
			r.fail("attention.shared_kv_layers", "got %d, which leaves no layer before layer %d whose keys it could use", shared, l)
			return
		}
	}
}
