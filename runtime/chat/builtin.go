package chat

import (
	"maps"
	"slices"
	"strings"
)

// builtin are templates for models whose file has none, by the names llama.cpp gives them.
var builtin = map[string]string{
	"chatml": `{% for m in messages %}{{ '<|im_start|>' + m.role + '\n' + m.content + '<|im_end|>\n' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<|im_start|>assistant\n' }}{% endif %}`,
	"llama3": `{{ bos_token }}{% for m in messages %}{{ '<|start_header_id|>' + m.role + '<|end_header_id|>\n\n' + m.content | trim + '<|eot_id|>' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<|start_header_id|>assistant<|end_header_id|>\n\n' }}{% endif %}`,
	"llama2-sys": `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ '[INST] <<SYS>>\n' + m.content + '\n<</SYS>>\n\n' }}` +
		`{% elif m.role == 'user' %}{{ ('' if loop.index0 > 0 and messages[loop.index0 - 1].role == 'system' else '[INST] ') + m.content + ' [/INST]' }}` +
		`{% else %}{{ m.content + eos_token }}{% endif %}{% endfor %}`,
	"mistral-v1": `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ ' [INST] ' + m.content + '\n\n' }}` +
		`{% elif m.role == 'user' %}{{ ('' if loop.index0 > 0 and messages[loop.index0 - 1].role == 'system' else ' [INST] ') + m.content + ' [/INST]' }}` +
		`{% else %}{{ ' ' + m.content + eos_token }}{% endif %}{% endfor %}`,
	"gemma": `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ raise_exception('System role not supported') }}{% endif %}{{ '<start_of_turn>' + ('model' if m.role == 'assistant' else m.role) + '\n' + m.content | trim + '<end_of_turn>\n' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<start_of_turn>model\n' }}{% endif %}`,
	"phi3": `{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + '<|end|>\n' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}`,
	"zephyr": `{% for m in messages %}{{ '<|' + m.role + '|>\n' + m.content + eos_token + '\n' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<|assistant|>\n' }}{% endif %}`,
	"vicuna": `{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\n\n' }}{% elif m.role == 'user' %}{{ 'USER: ' + m.content + '\n' }}` +
		`{% else %}{{ 'ASSISTANT: ' + m.content + '</s>\n' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'ASSISTANT:' }}{% endif %}`,
	"deepseek2": `{{ bos_token }}{% for m in messages %}{% if m.role == 'system' %}{{ m.content + '\n\n' }}{% elif m.role == 'user' %}{{ 'User: ' + m.content + '\n\n' }}` +
		`{% else %}{{ 'Assistant: ' + m.content + '<｜end▁of▁sentence｜>' }}{% endif %}{% endfor %}{% if add_generation_prompt %}{{ 'Assistant:' }}{% endif %}`,
	"granite": `{% for m in messages %}{{ '<|start_of_role|>' + m.role + '<|end_of_role|>' + m.content + '<|end_of_text|>\n' }}{% endfor %}` +
		`{% if add_generation_prompt %}{{ '<|start_of_role|>assistant<|end_of_role|>' }}{% endif %}`,
}

// Named returns the template of a name, for --chat-template NAME.
func Named(name string) (source string, ok bool) {
	source, ok = builtin[name]
	return source, ok
}

// Names lists the names Named knows.
func Names() []string { return slices.Sorted(maps.Keys(builtin)) }

// resembles are marks of conversations and the template that writes them, the ones that occur in others last.
var resembles = []struct{ mark, name string }{
	{"<|start_of_role|>", "granite"},
	{"<|start_header_id|>", "llama3"},
	{"<start_of_turn>", "gemma"},
	{"<|im_start|>", "chatml"},
	{"<|end|>", "phi3"},
	{"<|assistant|>", "zephyr"},
	{"<｜Assistant｜>", "deepseek2"},
	{"<<SYS>>", "llama2-sys"},
	{"[INST]", "mistral-v1"},
}

// Resembling names the built-in template for a model whose own is broken: the one whose marks are tokens of the model, else
// the one whose marks occur in the broken template, else chatml.
func Resembling(source string, isToken func(text string) bool) string {
	for _, r := range resembles {
		if isToken(r.mark) {
			return r.name
		}
	}
	for _, r := range resembles {
		if strings.Contains(source, r.mark) {
			return r.name
		}
	}
	return "chatml"
}
