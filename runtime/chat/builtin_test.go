package chat

import "testing"

// TestBuiltin has the prompts llama.cpp's tests expect of the templates of these names (tests/test-chat-template.cpp).
func TestBuiltin(t *testing.T) {
	messages := []Message{{Role: "system", Content: "You are a helpful assistant"}, {Role: "user", Content: "Hello"},
		{Role: "assistant", Content: "Hi there"}, {Role: "user", Content: "Who are you"}}
	want := map[string]string{
		"chatml": "<|im_start|>system\nYou are a helpful assistant<|im_end|>\n<|im_start|>user\nHello<|im_end|>\n<|im_start|>assistant\nHi there<|im_end|>\n" +
			"<|im_start|>user\nWho are you<|im_end|>\n<|im_start|>assistant\n",
		"llama3": "<s><|start_header_id|>system<|end_header_id|>\n\nYou are a helpful assistant<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nHello<|eot_id|>" +
			"<|start_header_id|>assistant<|end_header_id|>\n\nHi there<|eot_id|><|start_header_id|>user<|end_header_id|>\n\nWho are you<|eot_id|><|start_header_id|>assistant<|end_header_id|>\n\n",
		"llama2-sys": "<s>[INST] <<SYS>>\nYou are a helpful assistant\n<</SYS>>\n\nHello [/INST]Hi there</s>[INST] Who are you [/INST]",
		"mistral-v1": "<s> [INST] You are a helpful assistant\n\nHello [/INST] Hi there</s> [INST] Who are you [/INST]",
		"gemma":      "<s><start_of_turn>user\nYou are a helpful assistant\nHello<end_of_turn>\n<start_of_turn>model\nHi there<end_of_turn>\n<start_of_turn>user\nWho are you<end_of_turn>\n<start_of_turn>model\n",
		"phi3":       "<|system|>\nYou are a helpful assistant<|end|>\n<|user|>\nHello<|end|>\n<|assistant|>\nHi there<|end|>\n<|user|>\nWho are you<|end|>\n<|assistant|>\n",
		"zephyr":     "<|system|>\nYou are a helpful assistant</s>\n<|user|>\nHello</s>\n<|assistant|>\nHi there</s>\n<|user|>\nWho are you</s>\n<|assistant|>\n",
		"vicuna":     "You are a helpful assistant\n\nUSER: Hello\nASSISTANT: Hi there</s>\nUSER: Who are you\nASSISTANT:",
		"deepseek2":  "<s>You are a helpful assistant\n\nUser: Hello\n\nAssistant: Hi there<｜end▁of▁sentence｜>User: Who are you\n\nAssistant:",
		"granite": "<|start_of_role|>system<|end_of_role|>You are a helpful assistant<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Hello<|end_of_text|>\n" +
			"<|start_of_role|>assistant<|end_of_role|>Hi there<|end_of_text|>\n<|start_of_role|>user<|end_of_role|>Who are you<|end_of_text|>\n<|start_of_role|>assistant<|end_of_role|>",
	}
	for _, name := range Names() {
		source, ok := Named(name)
		if !ok {
			t.Fatal(name)
		}
		tpl, err := Parse(source)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		if got, err := tpl.Prompt(messages, "<s>", "</s>", true); err != nil || got != want[name] {
			t.Errorf("%s: %v\n got %q\nwant %q", name, err, got, want[name])
		}
	}
	if _, ok := Named("nonsense"); ok {
		t.Error("nonsense is a template")
	}
}

func TestResembling(t *testing.T) {
	for _, c := range []struct{ source, token, want string }{
		{"", "", "chatml"},
		{"<|im_start|>", "<start_of_turn>", "gemma"},
		{"{{ '<|start_header_id|>' }}", "", "llama3"},
		{"[INST] <<SYS>>", "", "llama2-sys"},
		{"[INST]", "</s>", "mistral-v1"},
	} {
		got := Resembling(c.source, func(text string) bool { return text == c.token })
		if _, known := Named(got); got != c.want || !known {
			t.Errorf("%q with the token %q: %q, want %q", c.source, c.token, got, c.want)
		}
	}
}
