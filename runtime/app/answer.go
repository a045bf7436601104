package app

import (
	"io"

	"github.com/llamaboot/llamaboot/runtime/chat"
	"github.com/llamaboot/llamaboot/runtime/reply"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// Lines around reasoning on the screen, whatever the marks of the model are.
const (
	thinkBegin = "<think>\n"
	thinkEnd   = "\n</think>\n\n"
)

// answer shows an answer while it is written, and takes it apart: templates want reasoning and content apart, without the
// marks, and some refuse a history with marks in it.
type answer struct {
	out      io.Writer
	tok      *token.Tokenizer
	parser   *reply.Parser // nil without a chat template: all is content
	message  chat.Message
	thinking bool  // reasoning is what was shown last
	failed   error // of out
}

// newAnswer begins the answer to a prompt.
func (c *conversation) newAnswer(prompt string) *answer {
	a := &answer{out: c.Stdout, tok: c.engine.Tokenizer(), message: chat.Message{Role: "assistant"}}
	if c.engine.HasTemplate() {
		a.parser = reply.New(reply.ForPrompt(c.engine.TemplateSource(), prompt))
	}
	return a
}

// add takes the text of a token, or with a negative id text that was held back.
func (a *answer) add(id int32, text string) error {
	if a.parser == nil {
		a.message.Content += text
		a.show(text)
		return a.failed
	}
	name := ""
	if id >= 0 && a.tok.Kind(id) == token.Control {
		name = a.tok.Piece(id, true)
	}
	return a.take(a.parser.AddToken(text, name))
}

// end takes what the parser held back.
func (a *answer) end() {
	if a.parser != nil {
		a.take(a.parser.End())
	}
	if a.thinking {
		a.show(thinkEnd[:len(thinkEnd)-2])
	}
}

func (a *answer) take(deltas []reply.Delta) error {
	for _, d := range deltas {
		switch d.Kind {
		case reply.Reasoning:
			if !a.thinking {
				a.show(thinkBegin)
			}
			a.thinking = true
			a.message.Reasoning += d.Text
		case reply.Content:
			if a.thinking {
				a.show(thinkEnd)
			}
			a.thinking = false
			a.message.Content += d.Text
		}
		a.show(d.Text)
	}
	return a.failed
}

func (a *answer) show(text string) {
	if text != "" && a.failed == nil {
		_, a.failed = io.WriteString(a.out, text)
	}
}
