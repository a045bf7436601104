package chat

import (
	"fmt"
	"strings"
)

// Jinja's lexer, as far as tags and the white space around them go. The library's own trimming looks past empty text
// and expressions for something to trim, so text is handed to it as string expressions, already trimmed the way
// Python's Jinja does with trim_blocks and lstrip_blocks, which is how transformers renders chat templates.

// piece is a stretch of text or one tag.
type piece struct {
	kind  byte   // 't' text, '%' statement, '{' expression, '#' comment
	text  string // of a tag: what is between the markers
	left  byte   // '-' or '+' after the opening marker, or 0
	right byte   // '-' or '+' before the closing marker, or 0
}

// scan cuts a template into pieces and trims the text.
func scan(source string) ([]piece, error) {
	source = strings.ReplaceAll(strings.ReplaceAll(source, "\r\n", "\n"), "\r", "\n")
	source = strings.TrimSuffix(source, "\n") // keep_trailing_newline is off
	var out []piece
	lineStart := true // the next text begins a line
	for len(source) > 0 {
		i := nextTag(source)
		text, tail := source[:i], source[i:]
		if tail == "" {
			out = append(out, piece{kind: 't', text: text})
			break
		}
		tag, n, err := readTag(tail)
		if err != nil {
			return nil, err
		}
		out = append(out, piece{kind: 't', text: trimBefore(text, tag, lineStart)}, tag)
		source = tail[n:]
		if tag.kind == '%' && strings.TrimSpace(tag.text) == "raw" {
			body, rest, end, err := readRaw(source)
			if err != nil {
				return nil, err
			}
			body = trimAfter(body, tag)
			out[len(out)-1] = piece{kind: 't', text: trimBefore(body, end, false)}
			source, tag = rest, end
		}
		before := len(source)
		source = trimAfter(source, tag)
		lineStart = before > len(source) && tag.kind != '{'
	}
	return out, nil
}

// nextTag is the offset of the next opening marker.
func nextTag(s string) int {
	for i := 0; i+1 < len(s); i++ {
		if s[i] == '{' && (s[i+1] == '%' || s[i+1] == '{' || s[i+1] == '#') {
			return i
		}
	}
	return len(s)
}

// readTag reads the tag that s begins with and its length.
func readTag(s string) (piece, int, error) {
	p := piece{kind: s[1]}
	closing := map[byte]string{'%': "%}", '{': "}}", '#': "#}"}[p.kind]
	end := -1
	if p.kind == '#' {
		end = strings.Index(s[2:], closing) + 2
		if end < 2 {
			end = -1
		}
	} else {
		var err error
		if end, err = tagEnd(s, closing); err != nil {
			return p, 0, err
		}
	}
	if end < 0 {
		return p, 0, fmt.Errorf("%w: a tag is not closed: %.40q", ErrTemplate, s)
	}
	p.text = s[2:end]
	if p.text != "" && (p.text[0] == '-' || p.text[0] == '+' && p.kind != '{') {
		p.left, p.text = p.text[0], p.text[1:]
	}
	if n := len(p.text); n > 0 && (p.text[n-1] == '-' || p.text[n-1] == '+' && p.kind != '{') {
		p.right, p.text = p.text[n-1], p.text[:n-1]
	}
	return p, end + 2, nil
}

// tagEnd finds the closing marker, outside strings and brackets; -1 if there is none.
func tagEnd(s, closing string) (int, error) {
	depth := 0
	for i := 2; i < len(s); i++ {
		if depth <= 0 && strings.HasPrefix(s[i:], closing) {
			return i, nil
		}
		switch c := s[i]; c {
		case '\'', '"':
			i += stringLen(s[i:]) - 1
		case '(', '[', '{':
			if depth++; depth > maxNesting {
				return 0, fmt.Errorf("%w: brackets are nested more than %d deep", ErrLimit, maxNesting)
			}
		case ')', ']', '}':
			depth--
		}
	}
	return -1, nil
}

// stringLen is the length of the string literal s begins with.
func stringLen(s string) int {
	for i := 1; i < len(s); i++ {
		switch s[i] {
		case '\\':
			i++
		case s[0]:
			return i + 1
		}
	}
	return len(s)
}

// readRaw finds the endraw tag. What else looks like a tag is not read as one: it may have no end.
func readRaw(s string) (body, rest string, end piece, err error) {
	for at := 0; ; at += 2 {
		i := strings.Index(s[at:], "{%")
		if i < 0 {
			return "", "", end, fmt.Errorf("%w: {%% raw %%} is not closed", ErrTemplate)
		}
		at += i
		if end, n, ok := readEndRaw(s[at:]); ok {
			return s[:at], s[at+n:], end, nil
		}
	}
}

// readEndRaw reads the endraw tag if s, which begins with an opening marker, begins with that, and its length.
func readEndRaw(s string) (p piece, n int, ok bool) {
	p.kind = '%'
	at := s[2:]
	if at != "" && (at[0] == '-' || at[0] == '+') {
		p.left, at = at[0], at[1:]
	}
	at, ok = strings.CutPrefix(strings.TrimLeft(at, whiteSpace), "endraw")
	if !ok {
		return p, 0, false
	}
	at = strings.TrimLeft(at, whiteSpace)
	if at != "" && (at[0] == '-' || at[0] == '+') {
		p.right, at = at[0], at[1:]
	}
	at, ok = strings.CutPrefix(at, "%}")
	return p, len(s) - len(at), ok
}

const whiteSpace = " \t\n\r\v\f"

// trimBefore trims text in front of a tag: all white space for "-", the indentation of statements and comments that
// begin a line.
func trimBefore(text string, tag piece, lineStart bool) string {
	switch {
	case tag.left == '-':
		return strings.TrimRight(text, whiteSpace)
	case tag.left == '+' || tag.kind == '{':
		return text
	}
	line := strings.LastIndexByte(text, '\n') + 1
	if (line > 0 || lineStart) && strings.Trim(text[line:], whiteSpace) == "" {
		return text[:line]
	}
	return text
}

// trimAfter trims text behind a tag: all white space for "-", one newline after statements and comments.
func trimAfter(text string, tag piece) string {
	switch {
	case tag.right == '-':
		return strings.TrimLeft(text, whiteSpace)
	case tag.right == '+' || tag.kind == '{':
		return text
	}
	return strings.TrimPrefix(text, "\n")
}
