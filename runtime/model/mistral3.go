package model

import "math"

// mistral3 is Ministral 3 and Mistral 3: llama, whose queries grow with the position (Nakanishi 2025, scalable softmax),
// and whose YaRN lengthens vectors less.
func mistral3(c *Config, r *reader) {
	c.AttnTemp = r.float("attention.temperature_scale", 0)
	c.Rope.Fast = float64(r.float("rope.scaling.yarn_beta_fast", 32))
	c.Rope.Slow = float64(r.float("rope.scaling.yarn_beta_slow", 1))
	if m := float64(r.float("rope.scaling.yarn_log_multiplier", 0)); m != 0 && c.Rope.Yarn != 0 {
		c.Rope.Attn /= 1 + 0.1*m*math.Log(1/c.Rope.Scale)
	}
}

// temperature is the factor of a query at a position, more than one beyond the original context.
func (c *Config) temperature(pos int) float32 {
	if c.AttnTemp == 0 {
		return 1
	}
	return 1 + c.AttnTemp*float32(math.Log(math.Floor(float64(pos)/float64(c.Rope.Orig))+1))
}
