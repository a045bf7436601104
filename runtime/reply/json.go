package reply

import (
	"encoding/json"
	"strings"
)

// jsonBody reads calls that are JSON: an object or an array of objects, each with a name and arguments, under the names
// that families give these; or an object whose only key is the name (Apertus). Several objects may follow each other.
// Arguments go out as they come.
type jsonBody struct {
	p     *Parser
	bare  bool // without a mark: names must be those of tools, or it is an answer in JSON
	raw   strings.Builder
	began bool // a call went out
	state jsonState
	array int // [ that are open
	depth int // { that are open, not counting values: 2 within {"function": {...}}
	key   string
	text  []byte // the string being read, with its quotes
	slash bool
	value valueScanner
	name  string
	args  []byte // arguments that came before the name
	index int    // of the current call; -1 when it has not begun
	wrote bool   // arguments of the current call went out
	run   []byte // those that are ready to go out
}

type jsonState int

const (
	betweenCalls jsonState = iota
	beforeKey
	inKey
	beforeColon
	beforeValue
	inName    // the string that is the call's name
	inArgs    // the value that is its arguments
	inSkipped // another value
	afterValue
)

// nameKeys and argsKeys are the spellings of the families.
var (
	nameKeys = map[string]bool{"name": true, "tool_name": true, "function": true}
	argsKeys = map[string]bool{"arguments": true, "parameters": true, "args": true}
)

func (b *jsonBody) feed() (done, ok bool) {
	p := b.p
	for i := 0; i < len(p.held); i++ {
		c := p.held[i]
		if b.state == betweenCalls && b.array == 0 && b.depth == 0 && b.raw.Len() > 0 && !strings.ContainsRune(whiteSpace+",;", rune(c)) && c != '{' {
			p.held = b.restore() + p.held[i:] // behind the last call
			return true, b.began
		}
		if !b.began {
			b.raw.WriteByte(c)
		}
		if !b.step(c) {
			b.send()
			p.held = b.restore() + p.held[i+1:]
			return true, b.began
		}
		if b.state == betweenCalls && b.array == 0 && b.depth == 0 && c == ']' {
			p.held = b.restore() + p.held[i+1:]
			return true, b.began
		}
	}
	p.held = ""
	b.send()
	if p.ended {
		b.flush()
		p.held = b.restore()
		return true, b.began
	}
	return false, true
}

// restore is the text that was read, when it was no call.
func (b *jsonBody) restore() string {
	if b.began {
		return ""
	}
	return b.raw.String()
}

// step takes one byte; false means this is no call.
func (b *jsonBody) step(c byte) bool {
	space := strings.IndexByte(whiteSpace, c) >= 0
	switch b.state {
	case betweenCalls:
		switch {
		case space, c == ',', c == ';':
		case c == '[' && b.array == 0:
			b.array++
		case c == ']' && b.array > 0:
			b.array--
		case c == '{':
			b.depth, b.state, b.index, b.name, b.args, b.wrote = 1, beforeKey, -1, "", nil, false
		default:
			return false
		}
	case beforeKey:
		switch {
		case space, c == ',':
		case c == '"':
			b.text, b.state = append(b.text[:0], c), inKey
		case c == '}':
			return b.closed()
		default:
			return false
		}
	case inKey:
		if b.string(c) {
			if json.Unmarshal(b.text, &b.key) != nil {
				return false
			}
			b.state = beforeColon
		}
	case beforeColon:
		if space {
			return true
		}
		b.state = beforeValue
		return c == ':'
	case beforeValue:
		if space {
			return true
		}
		return b.begin(c)
	case inName:
		if b.string(c) {
			b.state = afterValue
			return json.Unmarshal(b.text, &b.name) == nil && b.named()
		}
	case inArgs, inSkipped:
		if b.value.ends(c) { // a number or a word, whose end is the byte behind it
			b.state = afterValue
			return b.step(c)
		}
		if b.state == inArgs {
			b.argument(c)
		}
		if b.value.done() {
			b.state = afterValue
		}
	case afterValue:
		switch {
		case space:
		case c == ',':
			b.state = beforeKey
		case c == '}':
			return b.closed()
		default:
			return false
		}
	}
	return true
}

// begin looks at the first byte of the value of key.
func (b *jsonBody) begin(c byte) bool {
	switch {
	case c == '"' && nameKeys[b.key]:
		b.text, b.state = append(b.text[:0], c), inName
		return true
	case c == '{' && b.key == "function" && b.depth == 1:
		b.depth, b.state = 2, beforeKey
		return true
	case argsKeys[b.key]:
		b.state = inArgs
	case c == '{' && b.isTool(b.key) && b.name == "":
		b.name = b.key
		if !b.named() {
			return false
		}
		b.state = inArgs
	default:
		if b.bare && b.name == "" && b.key != "id" && b.key != "type" && b.key != "tool_call_id" {
			return false // an answer in JSON
		}
		b.state = inSkipped
	}
	b.value = valueScanner{}
	b.value.start(c)
	if b.state == inArgs {
		b.argument(c)
	}
	return true
}

func (b *jsonBody) isTool(name string) bool { _, ok := b.p.tools[name]; return ok }

// named begins the call, once its name is known.
func (b *jsonBody) named() bool {
	if b.name == "" || b.bare && !b.isTool(b.name) {
		return false
	}
	b.index, b.began = b.p.call(b.name), true
	for _, c := range b.args {
		b.emit(c)
	}
	return true
}

// argument takes a byte of the arguments.
func (b *jsonBody) argument(c byte) {
	if b.index < 0 {
		b.args = append(b.args, c)
		return
	}
	b.emit(c)
}

// emit hands on a byte of the arguments. Arguments written as a string of JSON are unwrapped when they are complete.
func (b *jsonBody) emit(c byte) {
	if !b.wrote && c == '"' || b.value.quoted {
		b.value.quoted = true
		b.text = append(b.text, c)
		if !b.wrote {
			b.text = append(b.text[:0], c)
		}
		b.wrote = true
		return
	}
	b.wrote = true
	b.run = append(b.run, c)
}

// send hands the run on.
func (b *jsonBody) send() {
	if len(b.run) > 0 {
		b.p.emit(Delta{Kind: Arguments, Index: b.index, Text: string(b.run)})
		b.run = b.run[:0]
	}
}

// flush completes the arguments of a call.
func (b *jsonBody) flush() {
	if b.index < 0 {
		return
	}
	b.send()
	if b.value.quoted {
		var inner string
		if json.Unmarshal(b.text, &inner) == nil {
			b.p.emit(Delta{Kind: Arguments, Index: b.index, Text: inner})
		}
		b.value.quoted = false
	}
	if !b.wrote {
		b.p.emit(Delta{Kind: Arguments, Index: b.index, Text: "{}"})
	}
	b.index = -1
}

// closed ends an object; false if it was no call.
func (b *jsonBody) closed() bool {
	if b.depth > 1 {
		b.depth, b.state = b.depth-1, afterValue
		return true
	}
	call := b.name != ""
	b.flush()
	b.depth, b.state = 0, betweenCalls
	return call
}

// string takes a byte of a string and reports whether it is the last.
func (b *jsonBody) string(c byte) bool {
	b.text = append(b.text, c)
	switch {
	case b.slash:
		b.slash = false
	case c == '\\':
		b.slash = true
	case c == '"':
		return true
	}
	return false
}

// valueScanner finds the end of a JSON value.
type valueScanner struct {
	depth  int
	text   bool
	slash  bool
	scalar bool // a number or a word
	over   bool
	quoted bool // see jsonBody.emit
}

// start takes the first byte.
func (v *valueScanner) start(c byte) {
	v.scalar = !strings.ContainsRune(`{["`, rune(c))
	v.next(c)
}

// ends reports whether c, which is behind the value, ends it.
func (v *valueScanner) ends(c byte) bool {
	if v.scalar {
		v.over = strings.IndexByte(whiteSpace+",}]", c) >= 0
		return v.over
	}
	v.next(c)
	return false
}

// done reports whether the byte taken last was the value's last.
func (v *valueScanner) done() bool { return v.over }

func (v *valueScanner) next(c byte) {
	switch {
	case v.scalar:
	case v.slash:
		v.slash = false
	case v.text:
		if v.slash = c == '\\'; c == '"' {
			v.text = false
			v.over = v.depth == 0
		}
	case c == '"':
		v.text = true
	case c == '{' || c == '[':
		v.depth++
	case c == '}' || c == ']':
		v.depth--
		v.over = v.depth <= 0
	}
}
