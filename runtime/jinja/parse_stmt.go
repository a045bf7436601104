package jinja

import (
	"slices"
	"strings"
)

func (p *parser) template() ([]stmt, error) {
	body, err := p.body()
	if err != nil {
		return nil, err
	}
	if t := p.peek(); t.kind != kindEnd {
		return nil, p.fail(t.at, "unknown tag or one without a beginning: %.40q", p.tokens[p.pos+1].text)
	}
	return body, nil
}

// body parses text, outputs and statements to a tag whose keyword is one of ends, which is left for the caller, or to the
// end of the template.
func (p *parser) body(ends ...string) (list []stmt, err error) {
	if err := p.enter(); err != nil {
		return nil, err
	}
	defer p.leave()
	for {
		if len(p.unknown) > 0 {
			return nil, p.unknown[0]
		}
		t := p.peek()
		p.parts = 0
		switch t.kind {
		case kindText:
			p.pos++
			list = append(list, textStmt{t.text})
		case kindPrint:
			p.pos++
			x, err := p.tuple(true)
			if err != nil {
				return nil, err
			}
			if p.next().kind != kindPrintEnd {
				return nil, p.fail(p.tokens[p.pos-1].at, "got %v, expected }}", p.tokens[p.pos-1])
			}
			list = append(list, &printStmt{node{t.at}, x})
		case kindBlock:
			keyword := p.tokens[p.pos+1]
			if keyword.kind != kindName {
				return nil, p.fail(keyword.at, "got %v, expected the name of a tag", keyword)
			}
			if slices.Contains(ends, keyword.text) {
				return list, nil
			}
			parse := statements[keyword.text]
			if parse == nil {
				if len(ends) == 0 {
					return list, p.fail(keyword.at, "unknown tag %.40q", keyword.text)
				}
				return nil, p.fail(keyword.at, "got the tag %.40q, expected {%% %s %%}", keyword.text, strings.Join(ends, " %} or {% "))
			}
			p.pos += 2
			s, err := parse(p, t.at)
			if err != nil {
				return nil, err
			}
			list = append(list, s)
		default:
			if len(ends) > 0 {
				return nil, p.fail(t.at, "got %v, expected {%% %s %%}", t, strings.Join(ends, " %} or {% "))
			}
			return list, nil
		}
	}
}

// end takes the end of a tag.
func (p *parser) end() error {
	if t := p.next(); t.kind != kindBlockEnd {
		return p.fail(t.at, "got %v, expected %%}", t)
	}
	return nil
}

// block parses the end of a tag, a body and its closing tag, whose keyword is one of ends; the keyword is returned, the
// end of the closing tag is not taken.
func (p *parser) block(ends ...string) (body []stmt, keyword string, err error) {
	if err := p.end(); err != nil {
		return nil, "", err
	}
	if body, err = p.body(ends...); err != nil {
		return nil, "", err
	}
	p.pos++
	return body, p.next().text, nil
}

// whole is block for a tag with one closing tag, which is taken.
func (p *parser) whole(end string) ([]stmt, error) {
	body, _, err := p.block(end)
	if err != nil {
		return nil, err
	}
	return body, p.end()
}

// statements are the parsers of tags; the tag's start and keyword are taken.
var statements map[string]func(p *parser, at int) (stmt, error)

func init() { // the table and the parsers refer to each other
	statements = map[string]func(p *parser, at int) (stmt, error){
		"if": parseIf, "for": parseFor, "set": parseSet, "macro": parseMacro, "call": parseCall, "filter": parseFilterBlock,
		"with": parseWith, "block": parseBlock, "generation": parseGeneration, "autoescape": parseAutoescape, "print": parsePrint,
		"break": parseControl(breakLoop), "continue": parseControl(continueLoop),
	}
	for _, name := range []string{"include", "import", "from", "extends"} {
		statements[name] = func(p *parser, at int) (stmt, error) {
			return nil, p.fail(at, "%s needs other templates, and a chat template has none", name)
		}
	}
}

func parseIf(p *parser, _ int) (stmt, error) {
	s := &ifStmt{}
	p.soft++
	defer func() { p.soft-- }()
	for {
		test, err := p.tuple(false)
		if err != nil {
			return nil, err
		}
		body, keyword, err := p.block("elif", "else", "endif")
		if err != nil {
			return nil, err
		}
		s.tests, s.bodies = append(s.tests, test), append(s.bodies, body)
		switch keyword {
		case "elif":
			continue
		case "else":
			body, err := p.whole("endif")
			s.bodies = append(s.bodies, body)
			return s, err
		}
		return s, p.end()
	}
}

func parseFor(p *parser, at int) (stmt, error) {
	s := &forStmt{node: node{at}}
	var err error
	if s.target, err = p.targets("in"); err != nil {
		return nil, err
	}
	if err := p.expect(kindName, "in"); err != nil {
		return nil, err
	}
	if s.iter, err = p.tuple(false, "recursive", "if"); err != nil {
		return nil, err
	}
	if p.skip(kindName, "if") {
		if s.filter, err = p.expression(); err != nil {
			return nil, err
		}
	}
	s.recursive = p.skip(kindName, "recursive")
	p.loops++
	body, keyword, err := p.block("else", "endfor")
	p.loops--
	if err != nil {
		return nil, err
	}
	s.body = body
	if keyword == "else" {
		s.orElse, err = p.whole("endfor")
		return s, err
	}
	return s, p.end()
}

func parseControl(c control) func(p *parser, at int) (stmt, error) {
	return func(p *parser, at int) (stmt, error) {
		if p.loops == 0 {
			return nil, p.fail(at, "%s outside of a loop", map[control]string{breakLoop: "break", continueLoop: "continue"}[c])
		}
		return controlStmt{c}, p.end()
	}
}

// single parses one target.
func (p *parser) single() (target, error) {
	t := p.next()
	if t.kind == kindOp && t.text == "(" {
		list, err := p.targets(")")
		if err != nil {
			return list, err
		}
		return list, p.expect(kindOp, ")")
	}
	if t.kind != kindName {
		return target{}, p.fail(t.at, "got %v, expected a name to assign to", t)
	}
	if _, ok := constants[t.text]; ok {
		return target{}, p.fail(t.at, "cannot assign to %s", t.text)
	}
	g := target{node: node{t.at}, name: t.text}
	if p.skip(kindOp, ".") {
		m := p.next()
		if m.kind != kindName {
			return g, p.fail(m.at, "got %v, expected the name of a member", m)
		}
		g.member = m.text
	}
	return g, nil
}

// targets parses one target or several separated by commas; end is what may follow a trailing comma.
func (p *parser) targets(end string) (target, error) {
	if err := p.enter(); err != nil {
		return target{}, err
	}
	defer p.leave()
	g, err := p.single()
	if err != nil || !p.is(kindOp, ",") {
		return g, err
	}
	list := target{node: g.node, many: []target{g}}
	for p.skip(kindOp, ",") {
		if p.is(kindName, end) || p.is(kindOp, end) || p.peek().kind == kindBlockEnd {
			break
		}
		if g, err = p.single(); err != nil {
			return g, err
		}
		list.many = append(list.many, g)
	}
	return list, nil
}

func parseSet(p *parser, at int) (stmt, error) {
	g, err := p.targets("=")
	if err != nil {
		return nil, err
	}
	if p.skip(kindOp, "=") {
		x, err := p.tuple(true)
		if err != nil {
			return nil, err
		}
		return &setStmt{node{at}, g, x}, p.end()
	}
	s := &setBlock{node: node{at}, target: g}
	for p.skip(kindOp, "|") {
		f, err := p.filter(nil)
		if err != nil {
			return nil, err
		}
		s.filter = append(s.filter, f)
	}
	s.body, err = p.whole("endset")
	return s, err
}

// signature parses parameters in parentheses.
func (p *parser) signature() (*signature, error) {
	sig := &signature{}
	if err := p.expect(kindOp, "("); err != nil {
		return nil, err
	}
	for !p.skip(kindOp, ")") {
		if len(sig.names) > 0 {
			if err := p.expect(kindOp, ","); err != nil {
				return nil, err
			}
			if p.skip(kindOp, ")") {
				break
			}
		}
		t := p.next()
		if t.kind != kindName {
			return nil, p.fail(t.at, "got %v, expected the name of a parameter", t)
		}
		if slices.Contains(sig.names, t.text) {
			return nil, p.fail(t.at, "parameter %q is there twice", t.text)
		}
		sig.names = append(sig.names, t.text)
		if p.skip(kindOp, "=") {
			x, err := p.expression()
			if err != nil {
				return nil, err
			}
			sig.defaults = append(sig.defaults, x)
		} else if len(sig.defaults) > 0 {
			return nil, p.fail(t.at, "parameter %q without a default follows one with a default", t.text)
		}
	}
	return sig, nil
}

// use notes a name for the macro it is used in.
func (p *parser) use(s string) {
	if len(p.uses) == 0 {
		return
	}
	sig := p.uses[len(p.uses)-1]
	switch s {
	case "varargs":
		sig.varargs = true
	case "kwargs":
		sig.kwargs = true
	case "caller":
		sig.caller = true
	}
}

// inner parses the body of a macro or call block.
func (p *parser) inner(sig *signature, end string) ([]stmt, error) {
	p.uses = append(p.uses, sig)
	loops := p.loops
	p.loops = 0
	body, err := p.whole(end)
	p.loops = loops
	p.uses = p.uses[:len(p.uses)-1]
	return body, err
}

func parseMacro(p *parser, at int) (stmt, error) {
	t := p.next()
	if t.kind != kindName {
		return nil, p.fail(t.at, "got %v, expected the name of a macro", t)
	}
	sig, err := p.signature()
	if err != nil {
		return nil, err
	}
	body, err := p.inner(sig, "endmacro")
	return &macroStmt{node{at}, t.text, sig, body}, err
}

func parseCall(p *parser, at int) (stmt, error) {
	sig := &signature{}
	var err error
	if p.is(kindOp, "(") {
		if sig, err = p.signature(); err != nil {
			return nil, err
		}
	}
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	call, ok := x.(*callExpr)
	if !ok {
		return nil, p.fail(at, "expected a call")
	}
	body, err := p.inner(sig, "endcall")
	return &callStmt{node{at}, call, sig, body}, err
}

func parseFilterBlock(p *parser, at int) (stmt, error) {
	s := &filterStmt{node: node{at}}
	for first := true; first || p.skip(kindOp, "|"); first = false {
		f, err := p.filter(nil)
		if err != nil {
			return nil, err
		}
		s.filters = append(s.filters, f)
	}
	var err error
	s.body, err = p.whole("endfilter")
	return s, err
}

func parseWith(p *parser, _ int) (stmt, error) {
	s := &withStmt{}
	for p.peek().kind != kindBlockEnd {
		if len(s.targets) > 0 {
			if err := p.expect(kindOp, ","); err != nil {
				return nil, err
			}
		}
		g, err := p.single()
		if err != nil {
			return nil, err
		}
		if err := p.expect(kindOp, "="); err != nil {
			return nil, err
		}
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		s.targets, s.values = append(s.targets, g), append(s.values, x)
	}
	var err error
	s.body, err = p.whole("endwith")
	return s, err
}

func parseBlock(p *parser, _ int) (stmt, error) {
	if t := p.next(); t.kind != kindName {
		return nil, p.fail(t.at, "got %v, expected the name of a block", t)
	}
	for p.skip(kindName, "scoped") || p.skip(kindName, "required") {
	}
	body, _, err := p.block("endblock")
	if err != nil {
		return nil, err
	}
	if p.peek().kind == kindName {
		p.pos++
	}
	return &scopeStmt{body}, p.end()
}

// parseGeneration parses the tag with which transformers marks what the model generates; it prints its body.
func parseGeneration(p *parser, _ int) (stmt, error) {
	body, err := p.whole("endgeneration")
	return &scopeStmt{body}, err
}

func parseAutoescape(p *parser, _ int) (stmt, error) {
	x, err := p.expression()
	if err != nil {
		return nil, err
	}
	body, err := p.whole("endautoescape")
	return &escapeStmt{x, body}, err
}

func parsePrint(p *parser, at int) (stmt, error) {
	all := &printAll{}
	for {
		x, err := p.expression()
		if err != nil {
			return nil, err
		}
		all.list = append(all.list, &printStmt{node{at}, x})
		if !p.skip(kindOp, ",") {
			return all, p.end()
		}
	}
}
