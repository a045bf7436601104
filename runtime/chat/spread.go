package chat

import "strconv"

// stars says whether the arguments that follow, up to the closing parenthesis, have one with * or ** in front.
func (p *exprParser) stars() bool {
	depth, first := 0, true
	for _, t := range p.tokens[p.at:] {
		if t.kind == tokenOperator {
			switch t.text {
			case "(", "[", "{":
				depth++
			case ")", "]", "}":
				if depth--; depth < 0 {
					return false
				}
			case "*", "**":
				if first && depth == 0 {
					return true
				}
			}
		}
		first = t.kind == tokenOperator && t.text == ","
	}
	return false
}

// spread is a call whose values and names are put together before it: f(1, *list, name=2, **dict), dict(b=1, a=2).
func (p *exprParser) spread(f node) (node, error) {
	values, err := p.call("list")
	if err != nil {
		return values, err
	}
	names := []node{{text: "none"}} // of members
	more := []node(nil)             // dicts
	for n := 0; !p.take(")"); n++ {
		if n > 0 {
			if err := p.want(","); err != nil {
				return f, err
			}
			if p.take(")") {
				break
			}
		}
		star, name := "", ""
		switch {
		case p.take("*"):
			star = "*"
		case p.take("**"):
			star = "**"
		case p.peek().kind == tokenName && p.at+1 < len(p.tokens) && p.tokens[p.at+1] == (exprToken{tokenOperator, "="}):
			name = p.next().text
			p.at++
		}
		x, err := p.condition()
		if err != nil {
			return x, err
		}
		switch {
		case star == "**":
			more = append(more, x)
		case name != "":
			names = append(names, node{text: quote(name)}, x)
		default:
			if star == "" {
				if x, err = p.call("list", x); err != nil {
					return x, err
				}
			}
			if values, err = p.call("add", values, x); err != nil {
				return x, err
			}
		}
	}
	if f.attr == "" && (f.text == "dict" || f.text == "namespace") && len(more) == 0 {
		first, err := p.call("item", values, node{text: strconv.Itoa(0)})
		if err != nil {
			return first, err
		}
		names[0] = first
		return p.call("members", names...)
	}
	given, err := p.call("members", names...)
	for _, d := range more {
		if err == nil {
			given, err = p.call("merged", given, d)
		}
	}
	if err != nil {
		return given, err
	}
	if f.attr != "" {
		f.text = prefix + "method(" + f.owner + ", " + quote(f.attr) + ")"
	}
	return p.call("apply", f, values, given)
}
