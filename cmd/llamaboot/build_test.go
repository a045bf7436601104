package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

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
	if code != exitInterrupted || !strings.Contains(errs.String(), "interrupted") {
		t.Errorf("status %d, %q; want %d and a word about the interruption", code, errs.String(), exitInterrupted)
	}
	if list, err := os.ReadDir(dir); err != nil || len(list) != 0 {
		t.Errorf("left behind: %v, %v", list, err)
	}
}

// TestInterruptedInput stops verbs that wait for a text that never comes.
func TestInterruptedInput(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	stdin := os.Stdin
	os.Stdin = r
	defer func() { os.Stdin = stdin }()
	for _, args := range [][]string{{"tokenize"}, {"embed"}, {"perplexity"}, {"template", "--input", "-"}} {
		ctx, stop := context.WithCancel(t.Context())
		time.AfterFunc(20*time.Millisecond, stop)
		var out, errs bytes.Buffer
		if code := run(ctx, append(args, "../../testdata/demo.gguf"), &out, &errs); code != exitInterrupted || errs.String() != "llamaboot: interrupted\n" {
			t.Errorf("%s: status %d, %q", args[0], code, errs.String())
		}
	}
}
