package ape

import (
	"bytes"
	"context"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
)

// smallImage is a BIOS image of about 1.4 MiB.
func smallImage(t testing.TB) []byte {
	t.Helper()
	in := sampleInput(t)
	in.Faces, in.PE = format.Faces{BIOS: true}, format.EFI
	plan, err := NewPlan(in)
	if err != nil {
		t.Fatal(err)
	}
	b := make(memory, plan.Size())
	if err := plan.Write(context.Background(), b, nil); err != nil {
		t.Fatal(err)
	}
	return b
}

// FuzzVerify changes bytes anywhere in a file: opening, inspecting and verifying it must
// neither panic nor call a changed file intact.
func FuzzVerify(f *testing.F) {
	good := smallImage(f)
	end := uint32(len(good))
	for _, at := range []uint32{0, offGPT512, offGPT512 + 0x48, offArray512, offGPT4096, offStage2, offESP - 30, offESP, end - 4096, end - 512, end - 8000, end - 8300} {
		f.Add(at, []byte{0xff, 0xff, 0xff, 0xff})
		f.Add(at, []byte{0})
	}
	f.Fuzz(func(t *testing.T, at uint32, change []byte) {
		b := bytes.Clone(good)
		copy(b[at%end:], change)
		file, err := Open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			return
		}
		if _, err := file.Faces(); err != nil {
			t.Fatal(err)
		}
		file.Regions()
		for _, c := range file.Verify(context.Background(), "test", nil) {
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
		file, err := Open(bytes.NewReader(base), int64(len(base)))
		if err != nil {
			t.Fatal(err)
		}
		file.Manifest = m
		if _, err := file.Faces(); err != nil {
			t.Fatal(err)
		}
		file.Regions()
		file.Verify(context.Background(), "test", nil)
		for _, p := range m.Programs {
			_, _ = file.Native(p.Target) // must not panic or take what the file has not
		}
	})
}
