package model

// hunyuan is Hunyuan 0.5B to 7B: llama, whose heads are normed after they are turned.
func hunyuan(c *Config, r *reader) {
	neoX(c, r)
	c.NormTurned = true
}
