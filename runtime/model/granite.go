package model

// granite is IBM Granite 3: llama with four factors.
func granite(c *Config, r *reader) {
	c.EmbdScale = r.float("embedding_scale", 1)
	c.ResScale = r.float("residual_scale", 1)
	c.LogitDiv = r.float("logit_scale", 1)
	if a := r.float("attention.scale", 0); a != 0 {
		c.AttnScale = a
	}
	if c.LogitDiv == 0 {
		r.fail("logit_scale", "got 0, want another number")
	}
}
