package ape

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"testing"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/stub"
)

//go:generate nasm -f bin -o testdata/args.elf testdata/args.asm

// sampleProgram reads the test program (testdata/args.asm).
func sampleProgram(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/args.elf")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// sampleInput is a small llamafile's input: the test program for linux/amd64, an
// EFI application in the place of the Windows program, bytes for the others.
func sampleInput(t testing.TB) Input {
	t.Helper()
	core := sampleProgram(t)
	pe, _, err := stub.EFIImage(core)
	if err != nil {
		t.Fatal(err)
	}
	model := append([]byte("GGUF"), bytes.Repeat([]byte("weights "), 30_000)...)
	args := []byte("--temp\n0\n...\n")
	return Input{
		Faces: format.AllFaces,
		Programs: []Program{
			{"linux", "amd64", core},
			{"windows", "amd64", pe},
			{"darwin", "arm64", bytes.Repeat([]byte("mach-o"), 20_000)},
			{"freebsd", "amd64", bytes.Repeat([]byte("freebsd"), 10_001)},
		},
		PE: format.Windows,
		Members: []Member{
			memberOf("model.gguf", model),
			memberOf(format.ArgsName, args),
		},
		Licence: "licence\n",
		Version: "test",
	}
}

// sampleFile writes a llamafile and returns its path.
func sampleFile(t testing.TB, in Input) (string, *Plan) {
	t.Helper()
	plan, err := NewPlan(in)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "sample.llamafile")
	f, err := os.OpenFile(path, os.O_CREATE|os.O_RDWR, 0o755)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(plan.Size()); err != nil {
		t.Fatal(err)
	}
	if err := plan.Write(context.Background(), f, nil); err != nil {
		t.Fatal(err)
	}
	return path, plan
}
