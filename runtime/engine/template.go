package engine

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// chatTemplate is the template conversations are rendered with.
type chatTemplate struct {
	parsed *chat.Template // nil for none
	source string
	note   string // why it is not the model's own; empty if it is
}

// givenTemplate is a template in place of the model's own.
func givenTemplate(source string) (chatTemplate, error) {
	t, err := chat.Parse(source)
	if err != nil {
		return chatTemplate{}, fmt.Errorf("the given chat template: %w", err)
	}
	return chatTemplate{parsed: t, source: source}, nil
}

// modelTemplate is the template in a model's file. A broken one is replaced by the built-in one that is most like it.
func modelTemplate(f *gguf.File, tok *token.Tokenizer) (chatTemplate, error) {
	const key = "tokenizer.chat_template"
	source, err := f.Text(key, "")
	if err != nil || source == "" {
		return chatTemplate{}, err
	}
	t, broken := chat.Check(source)
	if broken == nil {
		return chatTemplate{parsed: t, source: source}, nil
	}
	name := chat.Resembling(source, func(text string) bool { _, ok := tok.ID(text); return ok })
	source, _ = chat.Named(name)
	if t, err = chat.Parse(source); err != nil {
		return chatTemplate{}, err
	}
	return chatTemplate{t, source, fmt.Sprintf("%s: %v; using the built-in template %q instead", f.At(key), broken, name)}, nil
}

// TemplateNote is why the chat template in the file cannot be used, where and what is used in its place; empty if it can be
// used or there is none.
func TemplateNote(f *gguf.File, tok *token.Tokenizer) (string, error) {
	t, err := modelTemplate(f, tok)
	return t.note, err
}

// HasTemplate reports whether there is a chat template.
func (e *Engine) HasTemplate() bool { return e.template.parsed != nil }

// TemplateSource is the text of the chat template; empty when there is none.
func (e *Engine) TemplateSource() string { return e.template.source }

// TemplateNote is why the model's own template is not used; empty when it is, when another was given, or when there is
// none.
func (e *Engine) TemplateNote() string { return e.template.note }

// ChatPrompt renders a conversation with the chat template. The text it returns contains special tokens written out
// and begins with the beginning token if the template writes one, so tokenize it with TokenizePrompt.
func (e *Engine) ChatPrompt(msgs []chat.Message, addGenerationPrompt bool) (string, error) {
	return e.renderWith(func(t *chat.Template) (string, error) {
		return t.Prompt(msgs, e.tok.Text(e.tok.BOS), e.tok.Text(e.tok.EOS), addGenerationPrompt)
	})
}

// RenderChat renders a conversation with tools and further variables; empty BOS and EOS are filled in. A system message
// is merged into the next user message when the template takes none.
func (e *Engine) RenderChat(in chat.Input) (string, error) {
	if in.BOS == "" {
		in.BOS = e.tok.Text(e.tok.BOS)
	}
	if in.EOS == "" {
		in.EOS = e.tok.Text(e.tok.EOS)
	}
	return e.renderWith(func(t *chat.Template) (string, error) { return t.Chat(in) })
}

func (e *Engine) renderWith(render func(*chat.Template) (string, error)) (string, error) {
	if !e.HasTemplate() {
		return "", fmt.Errorf("%s: %w; give one with --chat-template", e.name, ErrNoTemplate)
	}
	s, err := render(e.template.parsed)
	if err != nil {
		return "", fmt.Errorf("%s: %w", e.name, err)
	}
	return s, nil
}
