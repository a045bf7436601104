package bundle

import (
	"archive/zip"
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

// prefix stands for the programs and headers in front of the ZIP; its odd length makes members unaligned.
const prefix = "MZ a program of some length in front of the archive"

// endRecord is the size of a ZIP's end record without its comment (APPNOTE 4.3.16).
const endRecord = 22

type member struct {
	name, data string
	method     uint16
}

// archive returns prefix followed by a ZIP of the members, offsets counted from the start of the prefix.
func archive(t testing.TB, members ...member) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString(prefix)
	w := zip.NewWriter(&b)
	w.SetOffset(int64(b.Len()))
	for _, m := range members {
		f, err := w.CreateHeader(&zip.FileHeader{Name: m.name, Method: m.method})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(m.data)); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func writeFile(t *testing.T, b []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "x.llamafile")
	if err := os.WriteFile(path, b, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestOpenLlamafile(t *testing.T) {
	first := "GGUF first " + strings.Repeat("weights", 10000)
	path := writeFile(t, archive(t,
		member{".args", "--chat\r\n...\r\n", zip.Deflate},
		member{"a.gguf", first, zip.Store},
		member{"B.GGUF", "GGUF second", zip.Store},
		member{"c.gguf", "GGUF squeezed", zip.Deflate},
	))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if text, ok, err := f.Args(); text != "--chat\r\n...\r\n" || !ok || err != nil {
		t.Errorf("Args = %q, %v, %v", text, ok, err)
	}
	if got := strings.Join(f.Models(), " "); got != "a.gguf B.GGUF c.gguf" {
		t.Errorf("Models = %s", got)
	}
	for name, want := range map[string]string{"": first, "a.gguf": first, "B.GGUF": "GGUF second"} {
		data, release, err := f.Load(name)
		if err != nil || string(data) != want {
			t.Errorf("Load(%q) = %d bytes, %v; want %d", name, len(data), err, len(want))
			continue
		}
		if err := release(); err != nil {
			t.Errorf("release of %q: %v", name, err)
		}
	}
	if _, _, err := f.Load("c.gguf"); !errors.Is(err, ErrCompressed) {
		t.Errorf("Load of a deflated model = %v, want ErrCompressed", err)
	}
	if _, _, err := f.Load("d.gguf"); !errors.Is(err, ErrNoMember) {
		t.Errorf("Load of a missing model = %v, want ErrNoMember", err)
	}
}

func TestOpenGGUF(t *testing.T) {
	path := writeFile(t, []byte("GGUF and so on"))
	f, err := Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, ok, err := f.Args(); ok || err != nil {
		t.Errorf("Args of a bare model = %v, %v", ok, err)
	}
	data, release, err := f.Load("")
	if err != nil || string(data) != "GGUF and so on" {
		t.Fatalf("Load = %q, %v", data, err)
	}
	if err := release(); err != nil {
		t.Error(err)
	}
}

func TestOpenBad(t *testing.T) {
	whole := archive(t, member{"a.gguf", "GGUF " + strings.Repeat("w", 5000), zip.Store})
	for name, b := range map[string][]byte{
		"empty":           nil,
		"text":            []byte("hello, this is a text and no model at all\n"),
		"truncated":       whole[:len(whole)/2],
		"directory moved": append(whole[:1000:1000], whole[2000:]...),
	} {
		f, err := Open(writeFile(t, b))
		if err == nil {
			_, _, err = f.Load("")
			f.Close()
		}
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
	if _, err := Open(writeFile(t, []byte("no model"))); !errors.Is(err, ErrNotBundle) {
		t.Errorf("Open of a text = %v, want ErrNotBundle", err)
	}
	if _, err := Open(filepath.Join(t.TempDir(), "none")); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("Open of nothing = %v, want ErrNotExist", err)
	}
	if _, err := Open(t.TempDir()); err == nil {
		t.Error("Open of a folder: accepted")
	}
	empty, err := Open(writeFile(t, archive(t, member{"notes.txt", "x", zip.Store})))
	if err != nil {
		t.Fatal(err)
	}
	defer empty.Close()
	if _, _, err := empty.Load(""); !errors.Is(err, ErrNoModel) {
		t.Errorf("Load without a model = %v, want ErrNoModel", err)
	}
}

func TestTextIsBounded(t *testing.T) {
	f, err := Open(writeFile(t, archive(t, member{".args", strings.Repeat("x\n", format.MaxText), zip.Deflate})))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, _, err := f.Args(); err == nil || !strings.Contains(err.Error(), "want at most 1048576") {
		t.Errorf("Args of 2 MiB: %v, want a refusal", err)
	}
}

// TestLargestTextIsChecked: a text as long as is allowed is not read without its checksum.
func TestLargestTextIsChecked(t *testing.T) {
	text := strings.Repeat("x", format.MaxText)
	b := archive(t, member{"t", text, zip.Store})
	b[bytes.Index(b, []byte(text))+5] ^= 1
	f, err := Open(writeFile(t, b))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.Text("t"); !errors.Is(err, zipalign.ErrChecksum) {
		t.Errorf("got %v, want %v", err, zipalign.ErrChecksum)
	}
}

// FuzzNew feeds damaged archives: every outcome but a panic or a load outside the file is right.
func FuzzNew(f *testing.F) {
	f.Add(archive(f, member{".args", "-n\n5\n", zip.Deflate}, member{"a.gguf", "GGUF weights", zip.Store}))
	f.Add([]byte("GGUF"))
	f.Add([]byte("PK\x05\x06" + strings.Repeat("\xff", 18)))
	f.Fuzz(func(t *testing.T, b []byte) {
		load := func(name string, off, n int64, crc *uint32) ([]byte, func() error, error) {
			if crc == nil && n != int64(len(b)) {
				t.Errorf("member %s without a checksum", name)
			}
			return b[off : off+n], func() error { return nil }, nil
		}
		file, err := New("fuzz", bytes.NewReader(b), int64(len(b)), load)
		if err != nil {
			return
		}
		file.Args()
		for _, name := range file.Models() {
			file.Load(name)
		}
	})
}

// sized returns b as a llamafile whose partition table records that it has so many sectors.
func sized(b []byte, sectors uint64) []byte {
	b = bytes.Clone(b)
	h := gpt.Header{My: 1, Alternate: sectors - 1}
	copy(b[sectorSize:], h.Encode())
	return b
}

const sectorSize = 512

// TestWholeSize opens llamafiles that have lost their end or have more behind it, as those read back from a disk.
func TestWholeSize(t *testing.T) {
	const sectors = 4
	var b bytes.Buffer
	b.Write(make([]byte, 2*sectorSize))
	w := zip.NewWriter(&b)
	w.SetOffset(int64(b.Len()))
	for _, err := range []error{w.SetComment(strings.Repeat("c", sectors*sectorSize-b.Len()-endRecord)), w.Close()} {
		if err != nil {
			t.Fatal(err)
		}
	}
	whole := sized(b.Bytes(), sectors)
	if len(whole) != sectors*sectorSize {
		t.Fatalf("archive of %d bytes, want %d sectors", len(whole), sectors)
	}
	for name, behind := range map[string]string{"zeros": string(make([]byte, 70_000)), "text": "behind", "nothing": ""} {
		if f, err := Open(writeFile(t, append(bytes.Clone(whole), behind...))); err != nil {
			t.Errorf("%s behind the end: %v", name, err)
		} else {
			f.Close()
		}
	}
	if _, err := Open(writeFile(t, whole[:len(whole)-100])); !errors.Is(err, ErrTruncated) || !strings.Contains(err.Error(), "1948 of the llamafile's 2048 bytes") {
		t.Errorf("cut file: got %v, want %v and both sizes", err, ErrTruncated)
	}
	for _, sectors := range []uint64{0, 1 << 60, 2} { // tables of hostile files: 2^64 sectors, beyond every file, before the end
		if _, err := Open(writeFile(t, sized(whole[:3*sectorSize], sectors))); !errors.Is(err, ErrNotBundle) {
			t.Errorf("a table of %d sectors: got %v, want %v", sectors, err, ErrNotBundle)
		}
	}
	if _, err := Open(writeFile(t, []byte("hi"))); err == nil || !strings.Contains(err.Error(), `starts with "hi"`) {
		t.Errorf("got %v, want the two bytes there are", err)
	}
}
