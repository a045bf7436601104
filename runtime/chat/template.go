package chat

import (
	"encoding/json"
	"errors"
	"fmt"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/jinja"
)

// Template is a parsed chat template. It is safe for concurrent use.
type Template struct {
	parsed      *jinja.Template
	takesSystem func() bool // whether system messages appear in the prompt, found out at first use
}

// Parse parses a template. Its errors wrap ErrTemplate or ErrLimit and name line and column.
func Parse(source string) (*Template, error) {
	p, err := jinja.Parse(source)
	if err != nil {
		return nil, kind(err)
	}
	t := &Template{parsed: p}
	t.takesSystem = sync.OnceValue(t.probeSystem)
	return t, nil
}

// Check parses a template and renders the shortest conversations with it, a user's message alone and behind a system
// message. It returns why no conversation can begin.
func Check(source string) (*Template, error) {
	t, err := Parse(source)
	if err != nil {
		return nil, err
	}
	user := Message{Role: "user", Content: "x"}
	if _, err = t.Prompt([]Message{user}, "<s>", "</s>", true); err != nil {
		if _, again := t.Prompt([]Message{{Role: "system", Content: "x"}, user}, "<s>", "</s>", true); again != nil {
			return nil, err
		}
	}
	return t, nil
}

// kind wraps an error of the interpreter.
func kind(err error) error {
	if errors.Is(err, jinja.ErrLimit) {
		return fmt.Errorf("%w: %w", ErrLimit, err)
	}
	return fmt.Errorf("%w: %w", ErrTemplate, err)
}

// Render makes the prompt for a conversation. Without tools and documents these variables are None, as in transformers;
// a template that fails then, as those that go over the tools without asking do, is rendered without the variables.
func (t *Template) Render(in Input) (string, error) {
	vars, err := in.variables()
	if err != nil {
		return "", err
	}
	var absent []string
	for _, name := range []string{"tools", "documents"} {
		if _, ok := vars[name]; !ok {
			vars[name] = nil
			absent = append(absent, name)
		}
	}
	prompt, err := t.parsed.Render(vars)
	if errors.Is(err, jinja.ErrRender) && len(absent) > 0 {
		for _, name := range absent {
			delete(vars, name)
		}
		if again, err2 := t.parsed.Render(vars); err2 == nil {
			return again, nil
		}
	}
	if err != nil {
		return "", kind(err)
	}
	return prompt, nil
}

// variables are what a template sees.
func (in Input) variables() (map[string]jinja.Value, error) {
	vars := map[string]jinja.Value{"bos_token": in.BOS, "eos_token": in.EOS, "add_generation_prompt": in.AddGenerationPrompt}
	var err error
	for name, raw := range in.Extra {
		if vars[name], err = jinja.FromJSON(raw); err != nil {
			return nil, fmt.Errorf("%w: variable %s: %v", ErrTemplate, name, err)
		}
	}
	if vars["messages"], err = jinja.FromJSON(in.Messages); err != nil {
		return nil, fmt.Errorf("%w: messages: %v", ErrTemplate, err)
	}
	if len(in.Tools) > 0 {
		if vars["tools"], err = jinja.FromJSON(in.Tools); err != nil {
			return nil, fmt.Errorf("%w: tools: %v", ErrTemplate, err)
		}
	}
	return vars, nil
}

// Prompt renders messages without tools; see Chat.
func (t *Template) Prompt(messages []Message, bos, eos string, addGenerationPrompt bool) (string, error) {
	m, err := json.Marshal(messages)
	if err != nil {
		return "", fmt.Errorf("%w: messages: %v", ErrTemplate, err)
	}
	return t.Chat(Input{Messages: m, BOS: bos, EOS: eos, AddGenerationPrompt: addGenerationPrompt})
}
