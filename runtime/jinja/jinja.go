// Package jinja interprets chat templates: Jinja 3.1 as Hugging Face's transformers configures it for
// apply_chat_template (ImmutableSandboxedEnvironment, trim_blocks, lstrip_blocks, loop controls, the tag generation,
// tojson without escapes for HTML, raise_exception, strftime_now).
//
// A template is parsed to a tree (lex.go, parse.go, ast.go) that is walked (eval.go, exec.go). Values are Python's:
// None, bool, int without bound up to 512 bits, float, str, list, tuple, dict in order of insertion, undefined,
// functions, namespaces. Templates come with models and models from anywhere, so one budget bounds the work, the memory
// and the output of a rendering (budget.go); every node and every built-in spends from it.
//
// Not supported, and refused when parsed: include, import, from, extends (there is no loader). Different from Python's: text
// joined to text marked safe is escaped in autoescape blocks only; a string + an undefined value is the string, for
// templates of real models that rely on it; what a generator fails at is found when it is made, not when it is gone through;
// self has no blocks; the filters random and urlize, and lipsum(), are left out; pprint writes one line.
package jinja

import (
	"errors"
	"fmt"
	"strings"
)

// Errors for errors.Is.
var (
	ErrSyntax = errors.New("template does not parse")
	ErrRender = errors.New("template cannot be rendered") // it raises, or does what its values do not allow
	ErrLimit  = errors.New("template asks for too much")
)

// Error is an error at a place of a template.
type Error struct {
	Kind         error // ErrSyntax, ErrRender or ErrLimit
	Line, Column int   // from 1; 0 when there is no place
	Message      string

	at int // byte offset and 1 until line and column are known; -1 when the place does not matter
}

// Error implements error.
func (e *Error) Error() string {
	if e.Line == 0 {
		return e.Message
	}
	return fmt.Sprintf("line %d, column %d: %s", e.Line, e.Column, e.Message)
}

// Unwrap returns the kind.
func (e *Error) Unwrap() error { return e.Kind }

// MaxSource is how long a template may be, in bytes.
const MaxSource = 1 << 20

// Template is a parsed template. It is safe for concurrent use.
type Template struct {
	source string
	body   []stmt
}

// Parse parses a template.
func Parse(source string) (*Template, error) {
	if len(source) > MaxSource {
		return nil, &Error{Kind: ErrLimit, Message: fmt.Sprintf("the template has %d bytes, at most %d", len(source), MaxSource)}
	}
	source = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(source)
	source = strings.TrimSuffix(source, "\n")
	tokens, err := lex(source)
	if err != nil {
		return nil, err
	}
	p := &parser{source: source, tokens: tokens}
	body, err := p.template()
	if err != nil {
		return nil, err
	}
	return &Template{source, body}, nil
}

// Render renders the template with variables.
func (t *Template) Render(vars map[string]Value) (string, error) {
	e := newEnv(vars)
	if _, err := e.run(t.body); err != nil {
		return "", located(t.source, err)
	}
	return e.out.String(), nil
}

// located gives an error of a rendering its line and column.
func located(source string, err error) error {
	var e *Error
	if errors.As(err, &e) && e.at > 0 {
		e.Line, e.Column = place(source, e.at-1)
		e.at = 0
	}
	return err
}

// place returns line and column of a byte offset, from 1; columns count characters.
func place(source string, at int) (line, column int) {
	before := source[:min(at, len(source))]
	line = strings.Count(before, "\n") + 1
	column = len([]rune(before[strings.LastIndexByte(before, '\n')+1:])) + 1
	return line, column
}
