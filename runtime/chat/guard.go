package chat

import (
	"fmt"
	"strconv"
	"strings"
)

// Limits of a template's source. Real ones are below 40 KB.
const (
	maxSource  = 256 << 10
	maxNesting = 100 // of brackets and of blocks
	maxChain   = 250 // operations in a row in one expression
)

// prefix begins the names of the functions that rewrite inserts calls of; templates cannot use it.
const (
	prefix       = "llamaboot_"
	filterPrefix = prefix + "filter_" // of our filters
)

// rewrite makes the source the library compiles: text as string expressions, expressions with our functions in place
// of operators (expr.go), and a charge for every output, condition, round of a loop and macro.
func rewrite(source string) (string, error) {
	if len(source) > maxSource {
		return "", fmt.Errorf("%w: the template has %d bytes, want at most %d", ErrLimit, len(source), maxSource)
	}
	if strings.Contains(source, prefix) {
		return "", fmt.Errorf("%w: names beginning with %s are reserved", ErrTemplate, prefix)
	}
	pieces, err := scan(source)
	if err != nil {
		return "", err
	}
	w := &rewriter{}
	for _, p := range pieces {
		switch p.kind {
		case 't':
			if p.text != "" {
				w.output(quote(p.text), 1)
			}
		case '{':
			n, err := parseExpression(p.text)
			if err != nil {
				return "", err
			}
			w.output(n.text, n.size)
		case '%':
			if err := w.statement(p.text); err != nil {
				return "", err
			}
		}
	}
	if err := w.allClosed(); err != nil {
		return "", err
	}
	return w.out.String(), nil
}

type rewriter struct {
	out    strings.Builder
	blocks []block // open
}

func (w *rewriter) output(expr string, size int) {
	fmt.Fprintf(&w.out, "{{ %sout(%d, %s) }}", prefix, size, expr)
}

// tag writes a statement. The newline behind it is trimmed; it keeps the library from looking for text to trim in the
// whole of the template.
func (w *rewriter) tag(format string, args ...any) {
	fmt.Fprintf(&w.out, "{%% "+format+" %%}\n", args...)
}

func (w *rewriter) statement(text string) error {
	text = strings.Trim(text, whiteSpace)
	n := 0
	for n < len(text) && isNameByte(text[n]) {
		n++
	}
	keyword, rest := text[:n], strings.Trim(text[n:], whiteSpace)
	switch keyword {
	case "if", "elif":
		if keyword == "if" {
			if err := w.open(block{keyword: "if"}); err != nil {
				return err
			}
		}
		cond, err := parseExpression(rest)
		if err != nil {
			return err
		}
		w.tag("%s %s", keyword, charged("test", cond))
	case "for":
		return w.loop(rest)
	case "macro":
		return w.macro(rest)
	case "call":
		return w.call(rest)
	case "set":
		return w.set(rest)
	case "filter":
		b := block{keyword: "filter", name: prefix + "body" + strconv.Itoa(len(w.blocks)), filter: rest}
		w.tag("set %s", b.name)
		return w.open(b)
	case "with":
		return w.with(rest)
	case "generation":
		w.tag("generation")
		return w.open(block{keyword: keyword})
	case "endif", "endfor", "endmacro", "endcall", "endset", "endfilter", "endgeneration", "endwith":
		return w.end(keyword)
	case "else", "break", "continue":
		if rest != "" {
			return fmt.Errorf("%w: text after %s: %.40q", ErrTemplate, keyword, rest)
		}
		w.tag("%s", keyword)
	default:
		return fmt.Errorf("%w: unknown statement %.40q", ErrTemplate, keyword)
	}
	return nil
}

// charged writes a call of a function of ours that is told what evaluating its argument costs.
func charged(name string, n node) string {
	return fmt.Sprintf("%s%s(%d, %s)", prefix, name, n.size, n.text)
}

func (w *rewriter) end(keyword string) error {
	b, err := w.close(strings.TrimPrefix(keyword, "end"))
	if err != nil {
		return err
	}
	switch keyword {
	case "endmacro", "endcall":
		w.out.WriteString("{{ " + prefix + "leave() }}")
	case "endfor":
		w.endRounds(b.round)
	case "endfilter", "endset":
		w.tag("endset")
		if b.filter == "" {
			return nil
		}
		n, err := parseExpression(b.name + " | " + b.filter)
		if err != nil {
			return err
		}
		if keyword == "endset" {
			w.tag("set %s = %s", b.name, charged("keep", n))
		} else {
			w.output(n.text, n.size)
		}
		return nil
	}
	if keyword == "endwith" {
		keyword = "endfor"
	}
	w.tag("%s", keyword)
	return nil
}

// with is with NAME = EXPR, NAME = EXPR: a scope of its own, which the body of a loop of one round is. What it means by
// loop, break and continue is lost.
func (w *rewriter) with(text string) error {
	p, err := newParser(text)
	if err != nil {
		return err
	}
	type assignment struct {
		name  string
		value node
	}
	var list []assignment
	for p.at < len(p.tokens) {
		names, err := p.names()
		if err != nil || len(names) != 1 {
			return fmt.Errorf("%w: want with NAME = VALUE, got %.40q", ErrTemplate, text)
		}
		if err := p.want("="); err != nil {
			return err
		}
		value, err := p.condition()
		if err != nil {
			return err
		}
		list = append(list, assignment{names[0], value})
		if !p.take(",") {
			break
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	w.tag("for %sround in %slist(1)", prefix, prefix)
	for _, a := range list {
		w.tag("set %s = %s", a.name, charged("keep", a.value))
	}
	return w.open(block{keyword: "with"})
}

// loop is for NAMES in EXPR [if CONDITION] [recursive].
func (w *rewriter) loop(text string) error {
	p, err := newParser(text)
	if err != nil {
		return err
	}
	names, err := p.names()
	if err != nil {
		return err
	}
	if err := p.want("in"); err != nil {
		return err
	}
	items, err := p.or() // no condition: the if belongs to the loop
	if err != nil {
		return err
	}
	// The library binds what an element consists of only for the body, so a condition is told where it finds them, and
	// for more than two names the body too.
	each := ""
	switch {
	case len(names) == 2:
		each = names[1]
	case len(names) > 2:
		each = prefix + "each" + strconv.Itoa(len(w.blocks))
	}
	filter := ""
	if p.take("if") {
		if each != "" {
			p.rename = map[string]string{}
		}
		for i, name := range names {
			if each != "" {
				p.rename[name] = fmt.Sprintf("%sitem(%s, %d)", prefix, each, i)
			}
		}
		cond, err := p.condition()
		if err != nil {
			return err
		}
		filter = " if " + charged("test", cond)
	}
	if p.is("recursive") {
		return fmt.Errorf("%w: recursive loops are not supported", ErrTemplate)
	}
	if err := p.end(); err != nil {
		return err
	}
	if len(names) <= 2 {
		each = strings.Join(names, ", ")
	}
	r := w.beginRounds(names)
	w.tag("for %s in %s%s", each, charged("iter", items), filter)
	w.out.WriteString("{{ " + prefix + "step() }}")
	for i := 0; len(names) > 2 && i < len(names); i++ {
		w.tag("set %s = %sitem(%s, %d)", names[i], prefix, each, i)
	}
	r.head = w.take()
	return w.open(block{keyword: "for", round: r})
}

// names reads names with commas between them, perhaps in parentheses.
func (p *exprParser) names() (names []string, err error) {
	inside := p.take("(")
	for {
		t := p.next()
		if t.kind != tokenName {
			p.at--
			return nil, p.unexpected("a name")
		}
		names = append(names, t.text)
		if !p.take(",") {
			break
		}
	}
	if inside {
		err = p.want(")")
	}
	return names, err
}

// macro is macro NAME(PARAM, PARAM=DEFAULT). The library splits parameters at commas wherever they are, so defaults
// become assignments inside.
func (w *rewriter) macro(text string) error {
	p, err := newParser(text)
	if err != nil {
		return err
	}
	name := p.next()
	if name.kind != tokenName || !p.take("(") {
		return fmt.Errorf("%w: want macro NAME(PARAMETERS), got %.40q", ErrTemplate, text)
	}
	var params, defaults []string
	for !p.take(")") {
		t := p.next()
		if t.kind != tokenName {
			p.at--
			return p.unexpected("the name of a parameter")
		}
		params = append(params, t.text)
		if p.take("=") {
			d, err := p.condition()
			if err != nil {
				return err
			}
			defaults = append(defaults, t.text, charged("keep", d))
		}
		if !p.is(")") {
			if err := p.want(","); err != nil {
				return err
			}
		}
	}
	if err := p.end(); err != nil {
		return err
	}
	w.tag("macro %s(%s)", name.text, strings.Join(params, ", "))
	w.out.WriteString("{{ " + prefix + "enter() }}")
	for i := 0; i < len(defaults); i += 2 {
		w.tag("if %sis(%s, 'undefined')", prefix, defaults[i])
		w.tag("set %s = %s", defaults[i], defaults[i+1])
		w.tag("endif")
	}
	return w.open(block{keyword: "macro"})
}

// call is call(NAMES) EXPR: a call of a macro that is given the block as its caller.
func (w *rewriter) call(text string) error {
	p, err := newParser(text)
	if err != nil {
		return err
	}
	names := ""
	if p.take("(") {
		if !p.take(")") {
			list, err := p.names()
			if err != nil {
				return err
			}
			if err := p.want(")"); err != nil {
				return err
			}
			names = strings.Join(list, ", ")
		}
	}
	f, err := p.primary()
	for err == nil && p.take(".") {
		t := p.next()
		f, err = p.call("attr", f, node{text: quote(t.text)})
	}
	if err != nil {
		return err
	}
	if err := p.want("("); err != nil {
		return err
	}
	args, err := p.arguments()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return err
	}
	w.tag("call(%s) %sprinted(%s)(%s)", names, prefix, f.text, args.text)
	w.out.WriteString("{{ " + prefix + "enter() }}")
	return w.open(block{keyword: "call"})
}

// set is set NAMES = EXPR, set NAME.ATTRIBUTE = EXPR, or a block whose text becomes the variable.
func (w *rewriter) set(text string) error {
	p, err := newParser(text)
	if err != nil {
		return err
	}
	names, err := p.names()
	if err != nil {
		return err
	}
	target := strings.Join(names, ", ")
	if len(names) == 1 && p.take(".") {
		t := p.next()
		if t.kind != tokenName {
			p.at--
			return p.unexpected("a name after the dot")
		}
		target += "." + t.text
	}
	if len(names) == 1 && !p.is("=") { // a block
		w.assigned(target)
		b := block{keyword: "set", name: target}
		if p.take("|") {
			_, after, _ := strings.Cut(text, "|")
			b.filter = after
		} else if err := p.end(); err != nil {
			return err
		}
		w.tag("set %s", target)
		return w.open(b)
	}
	if err := p.want("="); err != nil {
		return err
	}
	value, err := p.tuple()
	if err == nil {
		err = p.end()
	}
	if err != nil {
		return err
	}
	for _, name := range names {
		if target == strings.Join(names, ", ") { // not an attribute
			w.assigned(name)
		}
	}
	if len(names) == 1 {
		w.tag("set %s = %s", target, charged("keep", value))
		if target != names[0] { // it may now hold itself
			w.out.WriteString("{{ " + prefix + "whole(" + names[0] + ") }}")
		}
		return nil
	}
	w.tag("set %svalues = %s", prefix, charged("keep", value))
	for i, name := range names {
		w.tag("set %s = %sitem(%svalues, %d)", name, prefix, prefix, i)
	}
	return nil
}
