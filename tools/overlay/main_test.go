package main

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

func TestCheckVersion(t *testing.T) {
	for _, v := range tested {
		if err := checkVersion(v); err != nil {
			t.Errorf("checkVersion(%q) = %v", v, err)
		}
	}
	for _, v := range []string{"", "go1.26", "go1.25.1", "go1.26.80", "go1.27rc1", "devel go1.27-abcdef", "go1.26.8-tamago"} {
		err := checkVersion(v)
		if !errors.Is(err, errUntested) || !strings.Contains(err.Error(), "got "+v) {
			t.Errorf("checkVersion(%q) = %v, want errUntested that names it", v, err)
		}
	}
}

func TestWriteAddsOnly(t *testing.T) {
	src, dir := t.TempDir(), t.TempDir()
	o, err := write(src, dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"runtime/goos/goos.go", "runtime/metal.go", "os/signal/metal.go"} {
		copied := o.Replace[filepath.Join(src, filepath.FromSlash(name))]
		if b, err := os.ReadFile(copied); err != nil || !strings.Contains(string(b), "\npackage ") && !strings.HasPrefix(string(b), "package ") {
			t.Errorf("%s -> %q: not a Go file: %v", name, copied, err)
		}
	}
	if len(o.Replace) != 3 {
		t.Errorf("overlay has %d files, want 3: %v", len(o.Replace), o.Replace)
	}

	if err := os.MkdirAll(filepath.Join(src, "runtime"), 0o777); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(src, "runtime", "metal.go"), []byte("package runtime\n"), 0o666); err != nil {
		t.Fatal(err)
	}
	if _, err := write(src, dir); err == nil || !strings.Contains(err.Error(), "exists in this GOROOT") {
		t.Errorf("write over an existing file: err = %v, want a refusal", err)
	}
}

// TestLink: the Go root of links has everything, and the added files.
func TestLink(t *testing.T) {
	root, dir := t.TempDir(), filepath.Join(t.TempDir(), "goroot")
	for _, name := range []string{"bin/go", "src/runtime/proc.go", "src/fmt/print.go"} {
		path := filepath.Join(root, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(name), 0o666); err != nil {
			t.Fatal(err)
		}
	}
	o, err := write(filepath.Join(root, "src"), t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	for range 2 { // the second time over the first
		if err := link(root, dir, o); err != nil {
			t.Fatal(err)
		}
	}
	for _, name := range []string{"bin/go", "src/runtime/proc.go", "src/fmt/print.go", "src/runtime/goos/goos.go", "src/runtime/metal.go"} {
		if _, err := os.Stat(filepath.Join(dir, filepath.FromSlash(name))); err != nil {
			t.Error(err)
		}
	}
	if _, err := os.Lstat(filepath.Join(root, "src/runtime/metal.go")); err == nil {
		t.Error("the Go root itself was changed")
	}
}
