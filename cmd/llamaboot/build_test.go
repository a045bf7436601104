package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/internal/programs"
)

// TestInterrupted cancels a build as Ctrl-C does.
func TestInterrupted(t *testing.T) {
	if len(programs.Built()) == 0 {
		t.Skip("the embedded programs are not built: run make build")
	}
	dir := t.TempDir()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	var out, errs bytes.Buffer
	code := run(ctx, []string{"build", "--model", "../../testdata/demo.gguf", "-o", filepath.Join(dir, "x.llamafile")}, &out, &errs)
	if code != exitFailure || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d, %q; want %d and a word about the interruption", code, errs.String(), exitFailure)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}
