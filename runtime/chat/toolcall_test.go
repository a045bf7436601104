package chat

import "testing"

func TestParseToolCalls(t *testing.T) {
	type call struct{ id, name, args string }
	for _, c := range []struct {
		format  ToolFormat
		answer  string
		content string
		calls   []call
	}{
		{NoTools, `{"name":"f","parameters":{}}`, `{"name":"f","parameters":{}}`, nil},
		{Hermes, "just text", "just text", nil},
		{Hermes, "<tool_call>\n{\"name\": \"f\", \"arguments\": {\"a\": [1, \"</tool_call>\"]}}\n</tool_call>", "", []call{{"call00000", "f", `{"a": [1, "</tool_call>"]}`}}},
		{Hermes, "Let me see.\n<tool_call>{\"name\":\"f\",\"arguments\":{}}</tool_call>\n<tool_call>{\"name\":\"g\"}", "Let me see.",
			[]call{{"call00000", "f", "{}"}, {"call00001", "g", "{}"}}},
		{Hermes, "<tool_call>not JSON</tool_call>", "<tool_call>not JSON</tool_call>", nil},
		{Hermes, `<tool_call>{"name":"","arguments":{}}</tool_call>`, `<tool_call>{"name":"","arguments":{}}</tool_call>`, nil},
		{Hermes, `<tool_call>{"name":"f","arguments":"{\"a\":1}"}</tool_call>`, "", []call{{"call00000", "f", `{"a":1}`}}},
		{Hermes, `<tool_call>{"name":"f","arguments":[1]}</tool_call>`, `<tool_call>{"name":"f","arguments":[1]}</tool_call>`, nil},
		{Llama3, `<|python_tag|>{"name": "f", "parameters": {"x": "1"}}`, "", []call{{"call00000", "f", `{"x": "1"}`}}},
		{Llama3, "\n{\"type\": \"function\", \"name\": \"f\", \"parameters\": {}}; {\"name\": \"g\", \"parameters\": {}}", "", []call{{"call00000", "f", "{}"}, {"call00001", "g", "{}"}}},
		{Llama3, `{"answer": 42}`, `{"answer": 42}`, nil},
		{Llama3, "I would call {\"name\": \"f\"}", "I would call {\"name\": \"f\"}", nil},
		{Mistral, `[TOOL_CALLS][{"name": "f", "arguments": {"a": 1}, "id": "abc123def"}]`, "", []call{{"abc123def", "f", `{"a": 1}`}}},
		{Mistral, `[{"name": "f", "arguments": {}}, {"name": "g", "arguments": {}}]`, "", []call{{"call00000", "f", "{}"}, {"call00001", "g", "{}"}}},
		{Mistral, `Sure.[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]g[ARGS]{}`, "Sure.", []call{{"call00000", "f", `{"a": 1}`}, {"call00001", "g", "{}"}}},
		{Mistral, `[1, 2]`, `[1, 2]`, nil},
		{Mistral, `[TOOL_CALLS]f[ARGS]{"a"`, `[TOOL_CALLS]f[ARGS]{"a"`, nil},
	} {
		content, calls := ParseToolCalls(c.format, c.answer)
		ok := content == c.content && len(calls) == len(c.calls)
		for i := 0; ok && i < len(calls); i++ {
			got := call{calls[i].ID, calls[i].Function.Name, string(calls[i].Function.Arguments)}
			ok = got == c.calls[i] && calls[i].Type == "function"
		}
		if !ok {
			t.Errorf("%s %q: got %q and %+v, want %q and %+v", c.format, c.answer, content, calls, c.content, c.calls)
		}
	}
}

func TestDetectTools(t *testing.T) {
	for template, want := range map[string]ToolFormat{
		"{{ '<tool_call>' }}": Hermes, "[TOOL_CALLS]": Mistral, "<|python_tag|>": Llama3,
		"<|start_header_id|> {\"name\": function name, \"parameters\": dictionary}": Llama3, "{{ messages }}": NoTools,
	} {
		if got := DetectTools(template); got != want {
			t.Errorf("%q: got %q, want %q", template, got, want)
		}
	}
}

func FuzzParseToolCalls(f *testing.F) {
	f.Add(`<tool_call>{"name":"f","arguments":{}}</tool_call>`)
	f.Add(`[TOOL_CALLS]f[ARGS]{"a": 1}[TOOL_CALLS]`)
	f.Add(`<|python_tag|>{"name": "f"};`)
	f.Fuzz(func(t *testing.T, answer string) {
		for _, format := range []ToolFormat{Hermes, Llama3, Mistral} {
			for _, c := range second(ParseToolCalls(format, answer)) {
				if c.Function.Name == "" || c.ID == "" || len(c.Function.Arguments) == 0 {
					t.Fatalf("%s %q: %+v", format, answer, c)
				}
			}
		}
	})
}

func second(_ string, calls []ToolCall) []ToolCall { return calls }
