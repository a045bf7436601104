package image

import (
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
)

func TestFaces(t *testing.T) {
	for _, tc := range []struct {
		bios, uefi bool
		want       format.Faces
	}{
		{false, false, format.Faces{BIOS: true, UEFI: true}},
		{true, true, format.Faces{BIOS: true, UEFI: true}},
		{true, false, format.Faces{BIOS: true}},
		{false, true, format.Faces{UEFI: true}},
	} {
		if got := Faces(tc.bios, tc.uefi); got != tc.want {
			t.Errorf("bios %v, uefi %v: got %+v, want %+v", tc.bios, tc.uefi, got, tc.want)
		}
	}
}

// write makes the file of in and opens it again.
func write(t *testing.T, in ape.Input) *ape.File {
	t.Helper()
	plan, err := ape.NewPlan(in)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Create(filepath.Join(t.TempDir(), "file"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if err := f.Truncate(plan.Size()); err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(t.Context(), f, nil); err != nil {
		t.Fatal(err)
	}
	out, err := ape.Open(f, plan.Size())
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// TestInput makes images of a llamafile and finds its members, but not its programs,
// in them.
func TestInput(t *testing.T) {
	core, err := os.ReadFile("../ape/testdata/args.elf")
	if err != nil {
		t.Fatal(err)
	}
	model := []byte("GGUF" + strings.Repeat("weights", 9999))
	file := write(t, ape.Input{
		Faces:    format.AllFaces,
		PE:       format.EFI,
		Programs: []ape.Program{{OS: "linux", Arch: "amd64", Data: core}, {OS: "darwin", Arch: "arm64", Data: []byte("mach-o")}},
		Members:  []ape.Member{{Name: "model.gguf", Size: int64(len(model)), Data: bytes.NewReader(model), Title: "A model"}},
		Version:  "test",
	})
	for _, faces := range []format.Faces{{BIOS: true}, {UEFI: true}, {BIOS: true, UEFI: true}} {
		in, err := Input(file, faces, "licence", "test")
		if err != nil {
			t.Fatal(err)
		}
		img := write(t, in)
		for _, c := range img.Verify(t.Context(), "test", nil) {
			if c.Err != nil {
				t.Errorf("%+v: %s: %v", faces, c.What, c.Err)
			}
		}
		members, err := img.Members()
		if err != nil || len(members) != 1 || members[0].Title != "A model" {
			t.Fatalf("%+v: members %+v, %v", faces, members, err)
		}
		got, err := io.ReadAll(io.NewSectionReader(members[0].Data, 0, members[0].Size))
		if err != nil || !bytes.Equal(got, model) {
			t.Errorf("%+v: model of %d bytes, %v, want %d", faces, len(got), err, len(model))
		}
		if _, err := img.Program("darwin/arm64"); err == nil {
			t.Errorf("%+v: the image holds a program for macOS", faces)
		}
	}
}
