package outfile

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/llamaboot/llamaboot/internal/cli"
)

func TestWrite(t *testing.T) {
	dir := t.TempDir()
	path := filepath.Join(dir, "out")
	for _, c := range []struct {
		path       string
		force      bool
		result     error // of the function that writes
		want, hint string
	}{
		{path, false, nil, "", ""},
		{path, false, nil, "output exists", "--force"},
		{path, true, context.Canceled, "interrupted: " + path + " was not written", ""},
		{path, true, fmt.Errorf("x: %w", syscall.ENOSPC), "x: no space", "free some space"},
		{path, true, syscall.EFBIG, "file too large", "exFAT"},
		{"-", true, nil, "standard output cannot take this file", "name a file"},
	} {
		err := Write(c.path, 0o600, c.force, 0, func(f *File) error {
			fmt.Fprintf(f, "force %v", c.force)
			return c.result
		})
		if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) || !strings.Contains(cli.HintOf(err), c.hint) {
			t.Errorf("%+v: got %v, hint %q", c, err, cli.HintOf(err))
		}
		if b, err := os.ReadFile(path); err != nil || string(b) != "force false" {
			t.Errorf("%+v: the file holds %q, %v", c, b, err)
		}
	}
	if names := entries(t, path); len(names) != 1 {
		t.Errorf("left behind: %q", names)
	}
}

func TestKeepInputs(t *testing.T) {
	dir := t.TempDir()
	a, b, link := filepath.Join(dir, "a"), filepath.Join(dir, "b"), filepath.Join(dir, "link")
	for _, path := range []string{a, b} {
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Link(a, link); err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		output string
		inputs []string
		ok     bool
	}{
		{a, []string{b, "", filepath.Join(dir, "missing")}, true},
		{filepath.Join(dir, "new"), []string{a}, true},
		{a, []string{b, a}, false},
		{dir + "/./a", []string{a}, false},
		{link, []string{a}, false},
	} {
		if err := KeepInputs(c.output, c.inputs...); (err == nil) != c.ok {
			t.Errorf("%s from %v: %v", c.output, c.inputs, err)
		}
	}
}
