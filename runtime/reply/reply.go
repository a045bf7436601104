// Package reply takes a model's answer apart while it is written: reasoning, content and tool calls.
//
// Families of models mark these parts in ways of their own, which their chat templates show. The parser knows the marks
// of Hermes, Qwen, Qwen-Coder, GLM, Llama 3, Mistral, DeepSeek, Command R, Granite, Gemma 4, LFM2, MiniMax, Seed, Kimi
// and Apertus (marks.go) and the channels of gpt-oss (harmony.go), and tool calls that are plain JSON. It is told whether
// there were tools, not which model answers: no mark of one family is text of another.
//
// What looks like a call and turns out not to be one stays content. Arguments are handed on as they are written where
// the model writes JSON; they need not be valid if it does not.
package reply

import (
	"crypto/rand"
	"strings"
)

// Kind is what a Delta continues.
type Kind int

// The kinds of deltas.
const (
	Content Kind = iota
	Reasoning
	Call      // a tool call begins: Name and ID are set
	Arguments // more of the JSON text of the arguments of call Index
)

// Delta is the next piece of one part of an answer.
type Delta struct {
	Kind  Kind
	Text  string
	Index int // of the call
	Name  string
	ID    string
}

// Tool is a function the model may call.
type Tool struct {
	Name string
	// Text reports whether the value of a parameter is a string. Formats that are not JSON do not tell.
	Text func(parameter string) bool
}

// Options of a parser.
type Options struct {
	Tools    []Tool        // nil: nothing is a tool call
	Harmony  bool          // the answer is written in channels, as gpt-oss does
	Thinking string        // the mark that ends the reasoning the prompt has opened; empty when it has not
	Plain    bool          // reasoning stays content, with its marks
	Prefix   string        // the beginning of the answer, which the prompt holds already
	NewID    func() string // of calls; nil for random ones
}

// Parser is for one answer.
type Parser struct {
	o     Options
	tools map[string]Tool
	state func(*Parser) bool // consumes from held; false: it needs more text
	held  string
	body  body
	lead  string // white space between the mark of a call and its body
	open  string // the mark that opened the reasoning or the call
	shut  string // the mark that ends it
	wrote bool   // there was content
	list  []mark // that count
	calls int
	space string // white space that is content only if more of it follows
	ended bool
	out   []Delta
	harm  *harmony
}

// New starts a parser.
func New(o Options) *Parser {
	if o.NewID == nil {
		o.NewID = randomID
	}
	p := &Parser{o: o, state: inText}
	if o.Tools != nil {
		p.tools = map[string]Tool{}
		for _, t := range o.Tools {
			p.tools[t.Name] = t
		}
	}
	p.list = marksOf(o)
	if o.Thinking != "" {
		p.shut, p.state = o.Thinking, inReasoning
		if o.Plain {
			p.state = inText
		}
	}
	if o.Harmony {
		p.harm = &harmony{header: true}
		p.state = inHarmony
	}
	p.held = o.Prefix
	return p
}

// randomID is nine letters and digits, which Mistral's templates insist on.
func randomID() string {
	const digits = "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
	var b [9]byte
	rand.Read(b[:])
	for i := range b {
		b[i] = digits[int(b[i])%len(digits)]
	}
	return string(b[:])
}

// Calls is how many tool calls there were so far.
func (p *Parser) Calls() int { return p.calls }

// Thinking reports whether the answer is in its reasoning.
func (p *Parser) Thinking() bool {
	if p.harm != nil {
		return p.harm.thinking
	}
	return p.shut != "" && p.body == nil && p.calls == 0 && !p.wrote
}

// Add takes the next piece of text and returns what is certain now. special says that the piece is the name of a control
// token: it is a mark or nothing.
func (p *Parser) Add(text string, special bool) []Delta {
	if special && !isMark(text) {
		return p.take() // such as a token that no template writes
	}
	p.held += text
	return p.take()
}

// AddToken is Add for the text of one token. name is the token's name if it is a control token, else empty; the name is then
// the end of the text, and text that the decoder had held back may stand before it.
func (p *Parser) AddToken(text, name string) []Delta {
	before, found := strings.CutSuffix(text, name)
	if name == "" || !found {
		return p.Add(text, false)
	}
	var deltas []Delta
	if before != "" {
		deltas = p.Add(before, false)
	}
	return append(deltas, p.Add(name, true)...)
}

// End returns what was held back.
func (p *Parser) End() []Delta {
	p.ended = true
	return p.take()
}

func (p *Parser) take() []Delta {
	p.out = nil
	for p.state(p) {
	}
	return p.out
}

// emit appends a delta; pieces of one part become one.
func (p *Parser) emit(d Delta) {
	if n := len(p.out); n > 0 && d.Kind != Call && p.out[n-1].Kind == d.Kind && p.out[n-1].Index == d.Index {
		p.out[n-1].Text += d.Text
		return
	}
	p.out = append(p.out, d)
}

// content emits text but for white space at its beginning and, as long as nothing follows, at its end.
func (p *Parser) content(text string) {
	text = p.space + text
	if !p.wrote && (p.open != "" || p.calls > 0) { // after reasoning or a call
		text = strings.TrimLeft(text, whiteSpace)
	}
	trimmed := text
	if p.tools != nil {
		trimmed = strings.TrimRight(text, whiteSpace) // a call may follow
	}
	p.space = text[len(trimmed):]
	if trimmed != "" {
		p.wrote = true
		p.emit(Delta{Kind: Content, Text: trimmed})
	}
}

const whiteSpace = " \t\r\n"

// call begins a tool call.
func (p *Parser) call(name string) int {
	p.space = ""
	i := p.calls
	p.calls++
	p.emit(Delta{Kind: Call, Index: i, Name: name, ID: p.o.NewID()})
	return i
}

// inText looks for the next mark.
func inText(p *Parser) bool {
	if p.held == "" {
		if p.ended && p.space != "" && p.calls == 0 && p.wrote {
			p.emit(Delta{Kind: Content, Text: p.space})
			p.space = ""
		}
		return false
	}
	if p.tools != nil && !p.wrote && p.calls == 0 {
		// Plain JSON instead of an answer may be a call.
		first := strings.TrimLeft(p.held, whiteSpace)
		if first == "" && !p.ended {
			return false
		}
		if first != "" && (first[0] == '{' || first[0] == '[' && maybeArray(first)) {
			p.open, p.shut, p.held = "", "", first
			p.body = &jsonBody{p: p, bare: true, index: -1}
			p.state = inBody
			return true
		}
	}
	at, m := -1, mark{}
	for _, k := range p.list {
		if i := strings.Index(p.held, k.open); i >= 0 && (at < 0 || i < at || i == at && len(k.open) > len(m.open)) {
			at, m = i, k
		}
	}
	if at < 0 {
		keep := p.partial()
		if p.ended {
			keep = 0
		}
		n := len(p.held) - keep
		text := p.held[:n]
		p.held = p.held[n:]
		if text != "" {
			p.content(text)
		}
		return p.ended && p.held == "" && text != ""
	}
	if at > 0 {
		p.content(p.held[:at])
	}
	p.held = p.held[at+len(m.open):]
	switch m.kind {
	case dropMark:
	case thinkMark:
		if p.wrote && strings.HasPrefix(m.open, "<think") { // a word in the answer
			p.content(m.open)
			return true
		}
		p.space, p.open, p.shut = "", m.open, m.shut
		p.state = inReasoning
	case callMark:
		p.open, p.shut = m.open, m.shut
		p.body = nil
		p.state = inBody
	}
	return true
}

// inReasoning looks for the end of the reasoning.
func inReasoning(p *Parser) bool {
	i := strings.Index(p.held, p.shut)
	text := p.held
	if i >= 0 {
		text = p.held[:i]
	} else if !p.ended {
		text = text[:len(text)-suffix(text, p.shut)]
	}
	p.held = p.held[len(text):]
	if !p.thought() {
		text = strings.TrimLeft(text, whiteSpace)
	}
	if text = p.space + text; i < 0 && !p.ended {
		trimmed := strings.TrimRight(text, whiteSpace)
		p.space, text = text[len(trimmed):], trimmed
	} else {
		text, p.space = strings.TrimRight(text, whiteSpace), ""
	}
	if text != "" {
		p.open = "think"
		p.emit(Delta{Kind: Reasoning, Text: text})
	}
	if i < 0 {
		return false
	}
	p.held = strings.TrimLeft(p.held[len(p.shut):], whiteSpace)
	p.open, p.shut, p.state = "think", "", inText
	return true
}

// thought reports whether there was reasoning before.
func (p *Parser) thought() bool { return p.open == "think" }

// suffix is the length of the longest proper beginning of a mark that text ends with.
func suffix(text, mark string) int {
	for n := min(len(mark)-1, len(text)); n > 0; n-- {
		if strings.HasSuffix(text, mark[:n]) {
			return n
		}
	}
	return 0
}

// partial is how much of the end of the held text may be the beginning of a mark.
func (p *Parser) partial() int {
	n := 0
	for _, m := range p.list {
		n = max(n, suffix(p.held, m.open))
	}
	return n
}

// body reads what is between the marks of a call.
type body interface {
	// feed consumes from p.held. It reports whether the body is complete and, if not, whether it can be: what is no call
	// is content.
	feed() (done, ok bool)
}

// inBody reads tool calls.
func inBody(p *Parser) bool {
	if p.body == nil {
		text := strings.TrimLeft(p.held, whiteSpace)
		if text == "" && !p.ended {
			return false
		}
		p.lead = p.held[:len(p.held)-len(text)]
		p.body = p.bodyOf(text)
		if p.body == nil { // not enough text to tell
			p.held = p.lead + text
			return false
		}
	}
	done, ok := p.body.feed()
	switch {
	case !ok:
		// Not a call: the mark is content, and so is what follows.
		text := p.open
		p.body, p.shut, p.state = nil, "", inText
		if text == "" {
			p.wrote = true // nothing at the beginning is a call any more
		} else {
			p.content(text + p.lead)
		}
		return true
	case done:
		p.body, p.state = nil, afterCall
		return true
	}
	return false
}

// afterCall drops what ends a call.
func afterCall(p *Parser) bool {
	p.held = strings.TrimLeft(p.held, whiteSpace+";")
	if !p.ended && (p.held == "" || len(p.held) < len(p.shut) && strings.HasPrefix(p.shut, p.held)) {
		return false
	}
	p.held = strings.TrimPrefix(p.held, p.shut)
	p.shut, p.wrote, p.state = "", false, inText
	return true
}
