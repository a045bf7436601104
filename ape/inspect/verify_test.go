package inspect

import (
	"bytes"
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/stub"
)

// TestVerifyFindsEveryByte changes single bytes all over the file: nothing in it may
// be changed unnoticed, and in the computed parts the byte itself is named.
func TestVerifyFindsEveryByte(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	whole := apetest.Open(t, path)
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	core, size := whole.Manifest.Programs[0].Offset, whole.Size()
	members := whole.ZIP.Members
	offsets := []int64{0, 0x3c, 0x4a, 0x1b8, 0x1be, 0x1cf, 0x1fe, 0x200, 0x238, 0x400, 0x700, 0xfff,
		0x1000, 0x1100, 0x1200, 0x1fff, 0x2000, 0x5fff, 0x6000, 0x9fff, 0xa000, 0xf000, 0x10000, 0xfffff - 64,
		format.OffESP, format.OffESP + 3<<20, core - 0x2000, core + 99, size - 1, size - 512, size - 4096, size - 4097}
	for _, m := range members[:len(members)-1] {
		offsets = append(offsets, m.Header+40, m.Offset)
	}
	offsets = append(offsets, members[len(members)-1].Offset, whole.ZIP.Directory+12)
	for _, at := range offsets {
		var b [1]byte
		if _, err := file.ReadAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		good := b[0]
		b[0] ^= 0x20
		if _, err := file.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
		var found []string
		if f, err := ape.Open(file, size); err != nil {
			found = append(found, err.Error())
		} else {
			for _, c := range Verify(t.Context(), f, "test", nil) {
				if c.Err != nil {
					found = append(found, c.Err.Error())
				}
				if c.Note != "" && at > format.OffESP+stub.Stage1Size && (at < core || at > core+512) {
					found = append(found, c.Note) // free room of the EFI System Partition, which others may write to
				}
			}
		}
		// Checksums of partition tables and members only tell that something is wrong.
		computed := at >= format.OffPE && at < format.OffGPT4096 || at >= format.OffScript && at < format.OffArray512 ||
			at >= format.OffStage2 && at < format.HeadSize || at > format.OffESP && at < core
		named := strings.Contains(strings.Join(found, "\n"), fmt.Sprintf("offset %#x ", at))
		if len(found) == 0 {
			t.Errorf("byte %#x changed: not noticed", at)
		} else if computed && !named {
			t.Errorf("byte %#x changed: not named in %q", at, found)
		}
		b[0] = good
		if _, err := file.WriteAt(b[:], at); err != nil {
			t.Fatal(err)
		}
	}
}

func TestVerifyTruncated(t *testing.T) {
	f := apetest.Open(t, apetest.Write(t, apetest.Input(t)))
	for _, size := range []int64{0, 1, 512, 4096, format.OffESP, f.Size() - 5000, f.Size() - 1} {
		if _, err := ape.Open(f, size); err == nil {
			t.Errorf("%d of %d bytes: opened without an error", size, f.Size())
		}
	}
}

// TestOlderScript: files whose first line and script differ are of another version, not damaged.
func TestOlderScript(t *testing.T) {
	path := apetest.Write(t, apetest.Input(t))
	file, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	const line = ape.EarlierFirstLine
	head := append([]byte(line), make([]byte, format.OffArray512-len(line))...)
	if _, err := file.ReadAt(head[len(line):], int64(len(line))); err != nil {
		t.Fatal(err)
	}
	copy(head[format.OffScript:], bytes.Repeat([]byte("\n"), format.ScriptSize))
	if _, err := file.WriteAt(head, 0); err != nil {
		t.Fatal(err)
	}
	f := apetest.Open(t, path)
	for _, c := range Verify(t.Context(), f, "test", nil) {
		if c.Err != nil {
			t.Errorf("%s: %v", c.What, c.Err)
		}
	}
	faces, err := Faces(f)
	if err != nil {
		t.Fatal(err)
	}
	if len(faces[0].Sees) == 0 {
		t.Errorf("%s sees nothing", faces[0].Name)
	}
}

// TestGoldenLayout pins the places: a change of them must be meant.
func TestGoldenLayout(t *testing.T) {
	f := apetest.Open(t, apetest.Write(t, apetest.Input(t)))
	var b strings.Builder
	for _, r := range Regions(f) {
		fmt.Fprintf(&b, "%#010x %9d %s\n", r.Offset, r.Size, r.Name)
	}
	const golden = "testdata/layout.golden"
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if b.String() != string(want) {
		t.Errorf("layout differs from %s; got:\n%s", golden, b.String())
	}
}
