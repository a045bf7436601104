package model

import (
	"math"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// What the architectures fix, or read from the file beyond the common keys: functions for the table in architectures.go.

// neoX is for architectures that rotate the pairs (i, i+n/2) of a head instead of (2i, 2i+1).
func neoX(c *Config, _ *reader) { c.Rope.NeoX, c.SlidingRot.NeoX = true, true }

// qwen2MoE is Qwen1.5-MoE and Qwen2-MoE: the weights of the chosen experts are used as they are, and a shared expert
// is added.
func qwen2MoE(c *Config, r *reader) {
	neoX(c, r)
	c.NormExperts = false
	c.SharedFF = r.number("expert_shared_feed_forward_length", c.FF, 1, maxDim)
}

// qwen35 is Qwen3.5, Qwen3.6 and the like: gated delta nets, and attention with gates in every fourth layer. Positions
// have three coordinates, which are the same for every token of a text. Experts, if there are any, have a shared one.
func qwen35(c *Config, r *reader) {
	neoX(c, r)
	c.GatedQ = true
	c.SharedFF = r.number("expert_shared_feed_forward_length", 0, 0, maxDim)
	deltaNetConfig(c, r)
}

// qwen3Next is Qwen3-Next, where the value heads of a key head follow each other.
func qwen3Next(c *Config, r *reader) {
	qwen35(c, r)
	c.GroupedHeads = true
}

// lfm2 is LFM2 and LFM2.5: short convolutions in the layers without key heads. Experts, in all layers but the first few,
// are weighted by sigmoids.
func lfm2(c *Config, r *reader) {
	neoX(c, r)
	c.uneven = true
	c.RecurrentKind = "shortconv"
	c.ConvTaps = r.number("shortconv.l_cache", -1, 2, maxTaps)
	c.ConvWidth = c.Embd
	switch n := r.number("expert_gating_func", gateSoftmax, 0, maxDim); n {
	case gateSoftmax:
	case gateSigmoid:
		c.RouteSigmoid = true
	default:
		r.fail("expert_gating_func", "got %d, want %d (softmax) or %d (sigmoid)", n, gateSoftmax, gateSigmoid)
	}
	if r.err == nil {
		c.recurrentLayers(r, func(l int) bool { return c.sizes[l].kvHeads == 0 })
	}
}

// Values of expert_gating_func (llama.h: enum llama_expert_gating_func_type).
const (
	gateSoftmax = 1
	gateSigmoid = 2
)

// phi3 is Phi-3 and Phi-4-mini (Abdin et al. 2024): pre-norm with the projections of q, k, v and of gate, up fused, and two
// sets of rope divisors, for contexts up to the original length and beyond (LongRoPE). A sliding window, where files
// have one, is not used, as in llama.cpp.
func phi3(c *Config, r *reader) {
	neoX(c, r)
	c.FusedGate = true
}

// mistral3 is Ministral 3 and Mistral 3: pre-norm; queries grow with the position (Nakanishi 2025, scalable softmax),
// and whose YaRN lengthens vectors less.
func mistral3(c *Config, r *reader) {
	c.AttnTemp = r.float("attention.temperature_scale", 0)
	c.Rope.Fast = float64(r.float("rope.scaling.yarn_beta_fast", 32))
	c.Rope.Slow = float64(r.float("rope.scaling.yarn_beta_slow", 1))
	if m := float64(r.float("rope.scaling.yarn_log_multiplier", 0)); m != 0 && c.Rope.Yarn != 0 {
		c.Rope.Attn /= 1 + 0.1*m*math.Log(1/c.Rope.Scale)
	}
}

// miniCPM is MiniCPM 1 and 2, whose factors have values of their own when the file names none.
func miniCPM(c *Config, r *reader) {
	c.EmbdScale = r.float("embedding_scale", 12)
	c.ResScale = r.float("residual_scale", 1.4/math.Sqrt(float64(c.Layers)))
	c.LogitDiv = r.float("logit_scale", 256/float64(c.Embd))
	notZero(c, r)
}

// notZero refuses to divide logits by nothing.
func notZero(c *Config, r *reader) {
	if c.LogitDiv == 0 {
		r.fail("logit_scale", "got 0, want another number")
	}
}

// granite is IBM Granite 3: pre-norm with four factors, and experts with a shared one in granitemoe.
func granite(c *Config, r *reader) {
	c.EmbdScale = r.float("embedding_scale", 1)
	c.ResScale = r.float("residual_scale", 1)
	c.LogitDiv = r.float("logit_scale", 1)
	if a := r.float("attention.scale", 0); a != 0 {
		c.AttnScale = a
	}
	c.SharedFF = r.number("expert_shared_feed_forward_length", 0, 0, maxDim)
	notZero(c, r)
}

// smolLM3 is SmolLM3: every fourth layer has no positions (NoPE).
func smolLM3(c *Config, _ *reader) {
	c.NoRope = func(l int) bool { return (l+1)%4 == 0 }
}

// hunyuan is Hunyuan 0.5B to 7B: heads are normed after their rotation.
func hunyuan(c *Config, r *reader) {
	neoX(c, r)
	c.NormTurned = true
}

// swigluOSS is x*sigmoid(1.702 x) * (y+1) with x at most 7 and y within -7 and 7.
func swigluOSS(_ *compute.Level, dst, gate, up []float32) {
	const alpha, limit = 1.702, 7
	for i := range dst {
		x, y := min(gate[i], limit), min(max(up[i], -limit), limit)
		dst[i] = float32(float64(x)/(1+math.Exp(-alpha*float64(x)))) * (y + 1)
	}
}

// gptOSS is gpt-oss (OpenAI 2025): experts with biases, sinks, a sliding window in every second layer.
func gptOSS(c *Config, r *reader) {
	neoX(c, r)
	c.Act, c.Sinks = swigluOSS, true
	c.RouteChosen = true
	c.Window = r.number("attention.sliding_window", 128, 1, maxCtx)
	slidingLayers(c, r, 2)
	c.SlidingRot.Base = float64(r.float("rope.freq_base_swa", c.Rope.Base))
}

// olmo2 is OLMo 2 and 3 (OLMo Team 2025): norms after the blocks, none before, and norms over all queries and all keys.
// OLMo 3 has a sliding window in three of four layers, whose positions are never scaled.
func olmo2(c *Config, r *reader) {
	neoX(c, r)
	c.NormsBehind, c.WideNorms = true, true
	c.Window = r.number("attention.sliding_window", 0, 0, maxCtx)
	if c.Window > 0 {
		slidingLayers(c, r, 4)
		c.SlidingRot.Scale, c.SlidingRot.Yarn, c.SlidingRot.Attn = 1, 0, 1
	}
}

// olmoe is OLMoE: pre-norm with experts and the norms of OLMo 2.
func olmoe(c *Config, r *reader) {
	neoX(c, r)
	c.WideNorms, c.NormExperts = true, false
}

// exaone4 is EXAONE 4: norms after the blocks, none before. In the 32B size three of four layers have a sliding window,
// and positions; the fourth has neither.
func exaone4(c *Config, r *reader) {
	neoX(c, r)
	c.NormsBehind = true
	const layers32B = 64
	if c.Layers == layers32B {
		c.Window = r.number("attention.sliding_window", 4096, 1, maxCtx)
		slidingLayers(c, r, 4)
		c.NoRope = func(l int) bool { return !c.Sliding(l) }
	}
}

// glm4 is GLM-4: norms on both sides of the blocks, gate and up fused.
func glm4(c *Config, _ *reader) { c.FusedGate = true }

func gemma1(c *Config, r *reader) { gemmaCommon(c, r, 0) }

// gemmaCommon is what all share; layers27B is the number of layers of the one size whose queries are scaled by the
// model's width instead of the head's.
func gemmaCommon(c *Config, r *reader, layers27B int) {
	neoX(c, r)
	c.Act = (*compute.Level).GELUMul
	c.EmbdScale = float32(math.Sqrt(float64(c.Embd)))
	c.Window = r.number("attention.sliding_window", 0, 0, maxCtx)
	if c.Layers == layers27B {
		c.AttnScale = float32(1 / math.Sqrt(float64(c.Embd)/float64(c.Heads)))
	}
}

// slidingLayers makes the layers slide but every period-th; files may name another period.
func slidingLayers(c *Config, r *reader, period int) {
	n := r.number("attention.sliding_window_pattern", period, 0, maxLayers)
	c.Sliding = func(l int) bool { return n == 0 || l%n < n-1 }
}

func gemma2(c *Config, r *reader) {
	gemmaCommon(c, r, 46)
	if c.Window == 0 {
		c.Window = 4096
	}
	c.AttnCap = r.float("attn_logit_softcapping", 50)
	c.LogitCap = r.float("final_logit_softcapping", 30)
	slidingLayers(c, r, 2)
	c.SlidingRot.Base = float64(r.float("rope.freq_base_swa", c.Rope.Base))
}

func gemma3(c *Config, r *reader) {
	gemmaCommon(c, r, 62)
	c.LogitCap = r.float("final_logit_softcapping", 0)
	if c.Window > 0 {
		slidingLayers(c, r, 6)
		c.SlidingRot.Base, c.SlidingRot.Scale = float64(r.float("rope.freq_base_swa", 10000)), 1
	}
}

// layerNorms is what all of them have: GELU, pairs of elements half a head apart.
func layerNorms(c *Config, r *reader) {
	neoX(c, r)
	c.Eps = r.epsilon("attention.layer_norm_epsilon", 1e-5)
	c.Act = (*compute.Level).GELUMul
	c.Parallel = r.flag("use_parallel_residual", false)
}

// gpt2 is GPT-2 and StarCoder: positions are learned vectors.
func gpt2(c *Config, r *reader) {
	layerNorms(c, r)
	c.NoRope = func(int) bool { return true }
}

// stableLM is StableLM and Orion: gated by SiLU.
func stableLM(c *Config, r *reader) {
	layerNorms(c, r)
	c.Act, c.Parallel = (*compute.Level).SiLUMul, false
}

// nemotron is Nemotron 4 and Minitron: squared ReLU.
func nemotron(c *Config, r *reader) {
	layerNorms(c, r)
	c.Act = func(_ *compute.Level, dst, x, y []float32) {
		for i, v := range x {
			v = max(v, 0)
			dst[i] = v * v * y[i]
		}
	}
}

// commandR is Cohere's Command R: norms without bias, pairs of neighbours.
func commandR(c *Config, r *reader) {
	stableLM(c, r)
	c.Rope.NeoX, c.SlidingRot.NeoX = false, false
	scale := r.float("logit_scale", 1)
	if scale == 0 {
		r.fail("logit_scale", "got 0, want another number")
	}
	c.LogitDiv = 1 / scale
}

// cohere2 is Command R7B and Aya: three of four layers have a sliding window and positions, the fourth has neither.
func cohere2(c *Config, r *reader) {
	commandR(c, r)
	c.Window = r.number("attention.sliding_window", -1, 1, maxCtx)
	slidingLayers(c, r, 4)
	c.NoRope = func(l int) bool { return !c.Sliding(l) }
}

// nomicBERT is BERT with rotary positions.
func nomicBERT(c *Config, r *reader) {
	bert(c, r)
	neoX(c, r)
	c.NoRope = nil
}

// bert is BERT and its descendants with learned positions.
func bert(c *Config, r *reader) {
	c.Encoder = true
	c.NoRope = func(int) bool { return true }
	c.Eps = r.epsilon("attention.layer_norm_epsilon", 1e-12)
	n, err := r.f.Int("tokenizer.ggml.token_type_count", 2)
	if err != nil && r.err == nil {
		r.err = err
	}
	c.Types = n
}
