package reply

import "strings"

// harmony reads the channels of gpt-oss (openai/harmony, docs/format.md): messages of a header and a text,
//
//	<|channel|>analysis<|message|>TEXT<|end|><|start|>assistant<|channel|>final<|message|>TEXT<|return|>
//
// where analysis is reasoning, final is content, and a header with to=functions.NAME makes the text the arguments of a
// call. The prompt ends within the first header. Text without headers is content.
type harmony struct {
	header   bool // between <|start|> or <|channel|> and <|message|>
	kind     Kind
	index    int
	thinking bool
	begun    bool // a message
	wrote    bool // the message has text
}

const (
	harmonyStart   = "<|start|>"
	harmonyChannel = "<|channel|>"
	harmonyMessage = "<|message|>"
)

// longestHeader is how much text without <|message|> is no header.
const longestHeader = 256

// harmonyMarks end the text of a message.
var harmonyMarks = []string{harmonyStart, harmonyChannel, "<|end|>", "<|return|>", "<|call|>"}

func inHarmony(p *Parser) bool {
	h := p.harm
	if h.header {
		head, rest, found := strings.Cut(p.held, harmonyMessage)
		if !found && !p.ended && len(p.held) <= longestHeader {
			return false
		}
		if !found { // no header at all
			h.header = false
			return p.held != ""
		}
		p.held, h.header = rest, false
		h.message(p, head)
		return true
	}
	at, open := len(p.held), ""
	for _, m := range harmonyMarks {
		if i := strings.Index(p.held[:min(len(p.held), at+len(m))], m); i >= 0 && i < at {
			at, open = i, m
		}
	}
	text := p.held[:at]
	if open == "" && !p.ended {
		keep := 0
		for _, m := range harmonyMarks {
			keep = max(keep, suffix(text, m))
		}
		text = text[:len(text)-keep]
	}
	p.held = p.held[len(text):]
	h.text(p, text)
	if open == "" {
		return false
	}
	p.held = p.held[len(open):]
	h.end(p)
	h.header = open == harmonyStart || open == harmonyChannel
	return true
}

// message begins the text of a message with the given header.
func (h *harmony) message(p *Parser, head string) {
	h.begun, h.wrote, h.thinking = true, false, false
	if _, to, found := strings.Cut(head, "to="); found && p.tools != nil {
		name := strings.TrimPrefix(to, "functions.")
		if i := strings.IndexAny(name, " <\n\t"); i >= 0 {
			name = name[:i]
		}
		if name != "" && name != "user" {
			h.kind, h.index = Arguments, p.call(name)
			return
		}
	}
	h.kind = Content
	if strings.Contains(head, "analysis") {
		h.kind, h.thinking = Reasoning, true
	}
	if h.kind == Reasoning && p.o.Plain {
		h.kind = Content
	}
}

func (h *harmony) text(p *Parser, text string) {
	if text == "" {
		return
	}
	h.wrote = true
	p.emit(Delta{Kind: h.kind, Index: h.index, Text: text})
}

// end completes a message.
func (h *harmony) end(p *Parser) {
	if h.begun && h.kind == Arguments && !h.wrote {
		p.emit(Delta{Kind: Arguments, Index: h.index, Text: "{}"})
	}
	h.begun, h.kind, h.thinking = false, Content, false
}
