package modeltest

// PeerIDs is the text whose next token llama.cpp and the engine predict.
var PeerIDs = []int32{1, 260, 270, 280, 261, 290, 262, 275, 284, 259, 288, 266, 267, 268, 269, 270, 271, 272, 273, 274}

// Peers returns the models llama.cpp has computed (tools/oracle), by the names of their results: one for each of the
// architectures and some with other keys.
func Peers(architectures []string) map[string]*Model {
	type keys = map[string]any
	models := map[string]*Model{
		"llama-linear": {Arch: "llama", Keys: keys{"llama.rope.scaling.type": "linear", "llama.rope.scaling.factor": float32(4)}},
		"llama-yarn": {Arch: "llama", Keys: keys{"llama.rope.scaling.type": "yarn", "llama.rope.scaling.factor": float32(4),
			"llama.rope.scaling.original_context_length": 16, "llama.rope.freq_base": float32(50)}},
		"qwen3-yarn": {Arch: "qwen3", Keys: keys{"qwen3.rope.scaling.type": "yarn", "qwen3.rope.scaling.factor": float32(2),
			"qwen3.rope.scaling.original_context_length": 32, "qwen3.rope.freq_base": float32(100)}},
	}
	models["qwen3-yarn-betas"] = &Model{Arch: "qwen3", Keys: keys{"qwen3.rope.scaling.type": "yarn",
		"qwen3.rope.scaling.factor": float32(2), "qwen3.rope.scaling.original_context_length": 32,
		"qwen3.rope.freq_base": float32(100), "qwen3.rope.scaling.yarn_beta_fast": float32(16), "qwen3.rope.scaling.yarn_ext_factor": float32(0.5)}}
	models["llama-longrope"] = &Model{Arch: "llama", LongRope: true, Keys: keys{"llama.rope.scaling.type": "longrope",
		"llama.rope.scaling.factor": float32(2), "llama.rope.scaling.original_context_length": 32, "llama.rope.scaling.attn_factor": float32(1.2)}}
	models["qwen3-last"] = &Model{Arch: "qwen3", Keys: keys{"qwen3.pooling_type": 3}}
	models["olmo3"] = &Model{Arch: "olmo2", Keys: keys{"olmo2.attention.sliding_window": 8, "olmo2.rope.scaling.type": "yarn",
		"olmo2.rope.scaling.factor": float32(2), "olmo2.rope.scaling.original_context_length": 32}}
	models["gemma2-pattern"] = &Model{Arch: "gemma2", Keys: keys{"gemma2.attention.sliding_window_pattern": 3,
		"gemma2.rope.freq_base_swa": float32(777), "gemma2.rope.scaling.type": "none", "gemma2.rope.scaling.factor": float32(4)}}
	for _, a := range architectures {
		models[a] = &Model{Arch: a}
	}
	// llama.cpp wants special tokens of Phi-3 from a model with that name.
	models["phi3"].Keys = keys{"general.name": "tiny"}
	models["mistral3"].Keys = keys{"mistral3.attention.temperature_scale": float32(0.2), "mistral3.rope.scaling.type": "yarn",
		"mistral3.rope.scaling.factor": float32(4), "mistral3.rope.scaling.original_context_length": 8,
		"mistral3.rope.scaling.yarn_log_multiplier": float32(1), "mistral3.rope.scaling.yarn_beta_fast": float32(16)}
	models["granitemoe"].Keys = keys{"granitemoe.embedding_scale": float32(3), "granitemoe.residual_scale": float32(0.22),
		"granitemoe.logit_scale": float32(2), "granitemoe.attention.scale": float32(0.2)}
	models["granite"].Keys = keys{"granite.embedding_scale": float32(3), "granite.residual_scale": float32(0.22),
		"granite.logit_scale": float32(2), "granite.attention.scale": float32(0.2)}
	return models
}
