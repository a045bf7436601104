// What the bare-metal core may import, how large files may get, and that no unfinished work is left in them.
package rules

import (
	"bytes"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// root is the module's folder.
func root(t *testing.T) string {
	t.Helper()
	dir, err := filepath.Abs("../..")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(filepath.Join(dir, "go.mod")); err != nil {
		t.Fatal(err)
	}
	return dir
}

// coreImports are the modules whose packages the core may contain: everything in it runs in ring 0.
var coreImports = []string{
	"github.com/llamaboot/llamaboot",
	"github.com/usbarmory/tamago",
	"github.com/yuin/goldmark", // Markdown on the page
	"go.etcd.io/bbolt",         // the page's chats
	"golang.org/x/sys",
	"golang.org/x/text", // Unicode normalisation for tokenizers
}

// coreFolders are our own folders the core may consist of, with the pure packages of formats; the others are for the host.
var coreFolders = slices.AppendSeq([]string{"runtime", "internal/buildid", "internal/guest", "internal/version"}, maps.Keys(pure))

func TestCoreImports(t *testing.T) {
	dir := root(t)
	list := exec.Command("go", "list", "-deps", "-tags=metal", "-f", "{{if not .Standard}}{{.ImportPath}}{{end}}", "./runtime/cmd/llamafile")
	list.Dir = dir
	list.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	list.Stderr = os.Stderr
	out, err := list.Output()
	if err != nil {
		t.Fatalf("go list: %v", err)
	}
	packages := strings.Fields(string(out))
	if !slices.Contains(packages, coreImports[0]+"/runtime/cmd/llamafile") {
		t.Fatalf("go list gave %d packages and not the core itself", len(packages))
	}
	within := func(pkg string) func(string) bool {
		return func(prefix string) bool { return pkg == prefix || strings.HasPrefix(pkg, prefix+"/") }
	}
	for _, pkg := range packages {
		if !slices.ContainsFunc(coreImports, within(pkg)) {
			t.Errorf("the core imports %s, which coreImports does not allow", pkg)
		}
		if own, ok := strings.CutPrefix(pkg, coreImports[0]+"/"); ok && !slices.ContainsFunc(coreFolders, within(own)) {
			t.Errorf("the core imports %s, which is for the host only", pkg)
		}
	}
}

// committed lists the files git tracks.
func committed(t *testing.T) []string {
	t.Helper()
	cmd := exec.Command("git", "ls-files", "-z")
	cmd.Dir = root(t)
	out, err := cmd.Output()
	if err != nil {
		t.Skipf("not a git checkout: %v", err)
	}
	return strings.FieldsFunc(string(out), func(r rune) bool { return r == 0 })
}

// maxBytes is how large a committed file may get: the demo model is the largest.
const maxBytes = 2 << 20

// TestNothingCompiled: what a build or a test leaves behind is large, and no source.
func TestNothingCompiled(t *testing.T) {
	for _, name := range committed(t) {
		info, err := os.Lstat(filepath.Join(root(t), name))
		if err != nil {
			continue // deleted and not committed yet
		}
		if info.Size() > maxBytes {
			t.Errorf("%s has %d bytes, want at most %d: was it committed by mistake?", name, info.Size(), maxBytes)
		}
	}
}

func TestFilesAreFinished(t *testing.T) {
	endings := []string{".go", ".s", ".asm", ".inc", ".sh", ".py"}
	files := slices.DeleteFunc(committed(t), func(name string) bool { return !slices.Contains(endings, filepath.Ext(name)) })
	if len(files) < 20 {
		t.Fatalf("found %d source files", len(files))
	}
	// Put together at run time, so that this file does not find itself.
	unfinished := []string{"TO" + "DO", "FIX" + "ME", "not " + "implemented"}
	for _, name := range files {
		b, err := os.ReadFile(filepath.Join(root(t), name))
		if os.IsNotExist(err) {
			continue // deleted and not committed yet
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, word := range unfinished {
			if bytes.Contains(b, []byte(word)) {
				t.Errorf("%s says %q: finish it, or write what is refused and why", name, word)
			}
		}
	}
}
