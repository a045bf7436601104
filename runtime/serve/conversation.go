package serve

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/reply"
)

// conversation are the fields that say what is to be answered.
type conversation struct {
	Messages       []inMessage                `json:"messages"`
	Tools          []tool                     `json:"tools"`
	ToolChoice     toolChoice                 `json:"tool_choice"`
	Parallel       *bool                      `json:"parallel_tool_calls"`
	ResponseFormat responseFormat             `json:"response_format"`
	Kwargs         map[string]json.RawMessage `json:"chat_template_kwargs"`
	Effort         json.RawMessage            `json:"reasoning_effort"`
	Thinking       *bool                      `json:"enable_thinking"`
	Reasoning      string                     `json:"reasoning_format"`
	Budget         *integer                   `json:"reasoning_budget"`
	ThinkingBudget *integer                   `json:"thinking_budget_tokens"`
}

// inMessage is a message of a request.
type inMessage struct {
	Role       string       `json:"role"`
	Content    content      `json:"content"`
	Name       string       `json:"name"`
	Reasoning  string       `json:"reasoning_content"`
	ToolCalls  []inToolCall `json:"tool_calls"`
	ToolCallID string       `json:"tool_call_id"`
}

type inToolCall struct {
	ID       string `json:"id"`
	Function struct {
		Name      string          `json:"name"`
		Arguments json.RawMessage `json:"arguments"`
	} `json:"function"`
}

// content is a text, or parts of which only texts can be read.
type content struct{ text string }

func (c *content) UnmarshalJSON(b []byte) error {
	if bytes.Equal(b, []byte("null")) || json.Unmarshal(b, &c.text) == nil {
		return nil
	}
	var parts []struct {
		Type    string `json:"type"`
		Text    string `json:"text"`
		Refusal string `json:"refusal"`
	}
	if json.Unmarshal(b, &parts) != nil {
		return badRequest("messages", "content: got %s, want a string or an array of parts", clip(b))
	}
	var list []string
	for _, p := range parts {
		switch p.Type {
		case "text", "input_text", "output_text", "":
			list = append(list, p.Text)
		case "refusal":
			list = append(list, p.Refusal)
		case "image_url", "image", "input_image":
			return notSupported("messages", "content: this model reads no images, only text")
		default:
			return notSupported("messages", "content: parts of type %q cannot be read, only text", p.Type)
		}
	}
	c.text = strings.Join(list, "\n")
	return nil
}

// responseFormat restricts the answer to JSON.
type responseFormat struct {
	Type   string          `json:"type"`
	Schema json.RawMessage `json:"schema"` // llama.cpp's place for it
	JSON   struct {
		Schema json.RawMessage `json:"schema"`
	} `json:"json_schema"`
}

// schema is the JSON schema of the answer, nil for none.
func (f *responseFormat) schema() (json.RawMessage, error) {
	switch f.Type {
	case "", "text":
		return nil, nil
	case "json_object":
		if f.Schema != nil {
			return f.Schema, nil
		}
		return json.RawMessage(`{"type": "object"}`), nil
	case "json_schema":
		for _, s := range []json.RawMessage{f.JSON.Schema, f.Schema} {
			if s != nil {
				return s, nil
			}
		}
		return nil, badRequest("response_format", "response_format: json_schema wants a schema in json_schema.schema")
	}
	return nil, badRequest("response_format", "response_format: got type %q, want text, json_object or json_schema", f.Type)
}

// messages are those of the request as templates take them.
func (c *conversation) messages(m *served) ([]chat.Message, error) {
	if len(c.Messages) == 0 {
		return nil, badRequest("messages", "messages: want at least one message")
	}
	t := m.traits()
	var list []chat.Message
	for i, in := range c.Messages {
		msg := chat.Message{Role: in.Role, Content: in.Content.text, Name: in.Name, Reasoning: in.Reasoning, ToolCallID: in.ToolCallID}
		switch in.Role {
		case "system", "user", "assistant", "tool":
		case "developer":
			if !t.developer {
				msg.Role = "system"
			}
		case "function": // before there were tools
			msg.Role = "tool"
		default:
			return nil, badRequest(fmt.Sprintf("messages[%d].role", i), "messages[%d].role: got %q, want system, developer, user, assistant or tool", i, in.Role)
		}
		for _, call := range in.ToolCalls {
			args, err := arguments(call.Function.Arguments, t.objects)
			if err != nil {
				return nil, badRequest(fmt.Sprintf("messages[%d].tool_calls", i), "messages[%d].tool_calls: %v", i, err)
			}
			msg.ToolCalls = append(msg.ToolCalls, chat.ToolCall{ID: call.ID, Type: "function", Function: chat.Function{Name: call.Function.Name, Arguments: args}})
		}
		list = append(list, msg)
	}
	return list, nil
}

// arguments are those of a call in the form a template wants: an object, or a string with its JSON.
func arguments(raw json.RawMessage, object bool) (json.RawMessage, error) {
	text := string(raw)
	var inner string
	if json.Unmarshal(raw, &inner) == nil {
		text = inner
	}
	if strings.TrimSpace(text) == "" || text == "null" {
		text = "{}"
	}
	if !object {
		return mustJSON(text), nil
	}
	var v map[string]json.RawMessage
	if err := json.Unmarshal([]byte(text), &v); err != nil {
		return nil, fmt.Errorf("arguments are no JSON object: %s", clip([]byte(text)))
	}
	return json.RawMessage(text), nil
}

// mustJSON is the JSON of a text, which always has one.
func mustJSON(text string) json.RawMessage {
	b, err := json.Marshal(text)
	if err != nil {
		panic(err)
	}
	return b
}

// prompt renders the conversation. A last message of the assistant is one to be continued.
func (c *conversation) prompt(m *served, tools []tool) (string, error) {
	messages, err := c.messages(m)
	if err != nil {
		return "", err
	}
	begun := ""
	if last := messages[len(messages)-1]; last.Role == "assistant" && len(last.ToolCalls) == 0 && len(messages) > 1 {
		begun, messages = last.Content, messages[:len(messages)-1]
	}
	var raw json.RawMessage
	if m.traits().tools {
		if len(tools) > 0 {
			raw = mustMarshal(tools)
		}
	} else {
		messages = plainTools(messages, tools)
	}
	text, err := m.render(messages, raw, c.variables())
	return text + begun, err
}

// variables are those of the template beyond the conversation.
func (c *conversation) variables() map[string]json.RawMessage {
	extra := map[string]json.RawMessage{}
	for name, v := range c.Kwargs {
		extra[name] = v
	}
	if len(c.Effort) > 0 && !bytes.Equal(c.Effort, []byte("null")) {
		extra["reasoning_effort"] = c.Effort
	}
	if c.Thinking != nil {
		extra["enable_thinking"] = json.RawMessage(fmt.Sprint(*c.Thinking))
	}
	return extra
}

// turn makes the generation that answers the conversation.
func (c *conversation) turn(m *served, f *sampling, limit *integer) (*turn, error) {
	tools, err := c.tools()
	if err != nil {
		return nil, err
	}
	text, err := c.prompt(m, tools)
	if err != nil {
		return nil, err
	}
	schema, err := c.ResponseFormat.schema()
	if err != nil {
		return nil, err
	}
	parallel := (c.Parallel == nil || *c.Parallel) && len(tools) > 1 // one that must be called is called once
	t := &turn{parser: reply.ForPrompt(m.Engine.TemplateSource(), text)}
	t.parser.Tools, t.parser.Plain = replyTools(tools), c.Reasoning == "none"
	if t.parser.Thinking != "" && (c.ToolChoice.mode == "required" || c.budget() == 0) {
		text += "\n" + t.parser.Thinking + "\n\n"
		t.parser.Thinking = ""
	}
	switch {
	case c.ToolChoice.mode == "required":
		t.parser.Prefix, schema = force(m, tools, parallel)
		text += t.parser.Prefix
	case schema != nil && len(tools) > 0: // the answer, or a call in plain JSON
		plain := callSyntax{name: "name", args: "arguments"}
		schema = mustMarshal(map[string]any{"anyOf": []json.RawMessage{schema, plain.schema(tools, false)}})
	}
	if schema != nil {
		if f.Grammar != "" || len(f.Schema) > 0 {
			return nil, badRequest("response_format", "grammar and json_schema restrict the answer, and so do response_format and a required tool; give one")
		}
		copied := *f
		copied.Schema = schema
		f = &copied
	}
	if t.request, err = f.request(m, limit); err != nil {
		return nil, err
	}
	if t.request.Prompt, err = m.tokens(text); err != nil {
		return nil, err
	}
	if t.parser.Thinking != "" {
		t.request.Grammar = &thinking{m: m, inner: t.request.Grammar, shut: t.parser.Thinking, left: c.budget()}
	}
	t.request.Special = true // marks of reasoning and calls are control tokens in some models
	return t, nil
}
