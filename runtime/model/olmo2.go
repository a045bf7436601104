package model

// olmo2 is OLMo 2 and 3 (OLMo Team 2025): norms after the blocks, none before, and norms over all queries and all keys.
// OLMo 3 has a sliding window in three of four layers, whose positions are never scaled.
func olmo2(c *Config, r *reader) {
	neoX(c, r)
	c.WideNorms = true
	c.Window = r.number("attention.sliding_window", 0, 0, maxCtx)
	if c.Window > 0 {
		slidingLayers(c, r, 4)
		c.SlidingRot.Scale, c.SlidingRot.Yarn, c.SlidingRot.Attn = 1, 0, 1
	}
}
