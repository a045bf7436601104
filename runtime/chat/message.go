// Package chat turns conversations into prompts with the model's own template, which runtime/jinja interprets, and has
// templates for models that bring none.
package chat

import (
	"encoding/json"
	"errors"
)

// Errors for errors.Is.
var (
	ErrTemplate = errors.New("chat template")        // it does not compile, or refuses the conversation
	ErrLimit    = errors.New("chat template: limit") // it asks for too much
)

// Message is one turn of a conversation, with the field names of the OpenAI API.
type Message struct {
	Role       string     `json:"role"`
	Content    string     `json:"content"`
	Name       string     `json:"name,omitempty"`
	Reasoning  string     `json:"reasoning_content,omitempty"`
	ToolCalls  []ToolCall `json:"tool_calls,omitempty"`
	ToolCallID string     `json:"tool_call_id,omitempty"`
}

// ToolCall is a function the model wants called.
type ToolCall struct {
	ID       string   `json:"id,omitempty"`
	Type     string   `json:"type"` // "function"
	Function Function `json:"function"`
}

// Function names a function and its arguments, a JSON object.
type Function struct {
	Name      string          `json:"name"`
	Arguments json.RawMessage `json:"arguments"`
}

// Input is what a template is rendered with. Messages and tools are JSON, whose order of keys templates print.
type Input struct {
	Messages            json.RawMessage            `json:"messages"`
	Tools               json.RawMessage            `json:"tools,omitempty"`
	BOS                 string                     `json:"bos_token"`
	EOS                 string                     `json:"eos_token"`
	AddGenerationPrompt bool                       `json:"add_generation_prompt"`
	Extra               map[string]json.RawMessage `json:"-"` // further variables, such as enable_thinking
}
