package main

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/programs"
)

// TestInspectDamaged: the map is shown of a file whose program is damaged, and the damage too.
func TestInspectDamaged(t *testing.T) {
	if len(programs.Built()) == 0 {
		t.Skip("the embedded programs are not built: run make build")
	}
	path := filepath.Join(t.TempDir(), "x.llamafile")
	verb(t, "build", "--model", "../../testdata/demo.gguf", "--targets", "linux/amd64", "-o", path)
	f, file, err := build.OpenLlamafile(path)
	if err != nil {
		t.Fatal(err)
	}
	core, err := f.Program(format.CoreTarget)
	file.Close()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	at := bytes.Index(b, core.Data)
	if at < 0 {
		t.Fatal("the llamafile does not hold the program as it is")
	}
	b[at+len(core.Data)/2] ^= 1
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	out := verb(t, "inspect", path)
	for _, want := range []string{", build unknown\n", "demo.gguf", "program that boots:\n  PROBLEM: ", "the file is damaged"} {
		if !strings.Contains(out, want) {
			t.Errorf("no %q in:\n%s", want, out)
		}
	}
}
