package model

// qwen2MoE is Qwen1.5-MoE and Qwen2-MoE: the weights of the chosen experts are used as they are, and a shared expert
// is added.
func qwen2MoE(c *Config, r *reader) {
	neoX(c, r)
	c.NormExperts = false
	c.SharedFF = r.number("expert_shared_feed_forward_length", c.FF, 1, maxDim)
}
