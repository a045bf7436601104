package fat32

import (
	"bytes"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/diskfs/go-diskfs/backend/file"
	diskfat "github.com/diskfs/go-diskfs/filesystem/fat32"
)

func TestRecordSizes(t *testing.T) {
	v, err := New(Options{Label: "TEST"}, nil)
	if err != nil {
		t.Fatal(err)
	}
	if n := len(v.bootSector()); n != SectorSize {
		t.Errorf("boot sector: %d bytes, want %d", n, SectorSize)
	}
	if n := len(v.fsInfo()); n != SectorSize {
		t.Errorf("FSInfo: %d bytes, want %d", n, SectorSize)
	}
	if n := len(encodeEntry([nameSize]byte{}, 0, 0, 0)); n != EntrySize {
		t.Errorf("directory entry: %d bytes, want %d", n, EntrySize)
	}
}

// sample writes a volume with files of awkward sizes and returns its path and contents.
func sample(t *testing.T, o Options) (string, map[string][]byte, *Layout) {
	t.Helper()
	contents := map[string][]byte{
		"EFI/BOOT/BOOTX64.EFI":       bytes.Repeat([]byte("x64 "), 300_001),
		"EFI/BOOT/BOOTAA64.EFI":      bytes.Repeat([]byte("a64"), 99_999),
		"EFI/BOOT/EMPTY":             {},
		"README.TXT":                 []byte("one byte over a sector" + strings.Repeat(".", 491)),
		"llamaboot.cfg":              []byte("temp = 0\n"),
		"a name of 26 letters, .bin": []byte("26"),
	}
	short := map[string]string{"llamaboot.cfg": "LLAMAB~1.CFG", "a name of 26 letters, .bin": "ANAMEO~1.BIN"}
	order := []string{"EFI/BOOT/BOOTX64.EFI", "EFI/BOOT/BOOTAA64.EFI", "EFI/BOOT/EMPTY", "README.TXT", "llamaboot.cfg", "a name of 26 letters, .bin"}
	for i := range 40 { // a directory of more than one cluster
		name := "MANY/F" + string(rune('A'+i/10)) + string(rune('0'+i%10)) + ".BIN"
		contents[name], order = []byte{byte(i)}, append(order, name)
	}
	var files []File
	for _, name := range order {
		files = append(files, File{name, int64(len(contents[name])), short[name]})
	}
	v, err := New(o, files)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "volume.img")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(v.Size()); err != nil {
		t.Fatal(err)
	}
	if err := v.WriteMetadata(f, 0); err != nil {
		t.Fatal(err)
	}
	for _, name := range order {
		off, ok := v.Offset(name)
		if !ok {
			t.Fatalf("%s has no place", name)
		}
		if off%fileAlign != 0 {
			t.Errorf("%s at %#x: want a multiple of %#x", name, off, fileAlign)
		}
		if _, err := f.WriteAt(contents[name], off); err != nil {
			t.Fatal(err)
		}
	}
	return path, contents, v
}

func TestReadByGoDiskfs(t *testing.T) {
	for _, o := range []Options{
		{Label: "LLAMABOOT", Serial: 0x4c4c4254},
		{Label: "BIG", ClusterSectors: 8, Size: 300 << 20},
		{Label: "PAGES", ClusterSectors: 64, Size: 2200 << 20},
	} {
		path, contents, v := sample(t, o)
		b, err := file.OpenFromPath(path, true)
		if err != nil {
			t.Fatal(err)
		}
		fs, err := diskfat.Read(b, v.Size(), 0, 0)
		if err != nil {
			t.Fatal(err)
		}
		if got := strings.TrimSpace(fs.Label()); got != o.Label {
			t.Errorf("label: got %q, want %q", got, o.Label)
		}
		for name, want := range contents {
			if len(want) == 0 {
				continue
			}
			f, err := fs.OpenFile("/"+name, os.O_RDONLY)
			if err != nil {
				t.Errorf("%s: %v", name, err)
				continue
			}
			got := make([]byte, len(want))
			for n := 0; n < len(got); {
				k, err := f.Read(got[n:])
				if n += k; err != nil {
					break
				}
			}
			if !bytes.Equal(got, want) {
				t.Errorf("%s: contents differ", name)
			}
		}
	}
}

func TestFsck(t *testing.T) {
	fsck, err := exec.LookPath("fsck.fat")
	if err != nil {
		fsck = "/sbin/fsck.fat"
	}
	if _, err := os.Stat(fsck); err != nil {
		t.Skip("fsck.fat is not installed (package dosfstools)")
	}
	for _, o := range []Options{{Label: "LLAMABOOT"}, {ClusterSectors: 8, Size: 300 << 20}} {
		path, _, _ := sample(t, o)
		if out, err := exec.Command(fsck, "-n", "-v", path).CombinedOutput(); err != nil {
			t.Errorf("%+v: %v\n%s", o, err, out)
		} else if strings.Contains(string(out), "wrong") || strings.Contains(string(out), "differ") {
			t.Errorf("%+v: complaints:\n%s", o, out)
		}
	}
}

func TestRefuses(t *testing.T) {
	for _, tc := range []struct {
		file File
		want error
	}{
		{File{"lower.efi", 1, ""}, ErrName},
		{File{"NINECHARS.EFI", 1, ""}, ErrName},
		{File{"A.LONG", 1, ""}, ErrName},
		{File{"DIR NAME/A", 1, ""}, ErrName},
		{File{"", 1, ""}, ErrName},
		{File{"BIG.BIN", MaxFile + 1, ""}, ErrTooBig},
		{File{"long name", 1, "long"}, ErrName},
		{File{"wild*card", 1, "WILD"}, ErrName},
		{File{"ends in a dot.", 1, "DOT"}, ErrName},
		{File{"\u00fcber", 1, "UBER"}, ErrName},
	} {
		if _, err := New(Options{}, []File{tc.file}); !errors.Is(err, tc.want) {
			t.Errorf("%q: got %v, want %v", tc.file.Path, err, tc.want)
		}
	}
	for _, o := range []Options{{ClusterSectors: 64, Size: 3 << 40}, {HiddenSectors: 1 << 32}} {
		if _, err := New(o, nil); !errors.Is(err, ErrTooBig) {
			t.Errorf("%+v: got %v, want %v", o, err, ErrTooBig)
		}
	}
	if _, err := New(Options{}, []File{{Path: "A", Size: 1}, {Path: "A", Size: 2}}); !errors.Is(err, ErrName) {
		t.Errorf("duplicate: got %v, want %v", err, ErrName)
	}
}
