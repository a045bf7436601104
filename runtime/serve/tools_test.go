package serve

import (
	"bufio"
	"encoding/json"
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/engine/sched"
)

const weatherTool = `{"name": "get_weather", "description": "x", %q: {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}}`

// TestToolsInEveryAPI has a model that thinks, says something and calls a tool, and asks for that through all three APIs,
// whole and streamed.
func TestToolsInEveryAPI(t *testing.T) {
	_, h := scripted(t, "", "<think>hm, well</think>Let me look. <tool_call>{\"name\": \"get_weather\", \"arguments\": {\"city\": \"Rome\"}}</tool_call>")
	const text, args = "Let me look.", `{"city": "Rome"}`
	function := fmt.Sprintf(weatherTool, "parameters")
	chat := `{"messages": [{"role": "user", "content": "x"}], "tools": [{"type": "function", "function": ` + function + `}]`
	_, a, _ := call(t, h, "POST", "/v1/chat/completions", chat+"}")
	m := at(a, "choices", 0, "message")
	if at(m, "content") != text || at(m, "reasoning_content") != "hm, well" || at(m, "tool_calls", 0, "function", "arguments") != args || at(a, "choices", 0, "finish_reason") != "tool_calls" {
		t.Errorf("chat: %v", a)
	}
	var content, reasoning, arguments, name string
	for _, e := range events(t, h, "/v1/chat/completions", chat+`, "stream": true}`) {
		var c map[string]any
		if json.Unmarshal([]byte(e), &c) != nil {
			continue
		}
		d := at(c, "choices", 0, "delta")
		str := func(path ...any) string { s, _ := at(d, path...).(string); return s }
		content, reasoning = content+str("content"), reasoning+str("reasoning_content")
		arguments, name = arguments+str("tool_calls", 0, "function", "arguments"), name+str("tool_calls", 0, "function", "name")
		if tc := at(d, "tool_calls", 0); tc != nil && at(tc, "type") != "function" {
			t.Errorf("a call without type: %s", e)
		}
	}
	if content != text || reasoning != "hm, well" || arguments != args || name != "get_weather" {
		t.Errorf("chat, streamed: %q %q %q %q", content, reasoning, arguments, name)
	}

	responses := `{"input": "x", "tools": [` + strings.Replace(function, "{", `{"type": "function", `, 1) + `]`
	_, a, _ = call(t, h, "POST", "/v1/responses", responses+"}")
	for i, kind := range []string{"reasoning", "message", "function_call"} {
		if at(a, "output", i, "type") != kind {
			t.Errorf("responses: item %d is %v, want %s", i, at(a, "output", i), kind)
		}
	}
	if at(a, "output", 1, "content", 0, "text") != text || at(a, "output", 2, "arguments") != args || a["status"] != "completed" {
		t.Errorf("responses: %v", a)
	}
	last := events(t, h, "/v1/responses", responses+`, "stream": true}`)
	var done map[string]any
	if json.Unmarshal([]byte(last[len(last)-1]), &done) != nil || done["type"] != "response.completed" || at(done, "response", "output", 2, "arguments") != args {
		t.Errorf("responses, streamed: %s", last[len(last)-1])
	}

	messages := `{"max_tokens": 50, "messages": [{"role": "user", "content": "x"}], "tools": [` + fmt.Sprintf(weatherTool, "input_schema") + `]`
	_, a, _ = call(t, h, "POST", "/v1/messages", messages+"}")
	for i, kind := range []string{"thinking", "text", "tool_use"} {
		if at(a, "content", i, "type") != kind {
			t.Errorf("messages: block %d is %v, want %s", i, at(a, "content", i), kind)
		}
	}
	if at(a, "content", 2, "input", "city") != "Rome" || a["stop_reason"] != "tool_use" {
		t.Errorf("messages: %v", a)
	}
	var kinds []string
	for _, e := range events(t, h, "/v1/messages", messages+`, "stream": true}`) {
		var c map[string]any
		if err := json.Unmarshal([]byte(e), &c); err != nil {
			t.Fatal(err)
		}
		if c["type"] == "content_block_start" {
			kinds = append(kinds, at(c, "content_block", "type").(string))
		}
	}
	if fmt.Sprint(kinds) != "[thinking text tool_use]" {
		t.Errorf("messages, streamed: blocks %v", kinds)
	}
}

// TestForcedTool: a model that would never call anything does so when it must, in templates with and without tools.
func TestForcedTool(t *testing.T) {
	for name, template := range map[string]string{
		"plain":    "",
		"hermes":   `{% if tools %}{{ tools | tojson }}<tool_call>{% endif %}{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}`,
		"mistral":  `{% if tools %}{{ tools | tojson }}[TOOL_CALLS]{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}`,
		"llama3":   `{% if tools %}{{ tools | tojson }}<|python_tag|>{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}`,
		"thinking": `{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}{% if add_generation_prompt %}<think>{% endif %}`,
		"gpt-oss":  `{% if tools %}{{ tools | tojson }}<|channel|>{% endif %}{% for m in messages %}{{ m.content }}{% endfor %}`,
	} {
		e := demo(t, template)
		g := sched.New(e, sched.Options{})
		_, h := serveModel(t, Config{}, Model{ID: "demo", Engine: e, Generate: g, Defaults: testDefaults})
		body := `{"messages": [{"role": "user", "content": "x"}], "max_tokens": 60, "tool_choice": "required", "parallel_tool_calls": false, "tools": [{"type": "function", "function": {"name": "f",
			"parameters": {"type": "object", "properties": {"a": {"enum": [1, 2]}}, "required": ["a"], "additionalProperties": false}}}]}`
		_, a, _ := call(t, h, "POST", "/v1/chat/completions", body)
		args, _ := at(a, "choices", 0, "message", "tool_calls", 0, "function", "arguments").(string)
		if args = strings.ReplaceAll(args, " ", ""); args != `{"a":1}` && args != `{"a":2}` || at(a, "choices", 0, "finish_reason") != "tool_calls" {
			t.Errorf("%s: %v", name, a)
		}
		g.Close()
	}
}

// TestThinking: reasoning that the prompt opens is free of the schema, and ends when its budget does or somebody says so.
func TestThinking(t *testing.T) {
	e := demo(t, `{% for m in messages %}{{ m.role }}: {{ m.content }}{% endfor %}{% if add_generation_prompt %}<think>{% endif %}`)
	g := sched.New(e, sched.Options{})
	t.Cleanup(g.Close)
	s, h := serveModel(t, Config{}, Model{ID: "demo", Engine: e, Generate: g, Defaults: testDefaults})
	body := `{"messages": [{"role": "user", "content": "Tell me a story"}], "max_tokens": 100, "ignore_eos": true, "response_format": {"type": "json_schema", "json_schema": {"schema": {"enum": ["a", "b"]}}}`
	_, a, _ := call(t, h, "POST", "/v1/chat/completions", body+`, "reasoning_budget": 10}`)
	content, _ := at(a, "choices", 0, "message", "content").(string)
	if reasoning, _ := at(a, "choices", 0, "message", "reasoning_content").(string); len(reasoning) < 10 || content != `"a"` && content != `"b"` {
		t.Errorf("budget 10: %v", a)
	}
	_, a, _ = call(t, h, "POST", "/v1/chat/completions", body+`, "reasoning_budget": 0}`)
	content, _ = at(a, "choices", 0, "message", "content").(string)
	if at(a, "choices", 0, "message", "reasoning_content") != nil || content != `"a"` && content != `"b"` {
		t.Errorf("budget 0: %v", a)
	}
	// The reasoning is ended from outside as soon as the stream says its id.
	resp, err := http.Post(h.URL+"/v1/chat/completions", "application/json", strings.NewReader(strings.Replace(body, "100", "450", 1)+`, "stream": true, "reasoning_control": true}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	lines, content, asked := bufio.NewScanner(resp.Body), "", false
	for lines.Scan() {
		var c map[string]any
		data, ok := strings.CutPrefix(lines.Text(), "data: ")
		if !ok || json.Unmarshal([]byte(data), &c) != nil {
			continue
		}
		if text, ok := at(c, "choices", 0, "delta", "content").(string); ok {
			content += text
		}
		if !asked {
			asked = true
			if status, a, _ := call(t, h, "POST", "/v1/chat/completions/control", fmt.Sprintf(`{"id": %q, "action": "reasoning_end"}`, c["id"])); status != 200 {
				t.Errorf("control: %d %v", status, a)
			}
		}
	}
	if content != `"a"` && content != `"b"` {
		t.Errorf("ended from outside: %q", content)
	}
	if status, _, _ := call(t, h, "POST", "/v1/chat/completions/control", `{"id": "x", "action": "reasoning_end"}`); status != 404 {
		t.Errorf("no such answer: %d", status)
	}
	s.reasoning.Range(func(id, _ any) bool { t.Errorf("%v is still remembered", id); return true })
}
