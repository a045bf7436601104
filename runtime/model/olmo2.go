package model

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

// olmoe is OLMoE: llama with experts and the norms of OLMo 2.
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
