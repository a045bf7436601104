// Package chat turns conversations into prompts with the model's own template and reads tool calls out of answers.
//
// Templates are Jinja as Hugging Face's transformers uses it (apply_chat_template): trimmed blocks, tojson without
// escapes, strftime_now, raise_exception. Templates come with models and models from anywhere, so their work and memory
// are bounded. github.com/ardanlabs/jinja runs them, but it has no limits; so templates are written anew before it
// compiles them: scan.go trims the text, expr.go and operand.go parse expressions and turn every operation into a call of a
// function of ours (ops.go, access.go, methods.go, containers.go, filters.go, is.go), guard.go does the statements, and budget.go
// counts.
//
// Where the result differs from Python's: integers beyond 64 bits are errors; tuples print as lists; + of a string and
// something else joins their texts; a comparison of values without an order is false; nothing is escaped when texts
// marked safe are joined.
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
