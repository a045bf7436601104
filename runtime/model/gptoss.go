package model

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// gptOSS is OpenAI's gpt-oss (2025): every block a mixture of experts with biases, every second layer a sliding window,
// and sinks: a learned score for each head that takes part in the softmax but has no value, so that a head can look at
// nothing.
type gptOSS struct {
	Embd   linear        `gguf:"token_embd" shape:"embd,vocab"`
	Layers []gptOSSLayer `gguf:"blk"`
	Norm   []float32     `gguf:"output_norm.weight" shape:"embd"`
	Output linear        `gguf:"output,or=token_embd.weight" shape:"embd,vocab"`
}

type gptOSSLayer struct {
	AttnNorm []float32 `gguf:"attn_norm.weight" shape:"embd"`
	Attn     attention
	Sinks    []float32 `gguf:"attn_sinks.weight" shape:"heads"`
	FFNNorm  []float32 `gguf:"post_attention_norm.weight" shape:"embd"`
	MoE      moe
}

func (m *gptOSS) forward(s *step) {
	s.embed(m.Embd) // x [n, embd]
	for i := range m.Layers {
		l := &m.Layers[i]
		s.norm(s.h, s.x, l.AttnNorm)
		s.sinks = l.Sinks
		s.add(l.Attn.attend(s, i, s.h))
		s.sinks = nil
		s.norm(s.h, s.x, l.FFNNorm)
		s.add(l.MoE.forward(s, s.h, swigluOSS))
	}
	s.norm(s.x, s.x, m.Norm)
}

func (m *gptOSS) head(s *step, logits, hidden []float32, n int) {
	s.project(logits, hidden, n, m.Output)
}

func (m *gptOSS) check(c *Config) error {
	for i := range m.Layers {
		if !m.Layers[i].MoE.complete() {
			return missing(c, i, "ffn_gate_inp, ffn_gate_exps, ffn_up_exps and ffn_down_exps")
		}
	}
	return nil
}

// swigluOSS is x*sigmoid(1.702 x) * (y+1) with x at most 7 and y within -7 and 7.
func swigluOSS(_ *compute.Level, dst, gate, up []float32) {
	const alpha, limit = 1.702, 7
	for i := range dst {
		x, y := min(gate[i], limit), min(max(up[i], -limit), limit)
		dst[i] = float32(float64(x)/(1+math.Exp(-alpha*float64(x)))) * (y + 1)
	}
}

// applySink scales weights, softmax of scores with the given log-sum-exp, to what they are when the sink takes its part.
func (s *step) applySink(weights []float32, sink float32, lse float64) {
	s.level.Scale(weights, float32(1/(1+math.Exp(float64(sink)-lse))))
}

// logSumExp is log(sum(exp(x))).
func logSumExp(x []float32) float64 {
	top := x[0]
	for _, v := range x {
		top = max(top, v)
	}
	sum := 0.0
	for _, v := range x {
		sum += math.Exp(float64(v - top))
	}
	return float64(top) + math.Log(sum)
}

func gptOSSConfig(c *Config, r *reader) {
	neoX(c, r)
	c.RouteChosen = true
	c.Window = r.number("attention.sliding_window", 128, 1, maxCtx)
	slidingLayers(c, r, 2)
	c.SlidingRot.Base = float64(r.float("rope.freq_base_swa", c.Rope.Base))
}
