package model

// phi3 is Phi-3 and Phi-4-mini (Abdin et al. 2024): llama with the projections of q, k, v and of gate, up fused, and two
// sets of rope divisors, for contexts up to the original length and beyond (LongRoPE). A sliding window, where files
// have one, is not used, as in llama.cpp.
func phi3(c *Config, r *reader) {
	neoX(c, r)
	c.FusedGate = true
}
