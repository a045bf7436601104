package model

import "slices"

// architecture is what general.architecture names: a network and the numbers it fixes.
type architecture struct {
	name   string
	net    func() network
	config func(c *Config, r *reader) // sets what the architecture fixes or reads beyond the common keys; may be nil
	models string                     // what people call the models, where the name does not say it
}

// architectures lists what is supported, in the order of the list in the README, which a test compares with it.
var architectures = []architecture{
	{"llama", newPrenorm, nil, "Llama, Mistral, Mixtral, SmolLM2 and others"},
	{"qwen2", newPrenorm, neoX, "Qwen 2 and 2.5"},
	{"qwen3", newPrenorm, neoX, "Qwen 3"},
	{"qwen2vl", newPrenorm, neoX, "text of Qwen2-VL and Qwen2.5-VL"},
	{"qwen3vl", newPrenorm, neoX, "text of Qwen3-VL"},
	{"qwen3vlmoe", newPrenorm, neoX, "text of Qwen3-VL MoE"},
	{"qwen35", newPrenorm, qwen35, "Qwen3.5, Qwen3.6, Qwen3.8"},
	{"qwen35moe", newPrenorm, qwen35, "Qwen3.5 and 3.6 with experts"},
	{"qwen3next", newPrenorm, qwen3Next, "Qwen3-Next"},
	{"lfm2", newPrenorm, lfm2, "LFM2, LFM2.5"},
	{"lfm2moe", newPrenorm, lfm2, "LFM2 with experts"},
	{"gemma", newSandwich, gemma1, "Gemma 1"},
	{"gemma2", newSandwich, gemma2, ""},
	{"gemma3", newSandwich, gemma3, ""},
	{"gemma4", newLayerInputs, gemma4, ""},
	{"phi3", newPrenorm, phi3, "Phi-3, Phi-4"},
	{"phi2", newLayernorm, layerNorms, ""},
	{"granite", newPrenorm, granite, "Granite 3"},
	{"granitemoe", newPrenorm, granite, ""},
	{"smollm3", newPrenorm, smolLM3, ""},
	{"qwen2moe", newPrenorm, qwen2MoE, "Qwen1.5-MoE, Qwen2-MoE"},
	{"qwen3moe", newPrenorm, neoX, ""},
	{"gpt-oss", newPrenorm, gptOSS, ""},
	{"seed_oss", newPrenorm, neoX, ""},
	{"hunyuan-dense", newPrenorm, hunyuan, ""},
	{"olmo2", newSandwich, olmo2, "OLMo 2 and 3"},
	{"olmoe", newPrenorm, olmoe, ""},
	{"mistral3", newPrenorm, mistral3, "Mistral 3, Ministral 3"},
	{"minicpm", newPrenorm, miniCPM, "MiniCPM 1 and 2"},
	{"exaone", newPrenorm, neoX, ""},
	{"exaone4", newSandwich, exaone4, ""},
	{"glm4", newSandwich, glm4, ""},
	{"internlm2", newPrenorm, nil, ""},
	{"ernie4_5", newPrenorm, nil, ""},
	{"command-r", newLayernorm, commandR, ""},
	{"cohere2", newLayernorm, cohere2, "Command R7B, Aya"},
	{"nemotron", newLayernorm, nemotron, "Nemotron 4, Minitron"},
	{"stablelm", newLayernorm, stableLM, ""},
	{"starcoder", newLayernorm, gpt2, ""},
	{"starcoder2", newLayernorm, layerNorms, ""},
	{"falcon", newLayernorm, layerNorms, ""},
	{"gptneox", newLayernorm, layerNorms, ""},
	{"gpt2", newLayernorm, gpt2, ""},
	{"orion", newLayernorm, stableLM, ""},
	{"bert", newEncoder, bert, ""},
	{"nomic-bert", newEncoder, nomicBERT, ""},
}

func newPrenorm() network     { return new(prenorm) }
func newSandwich() network    { return new(sandwich) }
func newLayernorm() network   { return new(layernorm) }
func newLayerInputs() network { return new(layerInputs) }
func newEncoder() network     { return new(encoder) }

// lookUp finds an architecture by its name.
func lookUp(name string) (*architecture, bool) {
	i := slices.IndexFunc(architectures, func(a architecture) bool { return a.name == name })
	if i < 0 {
		return nil, false
	}
	return &architectures[i], true
}

// Architectures lists the supported values of general.architecture in alphabetical order.
func Architectures() []string {
	var l []string
	for _, a := range architectures {
		l = append(l, a.name)
	}
	slices.Sort(l)
	return l
}
