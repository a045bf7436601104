package reply

import (
	"encoding/json"
	"strconv"
	"strings"
)

// Calls whose arguments are literals of a language: Python for LFM2, one of its own for Gemma 4.

// pythonCalls reads [NAME(KEY=VALUE, ...), ...] (LFM2, Llama 4).
func pythonCalls(_ *Parser, text string) (calls []rawCall, ok bool) {
	l := literal{s: text}
	if !l.eat('[') {
		return nil, false
	}
	for !l.eat(']') {
		name := l.word("(")
		if name == "" || !l.eat('(') {
			return nil, false
		}
		var args arguments
		for !l.eat(')') {
			key := l.word("=")
			if key == "" || !l.eat('=') {
				return nil, false
			}
			v, good := l.value(0)
			if !good {
				return nil, false
			}
			args.add(key, v)
			l.eat(',')
		}
		calls = append(calls, rawCall{name, args.String()})
		l.eat(',')
		if l.s == "" {
			return nil, false
		}
	}
	return calls, true
}

// gemmaCalls reads call:NAME{KEY:VALUE,...}, whose strings are between <|"|> (Gemma 4).
func gemmaCalls(_ *Parser, text string) (calls []rawCall, ok bool) {
	rest, found := strings.CutPrefix(text, "call:")
	i := strings.IndexByte(rest, '{')
	if !found || i <= 0 {
		return nil, false
	}
	l := literal{s: rest[i:]}
	v, good := l.value(0)
	if !good || l.space() != "" {
		return nil, false
	}
	return []rawCall{{strings.TrimSpace(rest[:i]), string(v)}}, true
}

// literal reads values of Python, JavaScript or Gemma and writes them as JSON.
type literal struct{ s string }

// gemmaQuote surrounds strings of Gemma 4.
const gemmaQuote = `<|"|>`

// deepest bounds the nesting of values.
const deepest = 100

func (l *literal) space() string {
	l.s = strings.TrimLeft(l.s, whiteSpace)
	return l.s
}

func (l *literal) eat(c byte) bool {
	if l.space() == "" || l.s[0] != c {
		return false
	}
	l.s = l.s[1:]
	return true
}

// word is text up to one of the bytes of end.
func (l *literal) word(end string) string {
	i := strings.IndexAny(l.space(), end)
	if i < 0 {
		return ""
	}
	w := strings.TrimSpace(l.s[:i])
	l.s = l.s[i:]
	return w
}

func (l *literal) value(depth int) (out []byte, ok bool) {
	s := l.space()
	switch {
	case s == "" || depth > deepest:
		return nil, false
	case strings.HasPrefix(s, gemmaQuote):
		text, rest, found := strings.Cut(s[len(gemmaQuote):], gemmaQuote)
		l.s = rest
		return quoted(text), found
	case s[0] == '"' || s[0] == '\'':
		return l.string(s[0])
	case s[0] == '[':
		return l.list('[', ']', depth)
	case s[0] == '(':
		return l.list('(', ')', depth)
	case s[0] == '{':
		return l.object(depth)
	}
	w := l.word(",]})")
	if w == "" {
		w, l.s = s, ""
	}
	switch w {
	case "True", "true":
		return []byte("true"), true
	case "False", "false":
		return []byte("false"), true
	case "None", "null":
		return []byte("null"), true
	}
	if _, err := strconv.ParseFloat(w, 64); err == nil && json.Valid([]byte(w)) {
		return []byte(w), true
	}
	return quoted(w), true
}

func quoted(s string) []byte {
	b, _ := json.Marshal(s) // a string always can be
	return b
}

// string reads a string with the escapes that Python and JSON share.
func (l *literal) string(quote byte) ([]byte, bool) {
	var b strings.Builder
	for i := 1; i < len(l.s); i++ {
		switch c := l.s[i]; {
		case c == quote:
			l.s = l.s[i+1:]
			return quoted(b.String()), true
		case c == '\\' && i+1 < len(l.s):
			i++
			switch l.s[i] {
			case 'n':
				b.WriteByte('\n')
			case 't':
				b.WriteByte('\t')
			case 'r':
				b.WriteByte('\r')
			default:
				b.WriteByte(l.s[i])
			}
		default:
			b.WriteByte(c)
		}
	}
	return nil, false
}

func (l *literal) list(open, shut byte, depth int) ([]byte, bool) {
	out := []byte("[")
	for l.eat(open); !l.eat(shut); l.eat(',') {
		v, ok := l.value(depth + 1)
		if !ok {
			return nil, false
		}
		if len(out) > 1 {
			out = append(out, ", "...)
		}
		out = append(out, v...)
	}
	return append(out, ']'), true
}

func (l *literal) object(depth int) ([]byte, bool) {
	var args arguments
	for l.eat('{'); !l.eat('}'); l.eat(',') {
		var key string
		switch s := l.space(); {
		case s == "":
			return nil, false
		case s[0] == '"' || s[0] == '\'' || strings.HasPrefix(s, gemmaQuote):
			b, ok := l.value(depth + 1)
			if !ok || json.Unmarshal(b, &key) != nil {
				return nil, false
			}
		default:
			key = l.word(":")
		}
		if !l.eat(':') {
			return nil, false
		}
		v, ok := l.value(depth + 1)
		if !ok {
			return nil, false
		}
		args.add(key, v)
	}
	return []byte(args.String()), true
}
