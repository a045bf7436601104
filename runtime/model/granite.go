package model

import "math"

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

// granite is IBM Granite 3: llama with four factors, and experts with a shared one in granitemoe.
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
