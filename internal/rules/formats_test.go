// Each fact of a format has one home.
package rules

import (
	"fmt"
	"go/ast"
	"go/parser"
	"go/token"
	"maps"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/address"
)

// module is the path of this module.
const module = "github.com/llamaboot/llamaboot"

// pure are the packages that know a format and nothing else, with the only packages of this module that each may import.
// The core contains them (coreFolders), so they open no files, ask no system and bring nothing large.
var pure = map[string][]string{
	"ape/format":       {"image/gpt"},
	"image/fat32":      nil,
	"image/gpt":        nil,
	"zipalign":         nil,
	"internal/address": nil,
}

// notPure are packages of the standard library that pure ones do without. The cryptographic ones are on the list for
// their 32 MiB of memory.
var notPure = []string{"os", "net", "syscall", "time", "crypto", "math/rand"}

// lower are the packages of disk structures: they know no llamafiles.
var lower = []string{"image", "zipalign"}

// A source is one parsed file of the product.
type source struct {
	name string // from the root
	file *ast.File
	set  *token.FileSet
}

func (s *source) folder() string { return path.Dir(s.name) }

func (s *source) at(n ast.Node) string {
	return fmt.Sprintf("%s:%d", s.name, s.set.Position(n.Pos()).Line)
}

// product parses the Go files that are no tests.
func product(t *testing.T) []source {
	t.Helper()
	var out []source
	for _, name := range committed(t) {
		if filepath.Ext(name) != ".go" || strings.HasSuffix(name, "_test.go") {
			continue
		}
		set := token.NewFileSet()
		file, err := parser.ParseFile(set, filepath.Join(root(t), name), nil, parser.SkipObjectResolution)
		if err != nil {
			t.Error(err)
			continue
		}
		out = append(out, source{name, file, set})
	}
	return out
}

// within reports whether a package is a folder or lies below it.
func within(pkg, folder string) bool { return pkg == folder || strings.HasPrefix(pkg, folder+"/") }

// TestFormatImports: the arrows between the packages of formats run down, and the product reads ZIP with zipalign.
func TestFormatImports(t *testing.T) {
	seen := map[string]bool{}
	for _, s := range product(t) {
		own, isPure := pure[s.folder()]
		seen[s.folder()] = true
		for _, spec := range s.file.Imports {
			name, err := strconv.Unquote(spec.Path.Value)
			if err != nil {
				t.Fatal(err)
			}
			ours, isOurs := strings.CutPrefix(name, module+"/")
			switch {
			case name == "archive/zip":
				t.Errorf("%s imports archive/zip: package zipalign reads archives", s.at(spec))
			case isPure && isOurs && !slices.Contains(own, ours), isPure && slices.ContainsFunc(notPure, func(p string) bool { return within(name, p) }):
				t.Errorf("%s imports %s, which a pure package may not", s.at(spec), name)
			case isOurs && !within(ours, "image") && !within(ours, "zipalign") && slices.ContainsFunc(lower, func(p string) bool { return within(s.folder(), p) }):
				t.Errorf("%s imports %s: disk structures lie below the llamafile", s.at(spec), name)
			}
		}
	}
	for folder := range pure {
		if !seen[folder] {
			t.Errorf("there is no package %s", folder)
		}
	}
}

// homes are the packages whose string constants and magic numbers no other package writes again.
var homes = []string{"ape/format", "image/gpt", "image/fat32", "image/mbr", "zipalign"}

// magics are signatures of formats whose other constants are ordinary words.
var magics = map[string]string{"GGUF": "runtime/gguf"}

// words are constants of homes that are ordinary words elsewhere: names of systems, all bits set.
var words = []string{"windows", "linux/amd64", strconv.Itoa(0xffffffff)}

// minMagic is the smallest number that is taken for a magic one: flags and sizes are smaller.
const minMagic = 1 << 24

// TestOneHome: what a format package declares as a constant, a name of a member or a signature, stands nowhere else.
func TestOneHome(t *testing.T) {
	sources := product(t)
	home := maps.Clone(magics) // constant to folder
	for _, s := range sources {
		if !slices.Contains(homes, s.folder()) {
			continue
		}
		for _, decl := range s.file.Decls {
			if d, ok := decl.(*ast.GenDecl); ok && d.Tok == token.CONST {
				literals(d, func(lit *ast.BasicLit, value string) { home[value] = s.folder() })
			}
		}
	}
	for _, want := range []string{".args", "llamaboot.json", "EFI PART", strconv.Itoa(0x04034b50)} {
		if home[want] == "" {
			t.Errorf("%q was not found among the constants of %v", want, homes)
		}
	}
	for _, word := range words {
		delete(home, word)
	}
	for _, s := range sources {
		literals(s.file, func(lit *ast.BasicLit, value string) {
			if h := home[value]; h != "" && h != s.folder() {
				t.Errorf("%s: %s is a constant of package %s", s.at(lit), lit.Value, h)
			}
		})
	}
}

// TestGUIDsOnce: a GUID is written as text, in one place.
func TestGUIDsOnce(t *testing.T) {
	text := regexp.MustCompile(`^[0-9A-Fa-f]{8}(-[0-9A-Fa-f]{4}){3}-[0-9A-Fa-f]{12}$`)
	places := map[string]string{}
	for _, s := range product(t) {
		literals(s.file, func(lit *ast.BasicLit, value string) {
			if !text.MatchString(value) {
				return
			}
			value = strings.ToUpper(value)
			if before := places[value]; before != "" {
				t.Errorf("%s: %s stands at %s already", s.at(lit), lit.Value, before)
			}
			places[value] = s.at(lit)
		})
		ast.Inspect(s.file, func(n ast.Node) bool {
			lit, ok := n.(*ast.CompositeLit)
			if ok && len(lit.Elts) == guidBytes && strings.HasSuffix(strings.ToLower(typeName(lit.Type)), "guid") {
				t.Errorf("%s: a GUID as bytes: write its text (gpt.MustGUID)", s.at(lit))
			}
			return true
		})
	}
	if len(places) < 3 {
		t.Errorf("found %d GUIDs, there are more", len(places))
	}
}

const guidBytes = 16

// typeName returns the last part of the name of a type, empty for one without.
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}

// TestAddressesOnce: 1 TiB, where the core is linked, is a number in internal/address only.
func TestAddressesOnce(t *testing.T) {
	const shift = "40"
	users := []string{"runtime/metal", "stub", "internal/corebuild", "tools/programs"}
	for _, s := range product(t) {
		if !slices.ContainsFunc(users, func(p string) bool { return within(s.folder(), p) }) {
			continue
		}
		ast.Inspect(s.file, func(n ast.Node) bool {
			switch n := n.(type) {
			case *ast.BinaryExpr:
				one, ok := n.X.(*ast.BasicLit)
				by, ok2 := n.Y.(*ast.BasicLit)
				if ok && ok2 && n.Op == token.SHL && one.Value == "1" && by.Value == shift {
					t.Errorf("%s: 1 << %s is address.CoreBase or address.IdentityEnd", s.at(n), shift)
				}
			case *ast.BasicLit:
				if v, err := strconv.ParseUint(strings.Trim(n.Value, `"`), 0, 64); err == nil && v>>21 == address.CoreBase>>21 {
					t.Errorf("%s: %s is an address of package address", s.at(n), n.Value)
				}
			}
			return true
		})
	}
}

// literals calls found for the strings below n, from four characters on, and for its large numbers.
func literals(n ast.Node, found func(lit *ast.BasicLit, value string)) {
	ast.Inspect(n, func(n ast.Node) bool {
		lit, ok := n.(*ast.BasicLit)
		if !ok {
			_, isImport := n.(*ast.ImportSpec)
			return !isImport
		}
		switch lit.Kind {
		case token.STRING:
			if s, err := strconv.Unquote(lit.Value); err == nil && len(s) >= 4 {
				found(lit, s)
			}
		case token.INT:
			if v, err := strconv.ParseUint(lit.Value, 0, 64); err == nil && v >= minMagic {
				found(lit, strconv.FormatUint(v, 10))
			}
		}
		return true
	})
}
