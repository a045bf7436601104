package web

import (
	"bytes"
	"html"
	"strings"

	"github.com/yuin/goldmark"
	"github.com/yuin/goldmark/ast"
	"github.com/yuin/goldmark/extension"
	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/renderer"
	gmhtml "github.com/yuin/goldmark/renderer/html"
	"github.com/yuin/goldmark/text"
	"github.com/yuin/goldmark/util"
)

// converter is CommonMark with GitHub's extensions and formulas. Raw HTML in the source is left out and links with
// dangerous schemes lose their target: goldmark's defaults.
var converter = goldmark.New(
	goldmark.WithExtensions(extension.Table, extension.Strikethrough, extension.Linkify, extension.TaskList, formulas{}),
	goldmark.WithRendererOptions(gmhtml.WithHardWraps()),
)

// Markdown renders a text of a model as HTML that is safe to insert into a page: elements of CommonMark, tables and
// MathML, no scripts, no styles, no raw HTML.
func Markdown(source string) string {
	var b bytes.Buffer
	if err := converter.Convert([]byte(source), &b); err != nil {
		return "<pre>" + html.EscapeString(source) + "</pre>"
	}
	return b.String()
}

// formulas adds $...$, \(...\), $$...$$ and \[...\] to goldmark.
type formulas struct{}

// Extend implements goldmark.Extender.
func (formulas) Extend(m goldmark.Markdown) {
	// Before goldmark's own escapes (priority 100 and up), or \( would be a bracket.
	m.Parser().AddOptions(parser.WithInlineParsers(util.Prioritized(formulaParser{}, 50)))
	m.Renderer().AddOptions(renderer.WithNodeRenderers(util.Prioritized(formulaRenderer{}, 50)))
}

// formula is an inline node.
type formula struct {
	ast.BaseInline
	source  string
	display bool
}

var kindFormula = ast.NewNodeKind("Formula")

// Kind implements ast.Node.
func (*formula) Kind() ast.NodeKind { return kindFormula }

// Dump implements ast.Node.
func (f *formula) Dump(source []byte, level int) {
	ast.DumpHelper(f, source, level, map[string]string{"source": f.source}, nil)
}

type formulaParser struct{}

// Trigger implements parser.InlineParser.
func (formulaParser) Trigger() []byte { return []byte{'$', '\\'} }

// Parse implements parser.InlineParser. A formula may run over lines of one paragraph.
func (formulaParser) Parse(_ ast.Node, block text.Reader, _ parser.Context) ast.Node {
	line, _ := block.PeekLine()
	first := string(line)
	open, end := "", ""
	for _, m := range [][2]string{{"$$", "$$"}, {"\\[", "\\]"}, {"\\(", "\\)"}, {"$", "$"}} {
		if strings.HasPrefix(first, m[0]) {
			open, end = m[0], m[1]
			break
		}
	}
	// A single dollar is money unless a formula touches it on both sides, as in Pandoc.
	if open == "" || open == "$" && (len(first) < 3 || strings.ContainsRune(" \t\n$", rune(first[1]))) {
		return nil
	}
	savedLine, savedPos := block.Position()
	var source strings.Builder
	block.Advance(len(open))
	for {
		line, _ := block.PeekLine()
		if line == nil {
			block.SetPosition(savedLine, savedPos)
			return nil
		}
		if i := strings.Index(string(line), end); i >= 0 {
			source.Write(line[:i])
			after := line[i+len(end):]
			if open == "$" && (i > 0 && (line[i-1] == ' ' || line[i-1] == '\\') || len(after) > 0 && after[0] >= '0' && after[0] <= '9') {
				block.SetPosition(savedLine, savedPos)
				return nil
			}
			block.Advance(i + len(end))
			break
		}
		if open == "$" { // a lone dollar does not reach for one on another line
			block.SetPosition(savedLine, savedPos)
			return nil
		}
		source.Write(line)
		block.AdvanceLine()
	}
	return &formula{source: source.String(), display: open == "$$" || open == "\\["}
}

type formulaRenderer struct{}

// RegisterFuncs implements renderer.NodeRenderer.
func (formulaRenderer) RegisterFuncs(r renderer.NodeRendererFuncRegisterer) {
	r.Register(kindFormula, func(w util.BufWriter, _ []byte, n ast.Node, entering bool) (ast.WalkStatus, error) {
		if f, ok := n.(*formula); ok && entering {
			_, _ = w.WriteString(MathML(f.source, f.display)) // errors surface when the writer is flushed
		}
		return ast.WalkSkipChildren, nil
	})
}
