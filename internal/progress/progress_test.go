package progress

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

// TestQuiet: nothing is shown in a pipe or a file, however long the work.
func TestQuiet(t *testing.T) {
	var b bytes.Buffer
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		add, finish := Bytes(&b, "work", 100*minBytes)
		add(minBytes)
		finish()
		add, finish = Bytes(f, "work", 100*minBytes)
		add(minBytes)
		finish()
	}
	info, err := f.Stat()
	if err != nil || info.Size() != 0 || b.Len() != 0 {
		t.Errorf("wrote %d bytes to a file (%v) and %q to a buffer, want nothing", info.Size(), err, b.String())
	}
}
