package disk

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"testing"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// size of the image of the tests, and where its parts lie.
const size = 1 << 20

func places(sector int64) Places {
	at := Places{Total: size, Array: 0x2000, Backup: size - 0x10000, FirstUsable: 0xa000, EndUsable: size - 0x10000}
	if sector != 512 {
		at.Array, at.Backup = at.Array+gpt.ArraySize, at.Backup+gpt.ArraySize
	}
	return at
}

func sample() *Disk {
	d := New(sha256.Sum256([]byte("identity")))
	d.Add(gpt.TypeBIOSBoot, 0xa000, 0x10000, "boot code")
	d.Add(gpt.TypeESP, 0x10000, 0x20000, "EFI system")
	d.Add(gpt.GUID{7}, 0x20000, 0x30001, "ends inside a sector")
	return d
}

// TestBothSizes writes the tables for both sector sizes into one image and reads each back, backups included.
func TestBothSizes(t *testing.T) {
	d := sample()
	image := make([]byte, size)
	for _, sector := range []int64{512, 4096} {
		at := places(sector)
		tab, err := d.Encode(sector, at)
		if err != nil {
			t.Fatal(err)
		}
		copy(image[sector:], tab.Primary)
		copy(image[at.Array:], tab.Array)
		copy(image[at.Backup:], tab.Array)
		copy(image[size-sector:], tab.Backup)
	}
	for _, sector := range []int64{512, 4096} {
		got, table, err := Read(bytes.NewReader(image), sector)
		if err != nil {
			t.Fatal(err)
		}
		want := d.Clone()
		want.Parts[2].End = (want.Parts[2].End + sector - 1) / sector * sector
		if sector != 512 {
			want.Remove(gpt.TypeBIOSBoot)
		}
		if got.GUID != want.GUID || len(got.Parts) != len(want.Parts) {
			t.Fatalf("sectors of %d: %+v, want %+v", sector, got, want)
		}
		for i := range want.Parts {
			if got.Parts[i] != want.Parts[i] {
				t.Errorf("sectors of %d: partition %+v, want %+v", sector, got.Parts[i], want.Parts[i])
			}
		}
		backup, err := gpt.Read(bytes.NewReader(image), sector, table.Alternate)
		if err != nil || backup.Disk != d.GUID || backup.Alternate != 1 || len(backup.Partitions) != len(want.Parts) {
			t.Errorf("sectors of %d: backup %+v, %v", sector, backup, err)
		}
	}
	if len(d.Parts) != 3 {
		t.Error("a clone shares partitions with its original")
	}
}

func TestDerived(t *testing.T) {
	a, b := sample(), sample()
	if a.GUID != b.GUID || a.Parts[0].ID != b.Parts[0].ID {
		t.Error("the same disk has other GUIDs")
	}
	if c := New(sha256.Sum256([]byte("other"))); c.GUID == a.GUID || a.Parts[0].ID == a.Parts[1].ID {
		t.Error("other disks or partitions have the same GUID")
	}
}

func TestRefuses(t *testing.T) {
	d := sample()
	d.Add(gpt.GUID{8}, 0x1f000, 0x21000, "overlaps two")
	if _, err := d.Encode(512, places(512)); !errors.Is(err, gpt.ErrArray) {
		t.Errorf("overlap: %v, want %v", err, gpt.ErrArray)
	}
	d = sample()
	d.Add(gpt.GUID{8}, size-0x10000, size, "over the backup")
	if _, err := d.Encode(512, places(512)); !errors.Is(err, gpt.ErrArray) {
		t.Errorf("outside: %v, want %v", err, gpt.ErrArray)
	}
}
