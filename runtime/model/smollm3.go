package model

// smolLM3 is SmolLM3: llama, where every fourth layer has no positions (NoPE).
func smolLM3(c *Config, _ *reader) {
	c.NoRope = func(l int) bool { return (l+1)%4 == 0 }
}
