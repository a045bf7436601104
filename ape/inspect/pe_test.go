package inspect

import (
	"bytes"
	"encoding/binary"
	"os"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
)

// peChecks returns what saferwall/pe says of the file at path, by what was judged.
func peChecks(t *testing.T, path string) map[string]error {
	t.Helper()
	found := map[string]error{}
	inspected{apetest.Open(t, path)}.checkPEs(func(what string, err error) { found[what] = err })
	return found
}

func TestPEs(t *testing.T) {
	const program, loader = "headers and sections of the program for PE loaders", "headers and sections of " + format.BootPath
	for _, c := range []struct {
		name  string
		faces format.Faces
		pe    format.Flavour
		want  []string
	}{
		{"windows", format.AllFaces, format.Windows, []string{program, loader}},
		{"efi", format.AllFaces, format.EFI, []string{program, loader}},
		{"uefi image", format.Faces{UEFI: true}, format.EFI, []string{loader}},
		{"bios image", format.Faces{BIOS: true}, format.EFI, nil},
	} {
		in := apetest.Input(t)
		in.Faces, in.PE = c.faces, c.pe
		path := apetest.Write(t, in)
		found := peChecks(t, path)
		for _, what := range c.want {
			if err, ok := found[what]; !ok || err != nil {
				t.Errorf("%s: %s: judged %v, %v", c.name, what, ok, err)
			}
		}
		if len(found) != len(c.want) {
			t.Errorf("%s: judged %v, want %q", c.name, found, c.want)
		}
	}
}

// TestOddPEs damages the PE headers of a file in ways that its checksums do not cover.
func TestOddPEs(t *testing.T) {
	in := apetest.Input(t)
	in.PE = format.EFI
	path := apetest.Write(t, in)
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	header := binary.LittleEndian.Uint32(whole[0x3c:])
	for _, c := range []struct {
		name string
		at   uint32 // in the PE header
		put  []byte
		want string
	}{
		{"signature", 0, []byte("XX"), "damaged"},
		{"machine", 4, []byte{0x4c, 0x01}, "want amd64"},
		{"no sections", 6, []byte{0, 0}, "entry point"},
		{"magic", 24, []byte{0x77, 0x77}, "damaged"},
		{"entry point outside", 24 + 16, []byte{0xff, 0xff, 0xff, 0x7f}, "entry point 0x7fffffff lies in no executable section"},
		{"image base", 24 + 24, bytes.Repeat([]byte{0x13}, 8), "Image base not aligned"},
		{"reserved directory", 24 + 112 + 15*8, []byte{1, 0, 0, 0, 1}, "odd for a PE image"},
		{"subsystem", 24 + 68, []byte{2, 0}, "subsystem"},
	} {
		b := bytes.Clone(whole)
		copy(b[header+c.at:], c.put)
		f, err := ape.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatalf("%s: %v", c.name, err)
		}
		inspected{f}.checkPEs(func(what string, err error) {
			if strings.HasSuffix(what, "PE loaders") && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("%s: got %v, want %q", c.name, err, c.want)
			}
		})
	}
}
