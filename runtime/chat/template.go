package chat

import (
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"github.com/ardanlabs/jinja"
)

// Template is a compiled chat template. It is safe for concurrent use.
type Template struct {
	compiled    *jinja.Template
	takesSystem func() bool // whether system messages appear in the prompt, found out at first use
}

// Parse compiles a template.
func Parse(source string) (t *Template, err error) {
	defer recovered(&err)
	rewritten, err := rewrite(source)
	if err != nil {
		return nil, err
	}
	c, err := jinja.Compile(rewritten)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", ErrTemplate, err)
	}
	t = &Template{compiled: c}
	t.takesSystem = sync.OnceValue(t.probeSystem)
	return t, nil
}

// Render makes the prompt for a conversation.
func (t *Template) Render(in Input) (prompt string, err error) {
	defer recovered(&err)
	b := &budget{deadline: time.Now().Add(maxTime)}
	data := b.globals()
	data["bos_token"] = jinja.NewString(in.BOS)
	data["eos_token"] = jinja.NewString(in.EOS)
	data["add_generation_prompt"] = jinja.NewBool(in.AddGenerationPrompt)
	for name, raw := range in.Extra {
		if data[name], err = decode(raw); err != nil {
			return "", fmt.Errorf("%w: variable %s: %v", ErrTemplate, name, err)
		}
	}
	if data["messages"], err = decode(in.Messages); err != nil {
		return "", fmt.Errorf("%w: messages: %v", ErrTemplate, err)
	}
	if len(in.Tools) > 0 {
		if data["tools"], err = decode(in.Tools); err != nil {
			return "", fmt.Errorf("%w: tools: %v", ErrTemplate, err)
		}
	}
	out, err := t.compiled.RenderValues(data)
	if b.exceeded != nil {
		return "", b.exceeded
	}
	if err != nil {
		return "", fmt.Errorf("%w: %v", ErrTemplate, err)
	}
	return out, nil
}

// recovered turns a panic of the template engine, which a hostile template may cause, into an error.
func recovered(err *error) {
	if p := recover(); p != nil {
		*err = fmt.Errorf("%w: the template engine failed: %v", ErrTemplate, p)
	}
}

// Prompt renders messages without tools; see Chat.
func (t *Template) Prompt(messages []Message, bos, eos string, addGenerationPrompt bool) (string, error) {
	m, err := json.Marshal(messages)
	if err != nil {
		return "", fmt.Errorf("%w: messages: %v", ErrTemplate, err)
	}
	return t.Chat(Input{Messages: m, BOS: bos, EOS: eos, AddGenerationPrompt: addGenerationPrompt})
}
