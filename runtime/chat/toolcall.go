package chat

import (
	"encoding/json"
	"fmt"
	"strings"
)

// ToolFormat is how a family of models writes tool calls.
type ToolFormat string

// The formats.
const (
	NoTools ToolFormat = ""
	Hermes  ToolFormat = "hermes"  // <tool_call>{"name": ..., "arguments": {...}}</tool_call>, also Qwen
	Llama3  ToolFormat = "llama3"  // {"name": ..., "parameters": {...}}, perhaps after <|python_tag|>
	Mistral ToolFormat = "mistral" // [TOOL_CALLS][{"name": ..., "arguments": {...}}, ...] or [TOOL_CALLS]name[ARGS]{...}
)

// Marks of the formats in templates and answers.
const (
	hermesOpen, hermesClose = "<tool_call>", "</tool_call>"
	pythonTag               = "<|python_tag|>"
	mistralCalls            = "[TOOL_CALLS]"
	mistralArgs             = "[ARGS]"
)

// DetectTools finds the format a chat template asks for.
func DetectTools(template string) ToolFormat {
	switch {
	case strings.Contains(template, hermesOpen):
		return Hermes
	case strings.Contains(template, mistralCalls):
		return Mistral
	case strings.Contains(template, pythonTag), strings.Contains(template, "<|start_header_id|>") && strings.Contains(template, "parameters"):
		return Llama3
	}
	return NoTools
}

// ParseToolCalls splits an answer into its text and its tool calls. Control tokens may be left out of the answer, as
// they are from generated text. What looks like a call but is not well-formed stays text.
func ParseToolCalls(format ToolFormat, answer string) (content string, calls []ToolCall) {
	switch format {
	case Hermes:
		content, calls = parseHermes(answer)
	case Llama3:
		content, calls = parseLlama3(answer)
	case Mistral:
		content, calls = parseMistral(answer)
	default:
		return answer, nil
	}
	if calls == nil {
		return answer, nil
	}
	for i := range calls {
		calls[i].Type = "function"
		if calls[i].ID == "" {
			calls[i].ID = fmt.Sprintf("call%05d", i) // nine characters, which Mistral's templates insist on
		}
	}
	return strings.TrimSpace(content), calls
}

// rawCall is a call in any of the spellings.
type rawCall struct {
	ID         string          `json:"id"`
	Name       string          `json:"name"`
	Arguments  json.RawMessage `json:"arguments"`
	Parameters json.RawMessage `json:"parameters"`
}

// call checks a raw call: a name and an object of arguments. Arguments written as a string of JSON are unwrapped.
func (r rawCall) call() (ToolCall, bool) {
	args := r.Arguments
	if args == nil {
		args = r.Parameters
	}
	var inner string
	if json.Unmarshal(args, &inner) == nil {
		args = json.RawMessage(inner)
	}
	if args == nil {
		args = json.RawMessage("{}")
	}
	var object map[string]json.RawMessage
	if r.Name == "" || json.Unmarshal(args, &object) != nil || object == nil {
		return ToolCall{}, false
	}
	return ToolCall{ID: r.ID, Function: Function{Name: r.Name, Arguments: args}}, true
}

// readJSON reads one JSON value at the beginning of s into v and returns what follows.
func readJSON(s string, v any) (rest string, ok bool) {
	d := json.NewDecoder(strings.NewReader(s))
	if d.Decode(v) != nil {
		return s, false
	}
	return s[d.InputOffset():], true
}

func parseHermes(answer string) (content string, calls []ToolCall) {
	var text strings.Builder
	for {
		before, body, found := strings.Cut(answer, hermesOpen)
		text.WriteString(before)
		if !found {
			return text.String(), calls
		}
		var raw rawCall
		rest, ok := readJSON(body, &raw)
		call, valid := raw.call()
		if !ok || !valid {
			text.WriteString(hermesOpen)
			answer = body
			continue
		}
		calls = append(calls, call)
		// A generation that was cut off may lack the closing mark.
		answer = strings.TrimPrefix(strings.TrimLeft(rest, whiteSpace), hermesClose)
	}
}

func parseLlama3(answer string) (content string, calls []ToolCall) {
	body := answer
	if before, after, found := strings.Cut(answer, pythonTag); found {
		content, body = before, after
	}
	body = strings.TrimLeft(body, whiteSpace)
	for strings.HasPrefix(body, "{") {
		var raw rawCall
		rest, ok := readJSON(body, &raw)
		call, valid := raw.call()
		if !ok || !valid {
			break
		}
		calls = append(calls, call)
		body = strings.TrimLeft(rest, whiteSpace+";") // several calls are separated by semicolons
	}
	return content + body, calls
}

func parseMistral(answer string) (content string, calls []ToolCall) {
	content, body, found := strings.Cut(answer, mistralCalls)
	if !found {
		content, body = "", answer
	}
	body = strings.TrimLeft(body, whiteSpace)
	if strings.HasPrefix(body, "[") {
		var list []rawCall
		rest, ok := readJSON(body, &list)
		for _, raw := range list {
			call, valid := raw.call()
			if !valid {
				return answer, nil
			}
			calls = append(calls, call)
		}
		if !ok {
			return answer, nil
		}
		return content + rest, calls
	}
	for found { // name[ARGS]{...}[TOOL_CALLS]name...
		name, args, ok := strings.Cut(body, mistralArgs)
		raw := rawCall{Name: strings.TrimSpace(name)}
		rest, good := readJSON(args, &raw.Arguments)
		call, valid := raw.call()
		if !ok || !good || !valid {
			return content + body, calls
		}
		calls = append(calls, call)
		body, found = strings.CutPrefix(strings.TrimLeft(rest, whiteSpace), mistralCalls)
		if !found {
			return content + body, calls
		}
	}
	return answer, nil
}
