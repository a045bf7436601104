package inspect

import (
	"bytes"
	"context"
	"os"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/apetest"
	"github.com/llamaboot/llamaboot/ape/format"
)

// smallImage is a BIOS image of about 1.4 MiB.
func smallImage(t testing.TB) []byte {
	t.Helper()
	in := apetest.Input(t)
	in.Faces, in.PE = format.Faces{BIOS: true}, format.EFI
	b, err := os.ReadFile(apetest.Write(t, in))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzVerify changes bytes anywhere in a file: opening, inspecting and verifying it must
// neither panic nor call a changed file intact.
func FuzzVerify(f *testing.F) {
	good := smallImage(f)
	end := uint32(len(good))
	for _, at := range []uint32{0, format.OffGPT512, format.OffGPT512 + 0x48, format.OffArray512, format.OffGPT4096, format.OffStage2, format.OffESP - 30, format.OffESP, end - 4096, end - 512, end - 8000, end - 8300} {
		f.Add(at, []byte{0xff, 0xff, 0xff, 0xff})
		f.Add(at, []byte{0})
	}
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := bytes.Clone(good)
		copy(b[at%end:], change)
		file, err := ape.Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if _, err := Faces(file); err != nil {
			t.Fatal(err)
		}
		Regions(file)
		for _, c := range Verify(context.Background(), file, "test", nil) {
			if c.Err != nil {
				return
			}
		}
		if !bytes.Equal(b, good) {
			t.Fatalf("%d bytes changed at %#x: not noticed", len(change), at%end)
		}
	})
}

// FuzzManifest decodes foreign manifests and works with what they say.
func FuzzManifest(f *testing.F) {
	f.Add([]byte(`{"format":1,"programs":[{"target":"linux/amd64","offset":-1,"size":9223372036854775807,"sha256":""}]}`))
	f.Add([]byte(`{"format":1,"members":[{"name":"a","size":1}]}`))
	f.Add([]byte(`{"format":2}`))
	base := smallImage(f)
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := format.DecodeManifest(b)
		if err != nil {
			return
		}
		file, err := ape.Open(bytes.NewReader(base), int64(len(base)))
		if err != nil {
			t.Fatal(err)
		}
		file.Manifest = m
		if _, err := Faces(file); err != nil {
			t.Fatal(err)
		}
		Regions(file)
		Verify(context.Background(), file, "test", nil)
		for _, p := range m.Programs {
			_, _ = file.Native(p.Target) // must not panic or take what the file has not
		}
	})
}
