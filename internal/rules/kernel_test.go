package rules

import (
	"go/ast"
	"go/parser"
	"go/token"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
)

// kernelPackages run in kernel context, where there is no heap and no goroutine: nothing in them may escape to the heap,
// and no pointer may be stored to memory with a write barrier.
var kernelPackages = []string{"runtime/metal/kern", "runtime/metal/kern/ranges", "internal/address", "internal/buildid"}

// outsideKernel are the functions of these packages that run as part of the program, on its heap.
var outsideKernel = []string{
	"ReadStats",
	"init", // run by Go's runtime
}

// TestKernelContext asks the compiler what escapes and where it puts write barriers.
func TestKernelContext(t *testing.T) {
	args := []string{"build", "-tags=metal", "-gcflags=-m -d=wb=1"}
	for _, p := range kernelPackages {
		args = append(args, "./"+p)
	}
	build := exec.Command("go", args...)
	build.Dir = root(t)
	build.Env = append(os.Environ(), "GOOS=linux", "GOARCH=amd64", "CGO_ENABLED=0")
	out, err := build.CombinedOutput()
	if err != nil {
		t.Fatalf("go build: %v\n%s", err, out)
	}
	if n := strings.Count(string(out), ": can inline"); n < 100 {
		t.Fatalf("the compiler reported %d inlinable functions: does it still understand -m?", n)
	}
	place := regexp.MustCompile(`(?m)^(\S+\.go):(\d+):\d+: (.*(?:escapes to heap|moved to heap|write barrier).*)$`)
	allowed := 0
	for _, m := range place.FindAllStringSubmatch(string(out), -1) {
		line, err := strconv.Atoi(m[2])
		if err != nil {
			t.Fatal(err)
		}
		if name := functionAt(t, filepath.Join(root(t), m[1]), line); slices.Contains(outsideKernel, name) {
			allowed++
		} else {
			t.Errorf("%s:%s: %s: %s, in kernel context", m[1], m[2], name, m[3])
		}
	}
	if allowed == 0 {
		t.Error("the compiler reported nothing in outsideKernel either: does it still understand -d=wb=1?")
	}
}

// functionAt names the function around a line of a file.
func functionAt(t *testing.T, path string, line int) string {
	t.Helper()
	files := token.NewFileSet()
	file, err := parser.ParseFile(files, path, nil, parser.SkipObjectResolution)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range file.Decls {
		f, ok := d.(*ast.FuncDecl)
		if ok && files.Position(f.Pos()).Line <= line && line <= files.Position(f.End()).Line {
			return f.Name.Name
		}
	}
	return "?"
}
