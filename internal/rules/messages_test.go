package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

// TestMessagesNameNoPackage: a person reads "llamaboot: model.gguf: file ends too early". The path through our packages
// helps nobody there, so an error names the file, member or tensor and no package. A panic, which only we can cause, may.
func TestMessagesNameNoPackage(t *testing.T) {
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		files := token.NewFileSet()
		file, err := parser.ParseFile(files, filepath.Join(root(t), name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		ast.Inspect(file, func(n ast.Node) bool {
			if call, ok := n.(*ast.CallExpr); ok {
				if f, ok := call.Fun.(*ast.Ident); ok && f.Name == "panic" {
					return false
				}
			}
			text, ok := n.(*ast.BasicLit)
			if !ok || text.Kind != token.STRING {
				return true
			}
			if s, err := strconv.Unquote(text.Value); err == nil && strings.HasPrefix(s, file.Name.Name+": ") {
				t.Errorf("%s: %.60q begins with the name of the package", files.Position(text.Pos()), s)
			}
			return true
		})
	}
}
