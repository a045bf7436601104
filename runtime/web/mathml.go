package web

import (
	"html"
	"strings"
	"unicode"
	"unicode/utf8"
)

// MathML converts the LaTeX that language models write to MathML Core (W3C): letters, numbers and operators, sub- and
// superscripts, fractions, roots, accents, text, fonts, delimiters, matrices, cases and aligned lines. What it does not
// know is shown as it is written. The source goes into an annotation for screen readers and for copying.
func MathML(source string, display bool) string {
	p := &mathParser{rest: source}
	body := p.row(func(string) bool { return false })
	mode := ""
	if display {
		mode = ` display="block"`
	}
	return `<math` + mode + `><semantics><mrow>` + body + `</mrow><annotation encoding="application/x-tex">` +
		html.EscapeString(strings.TrimSpace(source)) + `</annotation></semantics></math>`
}

// maxMathDepth bounds nested groups.
const maxMathDepth = 60

type mathParser struct {
	rest  string
	depth int
}

// next returns the next token: a command with its backslash, or one character; "" at the end. White space is skipped.
func (p *mathParser) next() string {
	t, n := p.look()
	p.rest = p.rest[n:]
	return t
}

func (p *mathParser) peek() string {
	t, _ := p.look()
	return t
}

func (p *mathParser) look() (token string, n int) {
	skipped := len(p.rest) - len(strings.TrimLeft(p.rest, " \t\r\n"))
	s := p.rest[skipped:]
	if s == "" {
		return "", len(p.rest)
	}
	_, size := utf8.DecodeRuneInString(s)
	if s[0] == '\\' && len(s) > 1 {
		i := 1
		for i < len(s) && (s[i] >= 'a' && s[i] <= 'z' || s[i] >= 'A' && s[i] <= 'Z') {
			i++
		}
		if i == 1 {
			_, size = utf8.DecodeRuneInString(s[1:])
			i += size
		}
		size = i
	}
	return s[:size], skipped + size
}

// row converts tokens up to one that end accepts, which is not taken, or to the end.
func (p *mathParser) row(end func(token string) bool) string {
	var b strings.Builder
	for {
		t := p.peek()
		if t == "" || end(t) {
			return b.String()
		}
		b.WriteString(p.scripted())
	}
}

// scripted converts one atom with its sub- and superscripts.
func (p *mathParser) scripted() string {
	first := p.peek()
	base := p.atom()
	sub, super := "", ""
	for {
		switch p.peek() {
		case "_":
			p.next()
			sub = p.argument()
		case "^":
			p.next()
			super = p.argument()
		case "'":
			for p.peek() == "'" {
				p.next()
				super += "<mo>′</mo>"
			}
			super = "<mrow>" + super + "</mrow>"
		default:
			over := limits[first]
			switch {
			case sub == "" && super == "":
				return base
			case super == "":
				return element(pick(over, "munder", "msub"), base, sub)
			case sub == "":
				return element(pick(over, "mover", "msup"), base, super)
			}
			return element(pick(over, "munderover", "msubsup"), base, sub, super)
		}
	}
}

func pick(c bool, a, b string) string {
	if c {
		return a
	}
	return b
}

func element(name string, children ...string) string {
	return "<" + name + ">" + strings.Join(children, "") + "</" + name + ">"
}

// argument converts a group or one atom, of a number one digit, to one element.
func (p *mathParser) argument() string {
	t := p.peek()
	if t == "" {
		return "<mrow></mrow>"
	}
	if t >= "0" && t <= "9" {
		return element("mn", p.next())
	}
	return p.atom()
}

// group converts {...} to one element.
func (p *mathParser) group() string {
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxMathDepth {
		rest := p.rest
		p.rest = ""
		return element("mtext", html.EscapeString(rest))
	}
	body := p.row(func(t string) bool { return t == "}" })
	p.next()
	return element("mrow", body)
}

// raw returns the text of the following group as it is written.
func (p *mathParser) raw() string {
	if p.peek() != "{" {
		return p.next()
	}
	p.next()
	depth := 1
	for i, c := range p.rest {
		switch c {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				text := p.rest[:i]
				p.rest = p.rest[i+1:]
				return text
			}
		}
	}
	text := p.rest
	p.rest = ""
	return text
}

// atom converts one token, or one command with its arguments.
func (p *mathParser) atom() string {
	t := p.next()
	if r, _ := utf8.DecodeRuneInString(t); len(t) > 0 && t[0] != '\\' {
		switch {
		case t == "{":
			return p.group()
		case unicode.IsDigit(r):
			for len(p.rest) > 0 && (p.rest[0] >= '0' && p.rest[0] <= '9' || p.rest[0] == '.' && len(p.rest) > 1 && p.rest[1] >= '0' && p.rest[1] <= '9') {
				t += p.rest[:1]
				p.rest = p.rest[1:]
			}
			return element("mn", t)
		case unicode.IsLetter(r):
			return element("mi", t)
		case t == "-":
			return "<mo>−</mo>"
		case t == "~":
			return "<mtext>\u00a0</mtext>"
		case t == "&":
			return ""
		}
		return element("mo", html.EscapeString(t))
	}
	if t == "" {
		return ""
	}
	return p.command(t[1:])
}

// command converts \name and its arguments.
func (p *mathParser) command(name string) string {
	if s, ok := symbols[name]; ok {
		return s
	}
	if fn, ok := functions[name]; ok {
		return `<mi mathvariant="normal">` + fn + "</mi><mo>\u2061</mo>"
	}
	if accent, ok := accents[name]; ok {
		return `<mover accent="true">` + p.argument() + "<mo>" + accent + "</mo></mover>"
	}
	if fonts[name] != nil {
		return element("mi", html.EscapeString(mapLetters(p.raw(), fonts[name])))
	}
	switch name {
	case "frac", "dfrac", "tfrac", "cfrac":
		return element("mfrac", p.argument(), p.argument())
	case "binom", "dbinom", "tbinom":
		return `<mrow><mo>(</mo><mfrac linethickness="0">` + p.argument() + p.argument() + "</mfrac><mo>)</mo></mrow>"
	case "sqrt":
		if p.peek() == "[" {
			p.next()
			index := element("mrow", p.row(func(t string) bool { return t == "]" }))
			p.next()
			return element("mroot", p.argument(), index)
		}
		return element("msqrt", p.argument())
	case "text", "textrm", "textbf", "textit", "mbox", "operatorname", "mathrm", "textsf", "texttt":
		s := strings.NewReplacer(`\_`, "_", `\%`, "%", `\$`, "$", `\&`, "&", `\#`, "#", "~", "\u00a0").Replace(p.raw())
		return element("mtext", html.EscapeString(s))
	case "left", "right", "big", "Big", "bigg", "Bigg", "bigl", "bigr", "Bigl", "Bigr", "biggl", "biggr", "middle":
		return p.delimiter()
	case "begin":
		return p.environment(p.raw())
	case "end":
		p.raw()
		return ""
	case "overline", "underline", "overbrace", "underbrace":
		mark := map[string]string{"overline": "‾", "underline": "_", "overbrace": "⏞", "underbrace": "⏟"}[name]
		return element(pick(name[0] == 'o', "mover", "munder"), p.argument(), "<mo>"+mark+"</mo>")
	case "boxed", "displaystyle", "textstyle", "limits", "nolimits", "mathstrut", "displaylimits":
		if name == "boxed" {
			return p.argument()
		}
		return ""
	case "stackrel", "overset":
		over := p.argument()
		return element("mover", p.argument(), over)
	case "underset":
		under := p.argument()
		return element("munder", p.argument(), under)
	case "pmod":
		return "<mrow><mo>(</mo><mtext>mod </mtext>" + p.argument() + "<mo>)</mo></mrow>"
	case "\\", "cr", "newline":
		return `<mspace linebreak="newline"></mspace>`
	case "label", "tag", "phantom", "color":
		p.raw()
		return ""
	}
	if len(name) == 1 && !unicode.IsLetter(rune(name[0])) {
		return element("mo", html.EscapeString(name)) // \{ \} \% \$ \& \# \_
	}
	return element("mtext", html.EscapeString(`\`+name))
}

func (p *mathParser) delimiter() string {
	t := p.next()
	if t == "." || t == "" {
		return ""
	}
	if t[0] == '\\' {
		if s, ok := symbols[t[1:]]; ok {
			return s
		}
		t = strings.TrimPrefix(t, `\`)
		if t == "|" {
			t = "‖"
		}
	}
	return `<mo stretchy="true">` + html.EscapeString(t) + "</mo>"
}

// fences are the delimiters of environments with columns.
var fences = map[string][2]string{
	"matrix": {"", ""}, "smallmatrix": {"", ""}, "pmatrix": {"(", ")"}, "bmatrix": {"[", "]"}, "Bmatrix": {"{", "}"}, "vmatrix": {"|", "|"},
	"Vmatrix": {"‖", "‖"}, "cases": {"{", ""}, "aligned": {"", ""}, "align": {"", ""}, "align*": {"", ""}, "gather": {"", ""},
	"gather*": {"", ""}, "array": {"", ""}, "split": {"", ""}, "equation": {"", ""}, "equation*": {"", ""}, "gathered": {"", ""},
}

// environment converts \begin{name} ... \end{name} to a table.
func (p *mathParser) environment(name string) string {
	fence, ok := fences[name]
	if !ok {
		return element("mtext", html.EscapeString(`\begin{`+name+`}`))
	}
	if name == "array" {
		p.raw() // the alignment of columns
	}
	p.depth++
	defer func() { p.depth-- }()
	if p.depth > maxMathDepth {
		rest := p.rest
		p.rest = ""
		return element("mtext", html.EscapeString(rest))
	}
	var rows strings.Builder
	cells := ""
	done := false
	for !done {
		cells += element("mtd", p.row(func(t string) bool { return t == "&" || t == `\\` || t == `\end` }))
		switch p.next() {
		case "&":
			continue
		case `\\`:
		case `\end`:
			p.raw()
			done = true
		default:
			done = true // the end of the text
		}
		rows.WriteString(element("mtr", cells))
		cells = ""
	}
	left, right := "", ""
	if fence[0] != "" {
		left = "<mo>" + fence[0] + "</mo>"
	}
	if fence[1] != "" {
		right = "<mo>" + fence[1] + "</mo>"
	}
	return "<mrow>" + left + element("mtable", rows.String()) + right + "</mrow>"
}

// mapLetters replaces letters and digits by those of a font, and leaves the rest.
func mapLetters(s string, font func(rune) rune) string { return strings.Map(font, s) }
