package build

import (
	"bytes"
	"io"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/ape/inspect"
)

func TestImageFaces(t *testing.T) {
	for _, tc := range []struct {
		bios, uefi bool
		want       format.Faces
	}{
		{false, false, format.Faces{BIOS: true, UEFI: true}},
		{true, true, format.Faces{BIOS: true, UEFI: true}},
		{true, false, format.Faces{BIOS: true}},
		{false, true, format.Faces{UEFI: true}},
	} {
		if got := imageFaces(tc.bios, tc.uefi); got != tc.want {
			t.Errorf("bios %v, uefi %v: got %+v, want %+v", tc.bios, tc.uefi, got, tc.want)
		}
	}
}

// TestImageInput makes images of a llamafile and finds its members, but not its programs,
// in them.
func TestImageInput(t *testing.T) {
	model := []byte("GGUF" + strings.Repeat("weights", 9999))
	file := apetest.Open(t, apetest.Write(t, ape.Input{
		Faces:    format.AllFaces,
		PE:       format.EFI,
		Programs: []ape.Program{{OS: "linux", Arch: "amd64", Data: apetest.Program()}, {OS: "darwin", Arch: "arm64", Data: []byte("mach-o")}},
		Members:  []ape.Member{{Name: "model.gguf", Size: int64(len(model)), Data: bytes.NewReader(model), Title: "A model"}},
		Version:  "test",
	}))
	for _, faces := range []format.Faces{{BIOS: true}, {UEFI: true}, {BIOS: true, UEFI: true}} {
		in, err := imageInput(file, faces, "licence", "test")
		if err != nil {
			t.Fatal(err)
		}
		img := apetest.Open(t, apetest.Write(t, in))
		for _, c := range inspect.Verify(t.Context(), img, "test", nil) {
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
