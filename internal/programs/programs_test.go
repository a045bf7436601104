package programs

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/ulikunitz/xz"

	"github.com/llamaboot/llamaboot/ape/format"
)

func pack(t *testing.T, b []byte) *fstest.MapFile {
	t.Helper()
	var out bytes.Buffer
	w, err := xz.NewWriter(&out)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(b); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return &fstest.MapFile{Data: out.Bytes()}
}

func TestRead(t *testing.T) {
	program := []byte(strings.Repeat("program ", 1000))
	damaged := pack(t, program)
	damaged.Data[len(damaged.Data)/2] ^= 1
	fsys := fstest.MapFS{
		"packed/llamafile-linux-amd64.xz":       pack(t, program),
		"packed/llamafile-windows-amd64.exe.xz": damaged,
	}
	if got := built(fsys); len(got) != 2 || got[0] != format.CoreTarget || got[1] != "windows/amd64" {
		t.Errorf("built = %v", got)
	}
	got, err := read(fsys, format.CoreTarget)
	if err != nil || !bytes.Equal(got, program) {
		t.Errorf("read(%s) = %d bytes, %v; want the %d packed ones", format.CoreTarget, len(got), err, len(program))
	}
	if _, err := read(fsys, "windows/amd64"); err == nil || !strings.Contains(err.Error(), "windows/amd64") {
		t.Errorf("read of a damaged program: %v, want an error that names it", err)
	}
	for _, target := range []string{"plan9/amd64", "", "linux", "../README"} {
		if _, err := read(fsys, target); !errors.Is(err, ErrUnknownTarget) {
			t.Errorf("read(%q) = %v, want ErrUnknownTarget", target, err)
		}
	}
	if _, err := read(fstest.MapFS{"packed/README": {}}, format.CoreTarget); !errors.Is(err, ErrNotBuilt) {
		t.Errorf("read without programs = %v, want ErrNotBuilt", err)
	}
}
