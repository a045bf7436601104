package chat

import (
	"fmt"
	"slices"
	"strings"
)

// Expressions are parsed with Jinja's grammar (jinja2/parser.py, version 3.1) and written out again for the library
// with every operation that could take much time or memory turned into a call of a function of ours (ops.go):
// a * b becomes llamaboot_mul(a, b). What the library still does itself is to look names up, to choose (and, or, if)
// and to call.

// node is an expression written out for the library.
type node struct {
	text  string
	size  int    // tokens in it, for what evaluating it costs
	depth int    // nesting of the text
	owner string // of an attribute: the object it is taken from; then
	attr  string // its name
}

type exprParser struct {
	tokens []exprToken
	at     int
	open   int               // depth of recursion
	rename map[string]string // names that stand for an expression
}

// parseExpression reads one whole expression.
func parseExpression(text string) (node, error) {
	p, err := newParser(text)
	if err != nil {
		return node{}, err
	}
	n, err := p.tuple()
	if err == nil {
		err = p.end()
	}
	return n, err
}

func newParser(text string) (*exprParser, error) {
	tokens, err := lex(text)
	return &exprParser{tokens: tokens}, err
}

func (p *exprParser) peek() exprToken {
	if p.at < len(p.tokens) {
		return p.tokens[p.at]
	}
	return exprToken{}
}

func (p *exprParser) next() exprToken {
	t := p.peek()
	p.at++
	return t
}

// is says whether the next token is the operator or name.
func (p *exprParser) is(text string) bool {
	t := p.peek()
	return (t.kind == tokenOperator || t.kind == tokenName) && t.text == text
}

// take skips the operator or name if it is next.
func (p *exprParser) take(text string) bool {
	if !p.is(text) {
		return false
	}
	p.at++
	return true
}

func (p *exprParser) want(text string) error {
	if !p.take(text) {
		return p.unexpected(text)
	}
	return nil
}

func (p *exprParser) unexpected(want string) error {
	got := "the end of the tag"
	if t := p.peek(); t.kind != tokenEnd {
		got = fmt.Sprintf("%.40q", t.text)
	}
	return fmt.Errorf("%w: got %s in an expression, want %s", ErrTemplate, got, want)
}

func (p *exprParser) end() error {
	if p.at < len(p.tokens) {
		return p.unexpected("an operator or the end of the tag")
	}
	return nil
}

// enter counts recursion; every call is paired with leave.
func (p *exprParser) enter() error {
	if p.open++; p.open > maxNesting {
		return fmt.Errorf("%w: expressions are nested more than %d deep", ErrLimit, maxNesting)
	}
	return nil
}

func (p *exprParser) leave() { p.open-- }

// make joins nodes into one whose text is made by format from theirs.
func (p *exprParser) make(format string, parts ...node) (node, error) {
	n := node{size: 1}
	texts := make([]any, len(parts))
	for i, x := range parts {
		texts[i] = x.text
		n.size += x.size
		n.depth = max(n.depth, x.depth)
	}
	n.depth++
	if n.depth > maxChain {
		return n, fmt.Errorf("%w: an expression has more than %d operations in a row", ErrLimit, maxChain)
	}
	n.text = fmt.Sprintf(format, texts...)
	return n, nil
}

// call writes a call of one of our functions.
func (p *exprParser) call(name string, args ...node) (node, error) {
	return p.make(prefix+name+"("+strings.TrimSuffix(strings.Repeat("%s, ", len(args)), ", ")+")", args...)
}

// tuple is one expression, or several with commas, which make a list.
func (p *exprParser) tuple() (node, error) {
	first, err := p.condition()
	if err != nil || !p.is(",") {
		return first, err
	}
	items := []node{first}
	for p.take(",") && p.peek().kind != tokenEnd && !p.is(")") && !p.is("=") {
		x, err := p.condition()
		if err != nil {
			return x, err
		}
		items = append(items, x)
	}
	return p.call("list", items...)
}

// condition is a if b else c.
func (p *exprParser) condition() (node, error) {
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	yes, err := p.or()
	for err == nil && p.take("if") {
		var cond node
		if cond, err = p.or(); err != nil {
			break
		}
		if !p.take("else") {
			yes, err = p.make("(%s if %s)", yes, cond)
			continue
		}
		var no node
		if no, err = p.condition(); err == nil {
			yes, err = p.make("(%s if %s else %s)", yes, cond, no)
		}
	}
	return yes, err
}

// chain reads operands joined by operators of one level, from left to right.
func (p *exprParser) chain(operand func() (node, error), join func(op string, l, r node) (node, error), ops ...string) (node, error) {
	l, err := operand()
	for err == nil {
		t := p.peek()
		if t.kind != tokenOperator && t.kind != tokenName || !slices.Contains(ops, t.text) {
			return l, nil
		}
		p.at++
		var r node
		if r, err = operand(); err == nil {
			l, err = join(t.text, l, r)
		}
	}
	return l, err
}

func (p *exprParser) or() (node, error) {
	return p.chain(p.and, func(_ string, l, r node) (node, error) { return p.make("(%s or %s)", l, r) }, "or")
}

func (p *exprParser) and() (node, error) {
	return p.chain(p.not, func(_ string, l, r node) (node, error) { return p.make("(%s and %s)", l, r) }, "and")
}

func (p *exprParser) not() (node, error) {
	if !p.take("not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	x, err := p.not()
	if err != nil {
		return x, err
	}
	return p.make("(not %s)", x)
}

// comparisons are the operators and the functions that compute them.
var comparisons = map[string]string{
	"==": prefix + "eq(%s, %s)", "!=": "(not " + prefix + "eq(%s, %s))",
	"<": prefix + "cmp('<', %s, %s)", "<=": prefix + "cmp('<=', %s, %s)",
	">": prefix + "cmp('>', %s, %s)", ">=": prefix + "cmp('>=', %s, %s)",
	"in": prefix + "in(%s, %s)", "not in": "(not " + prefix + "in(%s, %s))",
}

// maxTwice bounds the text of an operand that stands twice, in bytes. Without it chains within chains would double with
// each.
const maxTwice = 512

// compare is a < b, or a < b < c, which is a < b and b < c.
func (p *exprParser) compare() (node, error) {
	l, err := p.sum()
	if err != nil {
		return l, err
	}
	var all node
	for {
		op := p.peek().text
		if op == "not" && p.at+1 < len(p.tokens) && p.tokens[p.at+1].text == "in" {
			op = "not in"
			p.at++
		}
		if t := p.peek(); t.kind == tokenText || t.kind == tokenEnd || comparisons[op] == "" {
			break
		}
		p.at++
		if all.text != "" && len(l.text) > maxTwice {
			return l, fmt.Errorf("%w: an operand between two comparisons of more than %d bytes", ErrLimit, maxTwice)
		}
		r, err := p.sum()
		if err != nil {
			return r, err
		}
		c, err := p.make(comparisons[op], l, r)
		if err != nil {
			return c, err
		}
		if all.text != "" {
			c, err = p.make("(%s and %s)", all, c)
			if err != nil {
				return c, err
			}
		}
		all, l = c, r
	}
	if all.text != "" {
		return all, nil
	}
	return l, nil
}

// arithmetic names the functions of the operators.
var arithmetic = map[string]string{"+": "add", "-": "sub", "~": "join_text", "*": "mul", "/": "div", "//": "floordiv", "%": "mod", "**": "pow"}

func (p *exprParser) operate(op string, l, r node) (node, error) { return p.call(arithmetic[op], l, r) }

func (p *exprParser) sum() (node, error)     { return p.chain(p.concat, p.operate, "+", "-") }
func (p *exprParser) concat() (node, error)  { return p.chain(p.product, p.operate, "~") }
func (p *exprParser) product() (node, error) { return p.chain(p.power, p.operate, "*", "/", "//", "%") }
func (p *exprParser) power() (node, error)   { return p.chain(p.filtered, p.operate, "**") }

func (p *exprParser) filtered() (node, error) {
	x, err := p.unary()
	if err != nil {
		return x, err
	}
	return p.filters(x)
}

func (p *exprParser) unary() (node, error) {
	if err := p.enter(); err != nil {
		return node{}, err
	}
	defer p.leave()
	if t := p.peek(); t.kind == tokenOperator && (t.text == "-" || t.text == "+") {
		p.at++
		x, err := p.unary()
		if err == nil && t.text == "-" {
			x, err = p.call("sub", node{text: "0"}, x)
		}
		if err != nil {
			return x, err
		}
		return p.postfix(x)
	}
	x, err := p.primary()
	if err != nil {
		return x, err
	}
	return p.postfix(x)
}
