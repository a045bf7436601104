package chat

import (
	"slices"
	"strconv"
	"strings"
)

// The operands of expr.go: literals, names, and what may follow them without an operator.

// filters are | name(args) and is name(args), any number of them.
func (p *exprParser) filters(x node) (node, error) {
	for {
		var err error
		switch {
		case p.take("|"):
			x, err = p.filter(x)
		case p.take("is"):
			x, err = p.test(x)
		case p.is("("):
			x, err = p.postfix(x)
		default:
			return x, nil
		}
		if err != nil {
			return x, err
		}
	}
}

// filter is what follows a bar.
func (p *exprParser) filter(x node) (node, error) {
	t := p.next()
	if t.kind != tokenName {
		p.at--
		return x, p.unexpected("the name of a filter")
	}
	args := ""
	if p.take("(") {
		a, err := p.arguments()
		if err != nil {
			return a, err
		}
		args, x.size, x.depth = a.text, x.size+a.size, max(x.depth, a.depth)
	}
	name := t.text
	if ownFilters[name] == nil { // the library's: charged by what it is given
		var err error
		if x, err = p.call("pass", x, node{text: quote(name)}); err != nil {
			return x, err
		}
	} else {
		name = filterPrefix + name
	}
	return p.make("%s|"+name+"(%s)", x, node{text: args})
}

// test is what follows the word is.
func (p *exprParser) test(x node) (node, error) {
	not := p.take("not")
	t := p.next()
	if t.kind != tokenName && (t.kind != tokenOperator || comparisons[t.text] == "") {
		p.at--
		return x, p.unexpected("the name of a test")
	}
	args := []node{x, {text: quote(t.text)}}
	switch n := p.peek(); {
	case p.take("("):
		a, err := p.arguments()
		if err != nil {
			return a, err
		}
		if a.text != "" {
			args = append(args, a)
		}
	case n.kind == tokenText, n.kind == tokenInt, n.kind == tokenFloat, n.text == "[" || n.text == "{",
		n.kind == tokenName && !slices.Contains([]string{"else", "or", "and", "is", "if", "in", "not"}, n.text):
		a, err := p.primary()
		if err == nil {
			a, err = p.postfix(a)
		}
		if err != nil {
			return a, err
		}
		args = append(args, a)
	}
	x, err := p.call("is", args...)
	if err == nil && not {
		x, err = p.make("(not %s)", x)
	}
	return x, err
}

// postfix is .name, [key], [from:to:step] and (args), any number of them.
func (p *exprParser) postfix(x node) (node, error) {
	for {
		var err error
		switch {
		case p.take("."):
			t := p.next()
			if t.kind != tokenName && t.kind != tokenInt {
				p.at--
				return x, p.unexpected("a name after the dot")
			}
			owner := x.text
			if x, err = p.call("attr", x, node{text: quote(t.text)}); err == nil {
				x.owner, x.attr = owner, t.text
			}
		case p.take("["):
			x, err = p.subscript(x)
		case p.take("("):
			x, err = p.invoke(x)
		default:
			return x, nil
		}
		if err != nil {
			return x, err
		}
	}
}

// invoke is a call; those of dict and namespace keep the order of their names, which the library loses. A
// method of the object's type goes before an attribute of that name: schema.items() lists the members though the schema
// may have a member "items".
func (p *exprParser) invoke(f node) (node, error) {
	if f.attr == "" && (f.text == "dict" || f.text == "namespace") || p.stars() {
		return p.spread(f)
	}
	args, err := p.arguments()
	if err != nil {
		return args, err
	}
	if f.attr != "" {
		f.text = prefix + "method(" + f.owner + ", " + quote(f.attr) + ")"
	} else {
		f.text = prefix + "function(" + f.text + ")"
	}
	return p.make("%s(%s)", f, args)
}

// arguments reads up to the closing parenthesis: values and name=value.
func (p *exprParser) arguments() (node, error) {
	all := node{}
	var texts []string
	for !p.take(")") {
		if len(texts) > 0 {
			if err := p.want(","); err != nil {
				return all, err
			}
			if p.take(")") {
				break
			}
		}
		name := ""
		if p.peek().kind == tokenName && p.at+1 < len(p.tokens) && p.tokens[p.at+1] == (exprToken{tokenOperator, "="}) {
			name = p.next().text + "="
			p.at++
		}
		a, err := p.condition()
		if err != nil {
			return a, err
		}
		texts = append(texts, name+a.text)
		all.size, all.depth = all.size+a.size, max(all.depth, a.depth)
	}
	all.text = strings.Join(texts, ", ")
	return all, nil
}

func (p *exprParser) subscript(x node) (node, error) {
	parts := []node{x, {text: "none"}, {text: "none"}, {text: "none"}}
	slice := false
	for i := 1; ; i++ {
		if !p.is(":") && !p.is("]") {
			k, err := p.condition()
			if err != nil {
				return k, err
			}
			parts[i] = k
		}
		if i == 3 || !p.take(":") {
			break
		}
		slice = true
	}
	if err := p.want("]"); err != nil {
		return x, err
	}
	if slice {
		return p.call("slice", parts...)
	}
	if parts[1].size == 0 {
		return x, p.unexpected("a key")
	}
	return p.call("item", parts[:2]...)
}

// primary is a name, a literal or something in brackets.
func (p *exprParser) primary() (node, error) {
	t := p.next()
	switch t.kind {
	case tokenName:
		if slices.Contains([]string{"and", "or", "not", "in", "is", "if", "else"}, t.text) {
			p.at--
			return node{}, p.unexpected("a value")
		}
		if r, ok := p.rename[t.text]; ok {
			return node{text: r, size: 2}, nil
		}
		return node{text: t.text, size: 1}, nil
	case tokenText:
		for p.peek().kind == tokenText { // texts side by side are one
			t.text += p.next().text
		}
		return node{text: quote(t.text), size: 1}, nil
	case tokenInt:
		return node{text: t.text, size: 1}, nil
	case tokenFloat:
		f, err := strconv.ParseFloat(t.text, 64)
		s := strconv.FormatFloat(f, 'f', -1, 64) // the library reads no exponents
		if !strings.Contains(s, ".") {
			s += ".0"
		}
		return node{text: s, size: 1}, err
	}
	switch t.text {
	case "(":
		if p.take(")") {
			return p.call("list")
		}
		x, err := p.tuple()
		if err == nil {
			err = p.want(")")
		}
		return node{text: x.text, size: x.size, depth: x.depth}, err
	case "[":
		return p.items("list", "]", false)
	case "{":
		return p.items("dict", "}", true)
	}
	p.at--
	return node{}, p.unexpected("a value")
}

// items are the elements of a list, or the keys and values of a dict.
func (p *exprParser) items(name, closing string, pairs bool) (node, error) {
	var items []node
	for !p.take(closing) {
		if len(items) > 0 {
			if err := p.want(","); err != nil {
				return node{}, err
			}
			if p.take(closing) {
				break
			}
		}
		x, err := p.condition()
		if err != nil {
			return x, err
		}
		items = append(items, x)
		if !pairs {
			continue
		}
		if err := p.want(":"); err != nil {
			return node{}, err
		}
		if x, err = p.condition(); err != nil {
			return x, err
		}
		items = append(items, x)
	}
	return p.call(name, items...)
}
