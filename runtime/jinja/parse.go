package jinja

import (
	"fmt"
	"math/big"
	"slices"
	"strconv"
)

// Limits of a template's form: the tree is walked by recursion.
const (
	maxNesting = 100   // brackets, unary operators and statements within each other
	maxParts   = 10000 // of one expression: operators, members, calls, filters
)

// parser builds the tree, as jinja2/parser.py does.
type parser struct {
	source string
	tokens []token
	pos    int
	depth  int
	parts  int          // of the current tag
	loops  int          // for statements around
	uses   []*signature // of the macros around, innermost last
	soft   int          // if statements around
	// Filters and tests that do not exist are errors of the rendering where a condition may keep them from being reached
	// (as in Jinja), and of the template elsewhere: unknown has those of the current tag.
	unknown []error
}

func (p *parser) peek() token { return p.tokens[p.pos] }

func (p *parser) next() token {
	t := p.tokens[p.pos]
	if t.kind != kindEnd {
		p.pos++
	}
	return t
}

func (p *parser) fail(at int, format string, args ...any) error {
	line, column := place(p.source, at)
	return &Error{Kind: ErrSyntax, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

func (p *parser) limit(at int, format string, args ...any) error {
	line, column := place(p.source, at)
	return &Error{Kind: ErrLimit, Line: line, Column: column, Message: fmt.Sprintf(format, args...)}
}

// is reports whether the next token is an operator or a keyword.
func (p *parser) is(k kind, text string) bool {
	t := p.peek()
	return t.kind == k && t.text == text
}

// skip takes the next token if it is that operator or keyword.
func (p *parser) skip(k kind, text string) bool {
	if !p.is(k, text) {
		return false
	}
	p.pos++
	return true
}

func (p *parser) expect(k kind, text string) error {
	if !p.skip(k, text) {
		return p.fail(p.peek().at, "got %v, expected %q", p.peek(), text)
	}
	return nil
}

// enter goes one level deeper; leave must follow.
func (p *parser) enter() error {
	if p.depth++; p.depth > maxNesting {
		return p.limit(p.peek().at, "nested more than %d deep", maxNesting)
	}
	return nil
}

func (p *parser) leave() { p.depth-- }

// part counts an operator of an expression.
func (p *parser) part() error {
	if p.parts++; p.parts > maxParts {
		return p.limit(p.peek().at, "an expression of more than %d parts", maxParts)
	}
	return nil
}

// expression is an expression with its conditions: x if test else y.
func (p *parser) expression() (expr, error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	known := len(p.unknown)
	x, err := p.or()
	for err == nil && p.skip(kindName, "if") {
		p.unknown = p.unknown[:known]
		c := &condExpr{yes: x}
		if err = p.part(); err != nil {
			return nil, err
		}
		if c.test, err = p.or(); err != nil {
			return nil, err
		}
		if p.skip(kindName, "else") {
			if c.no, err = p.expression(); err != nil {
				return nil, err
			}
			p.unknown = p.unknown[:known]
		}
		x = c
	}
	return x, err
}

func (p *parser) or() (expr, error) {
	x, err := p.and()
	for err == nil && p.skip(kindName, "or") {
		var y expr
		if y, err = p.operand(p.and); err == nil {
			x = &logicExpr{true, x, y}
		}
	}
	return x, err
}

func (p *parser) and() (expr, error) {
	x, err := p.not()
	for err == nil && p.skip(kindName, "and") {
		var y expr
		if y, err = p.operand(p.not); err == nil {
			x = &logicExpr{false, x, y}
		}
	}
	return x, err
}

// operand parses the right operand of an operator.
func (p *parser) operand(parse func() (expr, error)) (expr, error) {
	if err := p.part(); err != nil {
		return nil, err
	}
	return parse()
}

func (p *parser) not() (expr, error) {
	at := p.peek().at
	if !p.skip(kindName, "not") {
		return p.compare()
	}
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	x, err := p.operand(p.not)
	return &unaryExpr{node{at}, "not", x}, err
}

var comparisons = []string{"==", "!=", "<", "<=", ">", ">="}

func (p *parser) compare() (expr, error) {
	at := p.peek().at
	x, err := p.sum()
	if err != nil {
		return nil, err
	}
	c := &compareExpr{node: node{at}, first: x}
	for {
		t := p.peek()
		op := t.text
		switch {
		case t.kind == kindOp && slices.Contains(comparisons, t.text):
			p.pos++
		case p.skip(kindName, "in"):
		case p.is(kindName, "not") && p.tokens[p.pos+1].kind == kindName && p.tokens[p.pos+1].text == "in":
			p.pos += 2
			op = "not in"
		default:
			if len(c.ops) == 0 {
				return x, nil
			}
			return c, nil
		}
		y, err := p.operand(p.sum)
		if err != nil {
			return nil, err
		}
		c.ops, c.rest = append(c.ops, op), append(c.rest, y)
	}
}

// binary parses operands joined by operators, from left to right.
func (p *parser) binary(parse func() (expr, error), ops ...string) (expr, error) {
	x, err := parse()
	for err == nil {
		t := p.peek()
		if t.kind != kindOp || !slices.Contains(ops, t.text) {
			return x, nil
		}
		p.pos++
		var y expr
		if y, err = p.operand(parse); err == nil {
			x = &binaryExpr{node{t.at}, t.text, x, y}
		}
	}
	return nil, err
}

func (p *parser) sum() (expr, error) { return p.binary(p.concat, "+", "-") }

func (p *parser) concat() (expr, error) {
	at := p.peek().at
	x, err := p.product()
	if err != nil || !p.is(kindOp, "~") {
		return x, err
	}
	c := &concatExpr{node{at}, []expr{x}}
	for p.skip(kindOp, "~") {
		y, err := p.operand(p.product)
		if err != nil {
			return nil, err
		}
		c.parts = append(c.parts, y)
	}
	return c, nil
}

func (p *parser) product() (expr, error) { return p.binary(p.power, "*", "/", "//", "%") }

func (p *parser) power() (expr, error) {
	return p.binary(func() (expr, error) { return p.unary(true) }, "**")
}

func (p *parser) unary(filters bool) (expr, error) {
	t := p.peek()
	var x expr
	var err error
	if t.kind == kindOp && (t.text == "-" || t.text == "+") {
		p.pos++
		if err := p.enter(); err != nil {
			return nil, err
		}
		x, err = p.operand(func() (expr, error) { return p.unary(false) })
		p.leave()
		x = &unaryExpr{node{t.at}, t.text, x}
	} else {
		x, err = p.primary()
	}
	if err != nil {
		return nil, err
	}
	if x, err = p.postfix(x); err != nil || !filters {
		return x, err
	}
	return p.filters(x)
}

// constants are the names of values.
var constants = map[string]Value{"true": true, "True": true, "false": false, "False": false, "none": nil, "None": nil}

func (p *parser) primary() (expr, error) {
	t := p.next()
	switch t.kind {
	case kindName:
		if v, ok := constants[t.text]; ok {
			return literal{v}, nil
		}
		p.use(t.text)
		return &name{node{t.at}, t.text}, nil
	case kindString:
		s := t.text
		for p.peek().kind == kindString {
			s += p.next().text
		}
		return literal{s}, nil
	case kindInt:
		n, ok := new(big.Int).SetString(t.text, 0)
		if !ok {
			n, ok = new(big.Int).SetString(t.text, 10) // 00
		}
		if !ok || n.BitLen() > maxBits {
			return nil, p.limit(t.at, "an integer of more than %d bits", maxBits)
		}
		v, err := normalInt(n)
		return literal{v}, err
	case kindFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		if err != nil && f == 0 {
			return nil, p.fail(t.at, "%q is no number", t.text)
		}
		return literal{f}, nil
	case kindOp:
		switch t.text {
		case "(":
			x, err := p.tuple(true, ")")
			if err != nil {
				return nil, err
			}
			return x, p.expect(kindOp, ")")
		case "[":
			items, err := p.list("]")
			return &listExpr{items: items}, err
		case "{":
			return p.dict()
		}
	}
	return nil, p.fail(t.at, "got %v, expected an expression", t)
}

// list parses items separated by commas to the closing bracket.
func (p *parser) list(end string) (items []expr, err error) {
	for !p.skip(kindOp, end) {
		if len(items) > 0 {
			if err := p.expect(kindOp, ","); err != nil {
				return nil, err
			}
			if p.skip(kindOp, end) {
				break
			}
		}
		x, err := p.operand(p.expression)
		if err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	return items, nil
}

func (p *parser) dict() (expr, error) {
	d := &dictExpr{}
	for !p.skip(kindOp, "}") {
		if len(d.keys) > 0 {
			if err := p.expect(kindOp, ","); err != nil {
				return nil, err
			}
			if p.skip(kindOp, "}") {
				break
			}
		}
		k, err := p.operand(p.expression)
		if err != nil {
			return nil, err
		}
		if err := p.expect(kindOp, ":"); err != nil {
			return nil, err
		}
		v, err := p.expression()
		if err != nil {
			return nil, err
		}
		d.keys, d.values = append(d.keys, k), append(d.values, v)
	}
	return d, nil
}

// tuple parses one expression, or several separated by commas as a tuple. conditions allows x if y else z; ends are the
// tokens a trailing comma may stand before, beside the ends of tags.
func (p *parser) tuple(conditions bool, ends ...string) (expr, error) {
	parse := p.or
	if conditions {
		parse = p.expression
	}
	ended := func() bool {
		t := p.peek()
		return t.kind == kindBlockEnd || t.kind == kindPrintEnd || (t.kind == kindOp || t.kind == kindName) && slices.Contains(ends, t.text)
	}
	var items []expr
	isTuple := false
	for {
		if len(items) > 0 {
			if !p.skip(kindOp, ",") {
				break
			}
			isTuple = true
		}
		if ended() {
			break
		}
		x, err := p.operand(parse)
		if err != nil {
			return nil, err
		}
		items = append(items, x)
	}
	if len(items) == 1 && !isTuple {
		return items[0], nil
	}
	if len(items) == 0 && !slices.Contains(ends, ")") {
		return nil, p.fail(p.peek().at, "got %v, expected an expression", p.peek())
	}
	return &listExpr{items: items, tuple: true}, nil
}

// postfix parses members, subscripts and calls behind an expression.
func (p *parser) postfix(x expr) (expr, error) {
	for {
		t := p.peek()
		if t.kind != kindOp || t.text != "." && t.text != "[" && t.text != "(" {
			return x, nil
		}
		if err := p.part(); err != nil {
			return nil, err
		}
		p.pos++
		var err error
		switch t.text {
		case ".":
			m := p.next()
			switch m.kind {
			case kindName:
				x = &attrExpr{node{t.at}, x, m.text}
			case kindInt:
				n, convErr := strconv.ParseInt(m.text, 10, 64)
				if convErr != nil {
					return nil, p.fail(m.at, "got %v, expected the name of a member", m)
				}
				x = &itemExpr{node{t.at}, x, literal{n}}
			default:
				return nil, p.fail(m.at, "got %v, expected the name of a member", m)
			}
		case "[":
			x, err = p.subscript(t.at, x)
		case "(":
			c := &callExpr{node: node{t.at}, f: x}
			c.args, err = p.arguments()
			x = c
		}
		if err != nil {
			return nil, err
		}
	}
}

// subscript parses what follows [.
func (p *parser) subscript(at int, x expr) (expr, error) {
	s := &sliceExpr{node: node{at}, x: x}
	isSlice := false
	var items []expr
	comma := false
	for _, part := range []*expr{&s.start, &s.stop, &s.step} {
		if !p.is(kindOp, ":") && !p.is(kindOp, "]") {
			var err error
			if *part, err = p.expression(); err != nil {
				return nil, err
			}
		}
		if !p.skip(kindOp, ":") {
			break
		}
		isSlice = true
	}
	if !isSlice && s.start != nil {
		items = append(items, s.start)
		for p.skip(kindOp, ",") {
			comma = true
			if p.is(kindOp, "]") {
				break
			}
			y, err := p.operand(p.expression)
			if err != nil {
				return nil, err
			}
			items = append(items, y)
		}
	}
	if err := p.expect(kindOp, "]"); err != nil {
		return nil, err
	}
	switch {
	case isSlice:
		return s, nil
	case comma:
		return &itemExpr{node{at}, x, &listExpr{items: items, tuple: true}}, nil
	case len(items) == 0:
		return nil, p.fail(at, "expected a subscript")
	}
	return &itemExpr{node{at}, x, items[0]}, nil
}

// arguments parses what follows ( in a call.
func (p *parser) arguments() (a arguments, err error) {
	first := true
	for !p.skip(kindOp, ")") {
		if !first {
			if err := p.expect(kindOp, ","); err != nil {
				return a, err
			}
			if p.skip(kindOp, ")") {
				break
			}
		}
		first = false
		at := p.peek().at
		if err := p.part(); err != nil {
			return a, err
		}
		switch {
		case p.skip(kindOp, "*"):
			if a.list != nil || a.dict != nil {
				return a, p.fail(at, "got a second * in a call")
			}
			a.list, err = p.expression()
		case p.skip(kindOp, "**"):
			if a.dict != nil {
				return a, p.fail(at, "got a second ** in a call")
			}
			a.dict, err = p.expression()
		default:
			named := p.peek().kind == kindName && p.tokens[p.pos+1].kind == kindOp && p.tokens[p.pos+1].text == "="
			if named {
				a.names = append(a.names, p.next().text)
				p.pos++
			} else if len(a.names) > 0 || a.list != nil || a.dict != nil {
				return a, p.fail(at, "an argument without a name follows one with a name or a star")
			}
			if a.dict != nil {
				return a, p.fail(at, "an argument follows **")
			}
			var x expr
			x, err = p.expression()
			a.values = append(a.values, x)
		}
		if err != nil {
			return a, err
		}
	}
	return a, nil
}

// filters parses filters, tests and calls behind an expression.
func (p *parser) filters(x expr) (expr, error) {
	for {
		t := p.peek()
		if t.kind != kindOp && t.kind != kindName {
			return x, nil
		}
		var err error
		switch {
		case t.kind == kindOp && t.text == "|":
			p.pos++
			x, err = p.filter(x)
		case t.kind == kindName && t.text == "is":
			p.pos++
			x, err = p.test(x)
		case t.kind == kindOp && t.text == "(":
			x, err = p.postfix(x)
		default:
			return x, nil
		}
		if err != nil {
			return nil, err
		}
	}
}

// dotted parses a name, which may have dots.
func (p *parser) dotted() (string, int, error) {
	t := p.next()
	if t.kind != kindName {
		return "", t.at, p.fail(t.at, "got %v, expected a name", t)
	}
	s := t.text
	for p.is(kindOp, ".") && p.tokens[p.pos+1].kind == kindName {
		p.pos++
		s += "." + p.next().text
	}
	return s, t.at, nil
}

// filter parses the name and the arguments of a filter.
func (p *parser) filter(x expr) (*filterExpr, error) {
	if err := p.part(); err != nil {
		return nil, err
	}
	s, at, err := p.dotted()
	if err != nil {
		return nil, err
	}
	f := &filterExpr{node: node{at}, name: s, f: filters[s], x: x}
	if f.f == nil {
		f.f = func(*env, Value, args) (Value, error) { return nil, raise("no filter named %.40q", s) }
		p.missing(at, "filter", s)
	}
	if p.skip(kindOp, "(") {
		f.args, err = p.arguments()
	}
	return f, err
}

// missing notes a filter or test that does not exist.
func (p *parser) missing(at int, what, name string) {
	if p.soft == 0 {
		p.unknown = append(p.unknown, p.fail(at, "no %s named %.40q", what, name))
	}
}

// test parses what follows is.
func (p *parser) test(x expr) (expr, error) {
	if err := p.part(); err != nil {
		return nil, err
	}
	negate := p.skip(kindName, "not")
	s, at, err := p.dotted()
	if err != nil {
		return nil, err
	}
	c := &testExpr{node: node{at}, name: s, f: tests[s], x: x, negate: negate}
	if c.f == nil {
		c.f = func(*env, Value, args) (bool, error) { return false, raise("no test named %.40q", s) }
		p.missing(at, "test", s)
	}
	t := p.peek()
	switch {
	case p.skip(kindOp, "("):
		c.args, err = p.arguments()
	case t.kind == kindName && !slices.Contains([]string{"else", "or", "and", "is"}, t.text),
		t.kind == kindString, t.kind == kindInt, t.kind == kindFloat, t.kind == kindOp && (t.text == "[" || t.text == "{"):
		if t.kind == kindName && (t.text == "if" || t.text == "in" || t.text == "not") {
			break // the test has no argument: x is defined if y
		}
		var a expr
		if a, err = p.primary(); err == nil {
			a, err = p.postfix(a)
		}
		c.args.values = []expr{a}
	case p.is(kindName, "is"):
		return nil, p.fail(t.at, "tests cannot be chained with is")
	}
	return c, err
}
