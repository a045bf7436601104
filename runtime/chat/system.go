package chat

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Chat is Render for people's conversations: with a template that knows no system messages, or drops them, a system
// message is put in front of the user message that follows, so that it is not lost. llama.cpp does the same.
func (t *Template) Chat(in Input) (string, error) {
	if t.takesSystem() {
		return t.Render(in)
	}
	var err error
	if in.Messages, err = mergeSystem(in.Messages); err != nil {
		return "", err
	}
	return t.Render(in)
}

// probeSystem renders a conversation with a system message and looks for it in the result.
func (t *Template) probeSystem() bool {
	const mark = "llamaboot-probe"
	m, err := json.Marshal([]Message{{Role: "system", Content: mark}, {Role: "user", Content: "x"}})
	if err != nil {
		return true
	}
	out, err := t.Render(Input{Messages: m, BOS: "<s>", EOS: "</s>", AddGenerationPrompt: true})
	return err == nil && strings.Contains(out, mark)
}

// mergeSystem moves system messages into the user messages behind them.
func mergeSystem(raw json.RawMessage) (json.RawMessage, error) {
	var messages []map[string]json.RawMessage
	if err := json.Unmarshal(raw, &messages); err != nil {
		return nil, fmt.Errorf("%w: messages: %v", ErrTemplate, err)
	}
	var out []map[string]json.RawMessage
	pending := ""
	user := func(text string) error {
		b, err := json.Marshal(text)
		if err == nil {
			out = append(out, map[string]json.RawMessage{"role": json.RawMessage(`"user"`), "content": b})
		}
		return err
	}
	for _, m := range messages {
		var role, content string
		isText := json.Unmarshal(m["content"], &content) == nil
		if err := json.Unmarshal(m["role"], &role); err != nil {
			return nil, fmt.Errorf("%w: a message has no role", ErrTemplate)
		}
		switch {
		case role == "system" && isText:
			if pending != "" {
				pending += "\n"
			}
			pending += content
			continue
		case role == "user" && isText && pending != "":
			if content != "" {
				pending += "\n" + content
			}
			if err := user(pending); err != nil {
				return nil, err
			}
			pending = ""
			continue
		case pending != "":
			if err := user(pending); err != nil {
				return nil, err
			}
			pending = ""
		}
		out = append(out, m)
	}
	if pending != "" {
		if err := user(pending); err != nil {
			return nil, err
		}
	}
	return json.Marshal(out)
}
