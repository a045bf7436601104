package reply

import (
	"encoding/json"
	"strings"
)

// bodyOf chooses how to read what follows the mark of a call; nil if there is not enough text to tell.
func (p *Parser) bodyOf(text string) body {
	p.held = text
	wait := func(mark string) bool { return !p.ended && len(text) < len(mark) && strings.HasPrefix(mark, text) }
	switch {
	case p.open == "[TOOL_CALLS]" && text != "" && text[0] != '[' && text[0] != '{':
		return &argsBody{p: p}
	case p.open == "<function=":
		return &section{p: p, parse: functionTag}
	case p.open == "<|tool_call>":
		return &section{p: p, parse: gemmaCalls}
	case p.open == "<｜tool▁calls▁begin｜>":
		return &section{p: p, parse: deepseekCalls}
	case p.open == "<|tool_calls_section_begin|>":
		return &section{p: p, parse: kimiCalls}
	case strings.HasPrefix(text, "<function="):
		return &section{p: p, parse: functionTags}
	case strings.HasPrefix(text, "<invoke"):
		return &section{p: p, parse: invokeTags}
	case wait("<function="), wait("<invoke"):
		return nil
	case strings.HasPrefix(text, "{"):
		return &jsonBody{p: p, index: -1}
	case strings.HasPrefix(text, "["):
		switch rest := strings.TrimLeft(text[1:], whiteSpace); {
		case rest == "" && !p.ended:
			return nil
		case rest != "" && rest[0] != '{' && rest[0] != ']':
			return &section{p: p, parse: pythonCalls}
		}
		return &jsonBody{p: p, index: -1}
	case p.open == "<tool_call>":
		return &section{p: p, parse: argTags}
	}
	return &section{p: p, parse: func(*Parser, string) ([]rawCall, bool) { return nil, false }}
}

// maybeArray reports whether text may begin an array of objects.
func maybeArray(text string) bool {
	rest := strings.TrimLeft(text[1:], whiteSpace)
	return rest == "" || rest[0] == '{'
}

// rawCall is a call that was read whole.
type rawCall struct {
	name string
	args string // JSON
}

// section reads calls that are complete only with their closing mark.
type section struct {
	p     *Parser
	parse func(p *Parser, text string) ([]rawCall, bool)
	seen  int // bytes without the mark
}

func (s *section) feed() (done, ok bool) {
	p := s.p
	n := -1
	if p.shut != "" {
		from := max(0, s.seen-len(p.shut))
		if n = strings.Index(p.held[from:], p.shut); n >= 0 {
			n += from
		}
	}
	if n < 0 && !p.ended {
		s.seen = len(p.held)
		return false, true
	}
	if n < 0 {
		n = len(p.held)
	}
	calls, ok := s.parse(p, strings.Trim(p.held[:n], whiteSpace))
	if !ok || len(calls) == 0 {
		return true, false
	}
	for _, c := range calls {
		i := p.call(c.name)
		p.emit(Delta{Kind: Arguments, Index: i, Text: c.args})
	}
	p.held = p.held[n:]
	return true, true
}

// argsBody is Mistral's name[ARGS]{...}, perhaps with [CALL_ID]id before [ARGS].
type argsBody struct {
	p     *Parser
	index int
	begun bool
	value valueScanner
	in    bool // within the arguments
}

func (b *argsBody) feed() (done, ok bool) {
	p := b.p
	if !b.begun {
		name, rest, found := strings.Cut(p.held, "[ARGS]")
		if i := strings.IndexByte(p.held, '{'); i >= 0 && (!found || i < len(name)) {
			name, rest, found = p.held[:i], p.held[i:], true
		}
		if !found {
			return p.ended, !p.ended
		}
		name, _, _ = strings.Cut(name, "[CALL_ID]")
		name = strings.TrimSpace(name)
		if name == "" || strings.ContainsAny(name, " \n\"") {
			return true, false
		}
		b.index, b.begun = p.call(name), true
		p.held = strings.TrimLeft(rest, whiteSpace)
	}
	from, to, over := 0, 0, false // of the arguments
	for ; to < len(p.held) && !over; to++ {
		c := p.held[to]
		switch {
		case !b.in && strings.IndexByte(whiteSpace, c) >= 0:
			from = to + 1
			continue
		case !b.in:
			b.value.start(c)
			b.in = true
		case b.value.ends(c):
			to, over = to-1, true
			continue
		}
		over = b.value.done()
	}
	if from < to {
		p.emit(Delta{Kind: Arguments, Index: b.index, Text: p.held[from:to]})
	}
	p.held = p.held[to:]
	if over {
		return true, true
	}
	if p.ended && !b.in {
		p.emit(Delta{Kind: Arguments, Index: b.index, Text: "{}"})
	}
	return p.ended, true
}

// arguments collects parameters in order as a JSON object.
type arguments struct {
	b strings.Builder
}

// add adds a parameter whose value is JSON.
func (a *arguments) add(key string, value []byte) {
	if a.b.Len() == 0 {
		a.b.WriteByte('{')
	} else {
		a.b.WriteString(", ")
	}
	k, _ := json.Marshal(key) // a string always can be
	a.b.Write(k)
	a.b.WriteString(": ")
	a.b.Write(value)
}

func (a *arguments) String() string {
	if a.b.Len() == 0 {
		return "{}"
	}
	return a.b.String() + "}"
}

// typed is a value that was written without quotes as JSON: a string where the tool wants one or where it is nothing
// else.
func (p *Parser) typed(tool, key, value string) []byte {
	if t, ok := p.tools[tool]; (!ok || t.Text == nil || !t.Text(key)) && json.Valid([]byte(value)) {
		return []byte(value)
	}
	b, _ := json.Marshal(value)
	return b
}
