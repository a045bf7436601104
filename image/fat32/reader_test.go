package fat32

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
)

// ownerSize is the size of the volume made with mkfs.fat and mtools; all but its first MiB, which is
// testdata/owner.img.gz, are zeros.
const ownerSize = 34000 << 10

// owner returns the first MiB of the volume.
func owner(t testing.TB) []byte {
	t.Helper()
	f, err := os.Open("testdata/owner.img.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	r, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func open(t testing.TB, b []byte) *Volume {
	t.Helper()
	v, err := Open(bytes.NewReader(b), ownerSize)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestForeignVolume(t *testing.T) {
	v := open(t, owner(t))
	var lines strings.Builder
	for i := range 900 {
		fmt.Fprintf(&lines, "line %04d\n", i)
	}
	for path, want := range map[string]string{
		"llamaboot.cfg":                   "\ufeff# edited\r\nsystem = Be brief.\r\n",
		"LLAMAB~1.CFG":                    "\ufeff# edited\r\nsystem = Be brief.\r\n",
		"/efi/boot/LOWER.EFI":             strings.Repeat("b", 700),
		"filler8.bin":                     strings.Repeat("a", 1500),
		"a LONG, fragmented name — Ü.txt": lines.String(),
	} {
		b, err := v.ReadFile(path, 1<<20)
		if err != nil || string(b) != want {
			t.Errorf("%s: %d bytes %.40q, %v; want %d bytes %.40q", path, len(b), b, err, len(want), want)
		}
	}
	x, err := v.Extents("A long, fragmented name — ü.txt")
	if err != nil || len(x) != 4 {
		t.Errorf("the fragmented file lies in %v, %v; want 4 pieces", x, err)
	}
	list, err := v.directory(v.root)
	if err != nil || len(list) != 8 || list[0].name != "EFI" || !list[0].directory || list[7].name != "LlamaBoot.Cfg" || list[7].size != 33 {
		t.Errorf("root directory: %v, %v", list, err)
	}
	for path, want := range map[string]error{
		"filler2.bin":   ErrNotFound, // removed
		"LLAMABOOT":     ErrNotFound, // the label
		"EFI":           ErrNotFound, // a directory
		"EFI/BOOT/none": ErrNotFound,
		"a/b":           ErrNotFound,
	} {
		if b, err := v.ReadFile(path, 1<<20); !errors.Is(err, want) {
			t.Errorf("%s: %q, %v; want %v", path, b, err, want)
		}
	}
	if _, err := v.ReadFile("llamaboot.cfg", 32); !errors.Is(err, ErrTooBig) {
		t.Errorf("33 bytes with a limit of 32: %v", err)
	}
}

// TestDamaged changes one thing of the foreign volume at a time.
func TestDamaged(t *testing.T) {
	le := binary.LittleEndian
	sound := owner(t)
	v := open(t, sound)
	list, err := v.directory(v.root)
	if err != nil {
		t.Fatal(err)
	}
	cluster := list[7].cluster // of LlamaBoot.Cfg, the last entry; one cluster
	link := v.fat + int64(cluster)*fatEntrySize
	entry := int64(bytes.LastIndex(sound[v.data:v.data+4096], []byte("LLAMAB~1CFG"))) + v.data
	for name, tc := range map[string]struct {
		change func(b []byte)
		want   error
	}{
		"signature":            {func(b []byte) { b[510] = 0 }, ErrFormat},
		"sector size 0":        {func(b []byte) { le.PutUint16(b[11:], 0) }, ErrFormat},
		"sector size 513":      {func(b []byte) { le.PutUint16(b[11:], 513) }, ErrFormat},
		"cluster of 0 sectors": {func(b []byte) { b[13] = 0 }, ErrFormat},
		"cluster of 3 sectors": {func(b []byte) { b[13] = 3 }, ErrFormat},
		"FAT16":                {func(b []byte) { le.PutUint16(b[17:], 512); le.PutUint16(b[22:], 100) }, ErrFormat},
		"more than there is":   {func(b []byte) { le.PutUint32(b[32:], 1<<31) }, ErrFormat},
		"tables fill it":       {func(b []byte) { b[16] = 255 }, ErrFormat},
		"root nowhere":         {func(b []byte) { le.PutUint32(b[44:], 0x0ffffff0) }, ErrFormat},
		"start nowhere":        {func(b []byte) { le.PutUint16(b[entry+20:], 0x0f00) }, ErrDamaged},
		"size beyond the end":  {func(b []byte) { le.PutUint32(b[entry+28:], 600) }, ErrDamaged},
		"chain to nowhere":     {func(b []byte) { le.PutUint32(b[entry+28:], 600); le.PutUint32(b[link:], 0x0fff0000) }, ErrDamaged},
		"chain to a bad one":   {func(b []byte) { le.PutUint32(b[entry+28:], 600); le.PutUint32(b[link:], 0x0ffffff7) }, ErrDamaged},
		"size of 4 GiB":        {func(b []byte) { le.PutUint32(b[entry+28:], 1<<32-1) }, ErrTooBig},
	} {
		b := bytes.Clone(sound)
		tc.change(b)
		v, err := Open(bytes.NewReader(b), ownerSize)
		if err == nil {
			_, err = v.ReadFile("llamaboot.cfg", 4096)
		}
		if !errors.Is(err, tc.want) {
			t.Errorf("%s: %v, want %v", name, err, tc.want)
		}
	}
	// A chain that bites its tail ends with the file's size; a directory's with the limit.
	b := bytes.Clone(sound)
	le.PutUint32(b[entry+28:], 2000)
	le.PutUint32(b[link:], cluster)
	if got, err := open(t, b).ReadFile("llamaboot.cfg", 4096); len(got) != 2000 || err != nil {
		t.Errorf("a circle: %d bytes, %v; want 2000", len(got), err)
	}
	le.PutUint32(b[v.fat+int64(v.root)*fatEntrySize:], v.root)
	b[entry] = entryFree
	for at := v.data; at < v.data+v.clusterBytes; at += EntrySize {
		b[at] |= b[at] - 1>>7 // no record says that nothing follows
		if b[at] == 0 {
			b[at] = entryFree
		}
	}
	if _, err := open(t, b).ReadFile("none", 4096); !errors.Is(err, ErrNotFound) {
		t.Errorf("a directory in a circle: %v", err)
	}
	// A long name whose parts do not belong together is dropped, the short one stays.
	b = bytes.Clone(sound)
	b[entry-EntrySize+13]++
	if _, err := open(t, b).ReadFile("llamaboot.cfg", 4096); !errors.Is(err, ErrNotFound) {
		t.Errorf("a long name with a wrong checksum was found: %v", err)
	}
	if _, err := open(t, b).ReadFile("llamab~1.cfg", 4096); err != nil {
		t.Errorf("its short name: %v", err)
	}
}

func FuzzReadFile(f *testing.F) {
	sound := owner(f)
	v := open(f, sound)
	// Boot sector, start of the table and root directory; the rest of the volume reads as zeros.
	f.Add(sound[:SectorSize], sound[v.fat:v.fat+256], sound[v.data:v.data+2*v.clusterBytes])
	f.Fuzz(func(t *testing.T, boot, table, data []byte) {
		b := make([]byte, 1<<20)
		copy(b, boot[:min(len(boot), SectorSize)])
		le := binary.LittleEndian
		le.PutUint32(b[32:], min(le.Uint32(b[32:]), 2048)) // so that the volume is as small as b
		if v, err := Open(bytes.NewReader(b), int64(len(b))); err == nil {
			copy(b[min(v.fat, int64(len(b))):], table)
			copy(b[min(v.data, int64(len(b))):], data)
			got, err := v.ReadFile("llamaboot.cfg", 4096)
			if err == nil && len(got) > 4096 {
				t.Errorf("%d bytes, want at most 4096", len(got))
			}
			if list, err := v.directory(v.root); err == nil && len(list) > maxDirectory/EntrySize {
				t.Errorf("%d entries", len(list))
			}
		}
	})
}
