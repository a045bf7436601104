//go:build linux

package outfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestCloneFrom checks that what is said to be shared has the right bytes, whatever the
// file system of the temporary folder can do (LLAMABOOT_CLONE_DIR names one that can).
func TestCloneFrom(t *testing.T) {
	dir := t.TempDir()
	if d := os.Getenv("LLAMABOOT_CLONE_DIR"); d != "" {
		dir = d
	}
	data := bytes.Repeat([]byte("0123456789abcdef"), 3*cloneUnit/16+5)
	path := filepath.Join(dir, "source")
	if err := os.WriteFile(path, data, 0o600); err != nil {
		t.Fatal(err)
	}
	defer os.Remove(path)
	src, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	f, err := Create(filepath.Join(dir, "out"), 0o600, false)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Abort()
	if err := f.Reserve(10 * cloneUnit); err != nil {
		t.Fatal(err)
	}
	if n := f.CloneFrom(src, cloneUnit+512, int64(len(data))); n != 0 {
		t.Errorf("%d bytes shared at an odd offset", n)
	}
	n := f.CloneFrom(src, 2*cloneUnit, int64(len(data)))
	if n != 0 && n != 3*cloneUnit {
		t.Fatalf("%d bytes shared, want none or %d", n, 3*cloneUnit)
	}
	if n == 0 && os.Getenv("LLAMABOOT_CLONE_DIR") != "" {
		t.Error("nothing was shared")
	}
	got := make([]byte, n)
	if _, err := f.ReadAt(got, 2*cloneUnit); err != nil || !bytes.Equal(got, data[:n]) {
		t.Errorf("shared bytes differ (%v)", err)
	}
}
