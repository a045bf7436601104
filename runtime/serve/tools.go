package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/grammar"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// tool is a function the model may call, as chat completions have it.
type tool struct {
	Type     string   `json:"type"`
	Function function `json:"function"`
}

type function struct {
	Name        string          `json:"name"`
	Description string          `json:"description,omitempty"`
	Parameters  json.RawMessage `json:"parameters,omitempty"`
	Strict      *bool           `json:"strict,omitempty"`
}

// maxTools bounds the tools of a request.
const maxTools = 256

// toolChoice says whether tools must be called.
type toolChoice struct {
	mode  string   // "auto", "none" or "required"
	names []string // of which one must or may be called; nil for all
}

func (c *toolChoice) UnmarshalJSON(b []byte) error {
	wrong := badRequest("tool_choice", `tool_choice: got %s, want "auto", "none", "required" or an object that names a function`, clip(b))
	if json.Unmarshal(b, &c.mode) == nil {
		switch c.mode {
		case "", "auto", "none", "required":
			return nil
		case "any":
			c.mode = "required"
			return nil
		}
		return wrong
	}
	var object struct {
		Type     string   `json:"type"`
		Name     string   `json:"name"` // of the Responses API
		Function function `json:"function"`
		Allowed  struct {
			Mode  string `json:"mode"`
			Tools []tool `json:"tools"`
		} `json:"allowed_tools"`
	}
	if json.Unmarshal(b, &object) != nil {
		return wrong
	}
	switch object.Type {
	case "function", "tool":
		c.mode, c.names = "required", []string{object.Function.Name}
		if object.Name != "" {
			c.names[0] = object.Name
		}
		return nil
	case "allowed_tools":
		c.mode = object.Allowed.Mode
		for _, t := range object.Allowed.Tools {
			c.names = append(c.names, t.Function.Name)
		}
		return nil
	}
	return wrong
}

// tools are those the answer may call, nil for none.
func (c *conversation) tools() ([]tool, error) {
	if len(c.Tools) > maxTools {
		return nil, badRequest("tools", "tools: got %d, want at most %d", len(c.Tools), maxTools)
	}
	var list []tool
	for i, t := range c.Tools {
		if t.Type != "function" && t.Type != "" {
			return nil, notSupported("tools", "tools[%d]: type %q is not known here, only function", i, t.Type)
		}
		if t.Function.Name == "" {
			return nil, badRequest("tools", "tools[%d].function.name: want a name", i)
		}
		t.Type = "function"
		if len(c.ToolChoice.names) == 0 || slices.Contains(c.ToolChoice.names, t.Function.Name) {
			list = append(list, t)
		}
	}
	if c.ToolChoice.mode == "none" {
		return nil, nil
	}
	if len(list) == 0 && (len(c.ToolChoice.names) > 0 || c.ToolChoice.mode == "required") {
		return nil, badRequest("tool_choice", "tool_choice: no tool %s is among the tools", strings.Join(c.ToolChoice.names, ", "))
	}
	return list, nil
}

// replyTools describes tools to the parser of answers.
func replyTools(tools []tool) []reply.Tool {
	if len(tools) == 0 {
		return nil
	}
	list := make([]reply.Tool, len(tools))
	for i, t := range tools {
		var schema struct {
			Properties map[string]struct {
				Type any `json:"type"`
			} `json:"properties"`
		}
		_ = json.Unmarshal(t.Function.Parameters, &schema) // without a schema nothing is known to be a text
		list[i] = reply.Tool{Name: t.Function.Name, Text: func(key string) bool { return schema.Properties[key].Type == "string" }}
	}
	return list
}

// callSyntax is how a family of models writes calls in JSON, to make one answer with a call whatever it would say. The
// parser reads them all.
type callSyntax struct {
	mark       string // in the chat template
	open       string // what the answer begins with
	array      bool   // of calls
	name, args string // keys
}

var callSyntaxes = []callSyntax{
	{"[TOOL_CALLS]", "[TOOL_CALLS]", true, "name", "arguments"},
	{"<|START_ACTION|>", "<|START_ACTION|>", true, "tool_name", "parameters"},
	{"<|tool_call|>", "<|tool_call|>", true, "name", "arguments"},
	{"<|tools_prefix|>", "<|tools_prefix|>", true, "name", "arguments"},
	{"<|python_tag|>", "", false, "name", "parameters"},
	{`"parameters": dictionary of argument`, "", false, "name", "parameters"}, // Llama 3.2
	{"", "<tool_call>\n", false, "name", "arguments"},
}

// syntaxOf finds the syntax that a template shows; Hermes' is the one most models have seen.
func syntaxOf(template string) callSyntax {
	for _, s := range callSyntaxes {
		if strings.Contains(template, s.mark) {
			return s
		}
	}
	return callSyntaxes[len(callSyntaxes)-1]
}

// schema is the JSON schema of calls.
func (s callSyntax) schema(tools []tool, parallel bool) json.RawMessage {
	var calls []json.RawMessage
	for _, t := range tools {
		calls = append(calls, s.call(t))
	}
	one := mustMarshal(map[string]any{"anyOf": calls})
	if len(calls) == 1 {
		one = calls[0]
	}
	if !s.array {
		return one
	}
	most := len(tools) + 7 // enough for the same one several times
	if !parallel {
		most = 1
	}
	return mustMarshal(map[string]any{"type": "array", "items": one, "minItems": 1, "maxItems": most})
}

// call is the schema of a call of one tool. Parameters whose schema no grammar can express may be any object.
func (s callSyntax) call(t tool) json.RawMessage {
	params := t.Function.Parameters
	if len(bytes.TrimSpace(params)) == 0 || bytes.Equal(params, []byte("null")) {
		params = json.RawMessage(`{"type": "object"}`)
	}
	if _, err := grammar.FromSchema(params); err != nil {
		params = json.RawMessage(`{"type": "object"}`)
	}
	name, _ := json.Marshal(t.Function.Name) // a string always can be
	return json.RawMessage(fmt.Sprintf(`{"type": "object", "properties": {%q: {"const": %s}, %q: %s}, "required": [%q, %q], "additionalProperties": false}`,
		s.name, name, s.args, params, s.name, s.args))
}

// mustMarshal is for values that always have JSON: schemas that were JSON before.
func mustMarshal(v any) json.RawMessage {
	b, err := json.Marshal(v)
	if err != nil {
		panic(err)
	}
	return b
}

// force makes an answer begin with a call. It returns the beginning of the answer, which the prompt takes, and the
// schema of the rest; nil when the rest is left to the model.
func force(m *served, tools []tool, parallel bool) (begin string, schema json.RawMessage) {
	if m.traits().harmony {
		begin = "<|channel|>commentary to=functions."
		if len(tools) > 1 {
			return begin, nil
		}
		schema = tools[0].Function.Parameters
		if _, err := grammar.FromSchema(schema); err != nil {
			schema = json.RawMessage(`{"type": "object"}`)
		}
		return begin + tools[0].Function.Name + " <|constrain|>json<|message|>", schema
	}
	s := syntaxOf(m.Engine.TemplateSource())
	return s.open, s.schema(tools, parallel)
}

// toolsPrompt tells a model whose template knows no tools of them, in the words of Hermes.
func toolsPrompt(tools []tool) string {
	var b strings.Builder
	b.WriteString("You may call one or more functions to assist with the user query. Here are their signatures within <tools></tools>:\n<tools>\n")
	for _, t := range tools {
		b.Write(mustMarshal(t))
		b.WriteByte('\n')
	}
	b.WriteString("</tools>\nFor each function call return a JSON object with the name and the arguments within <tool_call></tool_call>:\n" +
		"<tool_call>\n{\"name\": \"NAME\", \"arguments\": {\"KEY\": \"VALUE\"}}\n</tool_call>")
	return b.String()
}

// plainTools writes calls and results of a conversation as text, for a template that knows neither.
func plainTools(messages []chat.Message, tools []tool) []chat.Message {
	var out []chat.Message
	for _, msg := range messages {
		switch {
		case len(msg.ToolCalls) > 0:
			for _, c := range msg.ToolCalls {
				text := mustMarshal(map[string]any{"name": c.Function.Name, "arguments": c.Function.Arguments})
				msg.Content = strings.TrimSpace(msg.Content + "\n<tool_call>\n" + string(text) + "\n</tool_call>")
			}
			msg.ToolCalls = nil
		case msg.Role == "tool":
			msg.Role, msg.ToolCallID = "user", ""
			msg.Content = "<tool_response>\n" + msg.Content + "\n</tool_response>"
			if n := len(out); n > 0 && out[n-1].Role == "user" { // roles alternate in many templates
				out[n-1].Content += "\n" + msg.Content
				continue
			}
		}
		out = append(out, msg)
	}
	if len(tools) == 0 {
		return out
	}
	text := toolsPrompt(tools)
	if len(out) > 0 && out[0].Role == "system" {
		out[0].Content += "\n\n" + text
		return out
	}
	return append([]chat.Message{{Role: "system", Content: text}}, out...)
}
