package jinja

import (
	"fmt"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"
)

// kind is the kind of a token.
type kind byte

const (
	kindText     kind = iota // template text
	kindBlock                // {%
	kindBlockEnd             // %}
	kindPrint                // {{
	kindPrintEnd             // }}
	kindName
	kindString // text is decoded
	kindInt
	kindFloat
	kindOp
	kindEnd
)

// token is a piece of a template.
type token struct {
	kind kind
	text string
	at   int // byte offset
}

func (t token) String() string {
	switch t.kind {
	case kindText, kindEnd:
		return "the end of the template"
	case kindBlock:
		return "{%"
	case kindBlockEnd:
		return "%}"
	case kindPrint:
		return "{{"
	case kindPrintEnd:
		return "}}"
	case kindString:
		return fmt.Sprintf("the string %.40q", t.text)
	}
	return fmt.Sprintf("%.40q", t.text)
}

// lexer cuts a template into tokens with the rules of jinja2/lexer.py for trim_blocks and lstrip_blocks.
type lexer struct {
	source   string
	pos      int
	tokens   []token
	newLine  bool // the last thing taken ended in a line feed: a tag here may be the first of its line
	brackets []byte
}

func lex(source string) ([]token, error) {
	l := &lexer{source: source, newLine: true}
	for l.pos < len(source) {
		if err := l.root(); err != nil {
			return nil, err
		}
	}
	return append(l.tokens, token{kind: kindEnd, at: len(source)}), nil
}

func (l *lexer) fail(at int, format string, args ...any) error {
	line, column := place(l.source, at)
	return &Error{Kind: ErrSyntax, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

func (l *lexer) add(k kind, text string, at int) { l.tokens = append(l.tokens, token{k, text, at}) }

// opening returns the offset of the next {{, {% or {#, or the end.
func (l *lexer) opening(from int) int {
	for i := from; ; i++ {
		n := strings.IndexByte(l.source[i:], '{')
		if n < 0 || i+n+1 >= len(l.source) {
			return len(l.source)
		}
		i += n
		if strings.IndexByte("{%#", l.source[i+1]) >= 0 {
			return i
		}
	}
}

// text adds the text up to a tag and applies the sign behind the tag's start.
func (l *lexer) text(end int, sign byte, lstrip bool) {
	text := l.source[l.pos:end]
	switch {
	case sign == '-':
		text = strings.TrimRightFunc(text, isSpace)
	case sign != '+' && lstrip:
		line := strings.LastIndexByte(text, '\n') + 1
		if (line > 0 || l.newLine) && strings.TrimLeftFunc(text[line:], isSpace) == "" {
			text = text[:line]
		}
	}
	if text != "" {
		l.add(kindText, text, l.pos)
	}
}

// sign returns the - or + at an offset, or 0, and its length.
func (l *lexer) sign(at int) (byte, int) {
	if at < len(l.source) && (l.source[at] == '-' || l.source[at] == '+') {
		return l.source[at], 1
	}
	return 0, 0
}

// root takes text and the tag that follows.
func (l *lexer) root() error {
	start := l.opening(l.pos)
	if start == len(l.source) {
		l.add(kindText, l.source[l.pos:], l.pos)
		l.pos = start
		return nil
	}
	sign, n := l.sign(start + 2)
	switch l.source[start+1] {
	case '#':
		l.text(start, sign, true)
		return l.comment(start + 2 + n)
	case '{':
		l.text(start, sign, false)
		l.add(kindPrint, "", start)
		l.pos = start + 2 + n
		return l.inside(kindPrintEnd, start)
	}
	l.text(start, sign, true)
	l.pos = start + 2 + n
	if after, ok := l.word(l.pos, "raw"); ok {
		if end, minus, ok := l.blockEnd(after); ok && l.source[end-3] != '+' { // which raw does not know
			l.pos = end
			if minus {
				l.skipSpace()
			}
			return l.raw(start)
		}
	}
	l.add(kindBlock, "", start)
	return l.inside(kindBlockEnd, start)
}

// word skips white space and a word, and reports whether it was there.
func (l *lexer) word(at int, word string) (after int, ok bool) {
	s := strings.TrimLeftFunc(l.source[at:], isSpace)
	if !strings.HasPrefix(s, word) {
		return at, false
	}
	rest := s[len(word):]
	if r, _ := utf8.DecodeRuneInString(rest); rest != "" && isNameRune(r) {
		return at, false
	}
	return len(l.source) - len(rest), true
}

// blockEnd takes white space and %} with an optional sign, and no line feed behind it.
func (l *lexer) blockEnd(at int) (end int, minus, ok bool) {
	s := strings.TrimLeftFunc(l.source[at:], isSpace)
	at = len(l.source) - len(s)
	sign, n := l.sign(at)
	if !strings.HasPrefix(s[n:], "%}") {
		return at, false, false
	}
	return at + n + 2, sign == '-', true
}

func (l *lexer) skipSpace() {
	l.pos = len(l.source) - len(strings.TrimLeftFunc(l.source[l.pos:], isSpace))
}

// raw takes the text up to {% endraw %}.
func (l *lexer) raw(start int) error {
	l.newLine = false
	for from := l.pos; ; {
		i := strings.Index(l.source[from:], "{%")
		if i < 0 {
			return l.fail(start, "{%% raw %%} is not closed: expected {%% endraw %%}")
		}
		tag := from + i
		sign, n := l.sign(tag + 2)
		after, ok := l.word(tag+2+n, "endraw")
		end, minus, ends := l.blockEnd(after)
		if !ok || !ends {
			from = tag + 2
			continue
		}
		l.text(tag, sign, true)
		l.pos = end
		l.afterBlock(minus, l.source[end-3] == '+')
		return nil
	}
}

// afterBlock removes what the end of a block or comment removes: all white space after -, one line feed unless +.
func (l *lexer) afterBlock(minus, plus bool) {
	end := l.pos
	switch {
	case minus:
		l.skipSpace()
	case !plus && strings.HasPrefix(l.source[l.pos:], "\n"):
		l.pos++
	}
	l.newLine = l.pos > end && l.source[l.pos-1] == '\n'
}

func (l *lexer) comment(from int) error {
	i := strings.Index(l.source[from:], "#}")
	if i < 0 {
		return l.fail(from, "a comment is not closed: expected #}")
	}
	l.pos = from + i + 2
	sign := byte(0)
	if i > 0 {
		sign, _ = l.sign(from + i - 1)
	}
	l.afterBlock(sign == '-', sign == '+')
	return nil
}

// operators in the order in which they are tried.
var operators = []string{"//", "**", "==", "!=", ">=", "<=", "+", "-", "/", "*", "%", "~", "[", "]", "(", ")", "{", "}", ">", "<", "=", ".", ":", "|", ",", ";"}

var closing = map[byte]byte{'(': ')', '[': ']', '{': '}'}

// inside takes the tokens of a tag to its end.
func (l *lexer) inside(end kind, start int) error {
	l.brackets = l.brackets[:0]
	for {
		l.skipSpace()
		if l.pos >= len(l.source) {
			mark := "%}"
			if end == kindPrintEnd {
				mark = "}}"
			}
			return l.fail(start, "a tag is not closed: expected %s", mark)
		}
		s := l.source[l.pos:]
		if len(l.brackets) == 0 {
			sign, n := l.sign(l.pos)
			if end == kindBlockEnd && strings.HasPrefix(s[n:], "%}") {
				l.add(end, "", l.pos)
				l.pos += n + 2
				l.afterBlock(sign == '-', sign == '+')
				return nil
			}
			if end == kindPrintEnd && sign != '+' && strings.HasPrefix(s[n:], "}}") {
				l.add(end, "", l.pos)
				l.pos += n + 2
				l.newLine = false
				if sign == '-' {
					at := l.pos
					l.skipSpace()
					l.newLine = l.pos > at && l.source[l.pos-1] == '\n'
				}
				return nil
			}
		}
		if err := l.token(s); err != nil {
			return err
		}
	}
}

// token takes one token of an expression.
func (l *lexer) token(s string) error {
	at := l.pos
	r, _ := utf8.DecodeRuneInString(s)
	switch {
	case s[0] >= '0' && s[0] <= '9':
		return l.number(s)
	case isNameStart(r):
		n := strings.IndexFunc(s, func(r rune) bool { return !isNameRune(r) })
		if n < 0 {
			n = len(s)
		}
		l.add(kindName, s[:n], at)
		l.pos += n
		return nil
	case r == '\'' || r == '"':
		return l.str(s)
	}
	for _, op := range operators {
		if !strings.HasPrefix(s, op) {
			continue
		}
		switch op {
		case "(", "[", "{":
			l.brackets = append(l.brackets, op[0])
		case ")", "]", "}":
			n := len(l.brackets)
			if n == 0 {
				return l.fail(at, "unexpected %q", op)
			}
			if want := closing[l.brackets[n-1]]; want != op[0] {
				return l.fail(at, "unexpected %q, expected %q", op, string(want))
			}
			l.brackets = l.brackets[:n-1]
		}
		l.add(kindOp, op, at)
		l.pos += len(op)
		return nil
	}
	return l.fail(at, "unexpected character %q", r)
}

// digits returns the length of digits with single underscores between them.
func digits(s string, ok func(c byte) bool) int {
	n := 0
	for n < len(s) && (ok(s[n]) || s[n] == '_' && n > 0 && s[n-1] != '_' && n+1 < len(s) && ok(s[n+1])) {
		n++
	}
	return n
}

func isDecimal(c byte) bool { return c >= '0' && c <= '9' }

// number takes an integer or a float (float_re and integer_re of jinja2/lexer.py).
func (l *lexer) number(s string) error {
	at := l.pos
	if len(s) > 2 && s[0] == '0' {
		base := map[byte]func(c byte) bool{
			'x': func(c byte) bool { return isDecimal(c) || c|0x20 >= 'a' && c|0x20 <= 'f' },
			'o': func(c byte) bool { return c >= '0' && c <= '7' },
			'b': func(c byte) bool { return c == '0' || c == '1' },
		}[s[1]|0x20]
		if base != nil {
			if n := digits("0"+strings.TrimPrefix(s[2:], "_"), base) - 1; n > 0 {
				if s[2] == '_' {
					n++
				}
				l.add(kindInt, s[:2+n], at)
				l.pos += 2 + n
				return nil
			}
		}
	}
	n := digits(s, isDecimal)
	whole := n
	member := len(l.tokens) > 0 && l.tokens[len(l.tokens)-1].text == "." // x.0.1
	if n+1 < len(s) && s[n] == '.' && isDecimal(s[n+1]) && !member {
		n += 1 + digits(s[n+1:], isDecimal)
	}
	if n < len(s) && s[n]|0x20 == 'e' {
		m := n + 1
		if m < len(s) && (s[m] == '+' || s[m] == '-') {
			m++
		}
		if d := digits(s[m:], isDecimal); d > 0 {
			n = m + d
		}
	}
	k := kindInt
	if n > whole {
		k = kindFloat
	} else if s[0] == '0' && strings.Trim(s[:n], "0_") != "" {
		return l.fail(at, "an integer starts with 0: %.40q", s[:n])
	}
	l.add(k, strings.ReplaceAll(s[:n], "_", ""), at)
	l.pos += n
	return nil
}

// str takes a string and decodes its escapes as Python's codec unicode-escape does.
func (l *lexer) str(s string) error {
	at := l.pos
	quote := s[0]
	var out strings.Builder
	for i := 1; i < len(s); {
		c := s[i]
		switch {
		case c == quote:
			l.add(kindString, out.String(), at)
			l.pos += i + 1
			return nil
		case c != '\\':
			out.WriteByte(c)
			i++
		case i+1 < len(s):
			n, err := unescape(&out, s[i+1:])
			if err != nil {
				return l.fail(at+i, "%v", err)
			}
			i += 1 + n
		default:
			i++
		}
	}
	return l.fail(at, "a string is not closed: expected %q", string(quote))
}

var simpleEscapes = map[byte]string{'n': "\n", 't': "\t", 'r': "\r", '\\': "\\", '\'': "'", '"': "\"", 'a': "\a", 'b': "\b", 'f': "\f", 'v': "\v", '\n': ""}

// unescape writes what the escape s (without its backslash) stands for and returns the bytes it takes of s.
func unescape(out *strings.Builder, s string) (int, error) {
	if t, ok := simpleEscapes[s[0]]; ok {
		out.WriteString(t)
		return 1, nil
	}
	width := map[byte]int{'x': 2, 'u': 4, 'U': 8}[s[0]]
	if width > 0 {
		if len(s) <= width {
			return 0, fmt.Errorf("truncated escape \\%.8s", s)
		}
		v, err := strconv.ParseUint(s[1:1+width], 16, 32)
		if err != nil || v > unicode.MaxRune {
			return 0, fmt.Errorf("bad escape \\%.*s", width+1, s)
		}
		// Two escapes of a surrogate pair are one character.
		if width == 4 && v >= 0xd800 && v < 0xdc00 && len(s) >= 11 && s[5] == '\\' && s[6] == 'u' {
			if low, err := strconv.ParseUint(s[7:11], 16, 32); err == nil && low >= 0xdc00 && low < 0xe000 {
				out.WriteRune(rune((v-0xd800)<<10 + low - 0xdc00 + 0x10000))
				return 11, nil
			}
		}
		out.WriteRune(rune(v))
		return 1 + width, nil
	}
	if s[0] >= '0' && s[0] <= '7' {
		n := 1
		for n < 3 && n < len(s) && s[n] >= '0' && s[n] <= '7' {
			n++
		}
		v, _ := strconv.ParseUint(s[:n], 8, 16) // octal digits only
		out.WriteRune(rune(v))
		return n, nil
	}
	_, n := utf8.DecodeRuneInString(s)
	out.WriteByte('\\')
	out.WriteString(s[:n])
	return n, nil
}

// isSpace is Python's white space in regular expressions and str.strip.
func isSpace(r rune) bool { return unicode.IsSpace(r) || r >= 0x1c && r <= 0x1f }

func isNameStart(r rune) bool { return r == '_' || unicode.IsLetter(r) }

func isNameRune(r rune) bool {
	return isNameStart(r) || unicode.IsDigit(r) || unicode.Is(unicode.Mn, r)
}
