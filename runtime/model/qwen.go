package model

// The text side of Qwen2-VL, Qwen2.5-VL and Qwen3-VL is Qwen 2 and 3: their positions have three coordinates, which are
// the same for every token of a text.

// qwen2MoE is Qwen1.5-MoE and Qwen2-MoE: the weights of the chosen experts are used as they are, and a shared expert
// is added.
func qwen2MoE(c *Config, r *reader) {
	neoX(c, r)
	c.NormExperts = false
	c.SharedFF = r.number("expert_shared_feed_forward_length", c.FF, 1, maxDim)
}
