package esp

import (
	"bytes"
	"testing"

	"github.com/llamaboot/llamaboot/image/fat32"
)

func TestNew(t *testing.T) {
	files := []File{
		{Path: "EFI/BOOT/BOOTX64.EFI", Data: bytes.Repeat([]byte("efi"), 5000)},
		{Path: "settings.cfg", Short: "SETTIN~1.CFG", Data: []byte("a = b\r\n")},
	}
	volume, at, err := New(Options{Label: "TEST", Serial: 1, Start: 1 << 20}, files)
	if err != nil {
		t.Fatal(err)
	}
	v, err := fat32.Open(bytes.NewReader(volume), int64(len(volume)))
	if err != nil {
		t.Fatal(err)
	}
	for i, f := range files {
		if at[i]%4096 != 0 || !bytes.HasPrefix(volume[at[i]:], f.Data) {
			t.Errorf("%s is not at %#x, or not on a page", f.Path, at[i])
		}
		if got, err := v.ReadFile(f.Path, 1<<20); err != nil || !bytes.Equal(got, f.Data) {
			t.Errorf("%s: %d bytes, %v, want %d", f.Path, len(got), err, len(f.Data))
		}
	}
	files[1].Data = bytes.Repeat([]byte("long "), 10_000)
	if _, again, err := New(Options{}, files); err != nil || again[0] != at[0] {
		t.Errorf("%v, %v: the first file moved from %#x", again, err, at[0])
	}
	if _, _, err := New(Options{}, []File{{Path: "lower"}}); err == nil {
		t.Error("a lower-case name was taken")
	}
}
