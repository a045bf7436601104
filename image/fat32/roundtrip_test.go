package fat32

import (
	"bytes"
	"testing"
)

// TestOwnVolume reads what this package writes, long names included.
func TestOwnVolume(t *testing.T) {
	files := []File{{Path: "EFI/BOOT/BOOTX64.EFI", Size: 1234567}, {Path: "llamaboot.cfg", Size: 5, Short: "LLAMAB~1.CFG"}}
	vol, err := New(Options{Label: "TEST"}, files)
	if err != nil {
		t.Fatal(err)
	}
	b := make(memory, vol.Size())
	if err := vol.WriteMetadata(b, 0); err != nil {
		t.Fatal(err)
	}
	at, _ := vol.Offset("llamaboot.cfg")
	copy(b[at:], "a = b")
	v, err := Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if got, err := v.ReadFile("LLAMABOOT.CFG", 100); string(got) != "a = b" || err != nil {
		t.Errorf("llamaboot.cfg: %q, %v", got, err)
	}
	at, _ = vol.Offset("EFI/BOOT/BOOTX64.EFI")
	if x, err := v.Extents("efi/boot/bootx64.efi"); err != nil || len(x) != 1 || x[0] != (Extent{at, 1234567}) {
		t.Errorf("BOOTX64.EFI lies in %v, %v; want one piece of 1234567 bytes at %#x", x, err, at)
	}
}

type memory []byte

func (m memory) WriteAt(p []byte, off int64) (int, error) { return copy(m[off:], p), nil }
