// Package apetest makes small llamafiles for tests and starts them.
package apetest

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/stub"
)

//go:generate nasm -f bin -o args.elf args.asm

// program prints its arguments and some variables and ends with status 42 (args.asm).
//
//go:embed args.elf
var program []byte

// Program returns a program for linux/amd64 that could also boot: it prints its arguments
// and some variables and ends with status 42.
func Program() []byte { return bytes.Clone(program) }

// windowsCUI is the subsystem of console programs.
const windowsCUI = 3

// setSubsystem sets the field Subsystem of a PE32+ image (PE format, "Optional Header Windows-Specific Fields").
func setSubsystem(image []byte, subsystem uint16) {
	header := binary.LittleEndian.Uint32(image[0x3c:])
	binary.LittleEndian.PutUint16(image[header+24+68:], subsystem)
}

// Input is a small llamafile's input: the test program for linux/amd64, an EFI application
// that says it is a console program in the place of the Windows program, bytes for the others.
func Input(t testing.TB) ape.Input {
	t.Helper()
	pe, _, err := stub.EFIImage(program)
	if err != nil {
		t.Fatal(err)
	}
	setSubsystem(pe, windowsCUI)
	model := append([]byte(gguf.Magic), bytes.Repeat([]byte("weights "), 30_000)...)
	return ape.Input{
		Faces: format.AllFaces,
		Programs: []ape.Program{
			{OS: "linux", Arch: "amd64", Data: Program()},
			{OS: "windows", Arch: "amd64", Data: pe},
			{OS: "darwin", Arch: "arm64", Data: bytes.Repeat([]byte("mach-o"), 20_000)},
			{OS: "freebsd", Arch: "amd64", Data: bytes.Repeat([]byte("freebsd"), 10_001)},
		},
		PE: format.Windows,
		Members: []ape.Member{
			ape.MemberOf("model.gguf", model),
			ape.MemberOf(format.ArgsName, []byte("--temp\n0\n...\n")),
		},
		Licence: "licence\n",
		Version: "test",
	}
}

// Write writes the llamafile of in and returns its path.
func Write(t testing.TB, in ape.Input) string {
	t.Helper()
	plan, err := ape.NewPlan(in)
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
	if err := plan.Write(t.Context(), f, nil); err != nil {
		t.Fatal(err)
	}
	return path
}

// Open opens the llamafile at path until the test ends.
func Open(t testing.TB, path string) *ape.File {
	t.Helper()
	file, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { file.Close() })
	info, err := file.Stat()
	if err != nil {
		t.Fatal(err)
	}
	f, err := ape.Open(file, info.Size())
	if err != nil {
		t.Fatal(err)
	}
	return f
}

// Start runs a llamafile by the given command line, in folder dir, and returns its output
// lines. The test program must run and nothing complain.
func Start(t testing.TB, dir string, env []string, command ...string) []string {
	t.Helper()
	if runtime.GOOS != "linux" || runtime.GOARCH != "amd64" {
		t.Skip("the test program is for linux/amd64")
	}
	cmd := exec.Command(command[0], command[1:]...)
	cmd.Dir, cmd.Env = dir, env
	var errs bytes.Buffer
	cmd.Stderr = &errs
	out, err := cmd.Output()
	if code := cmd.ProcessState.ExitCode(); code != 42 {
		t.Fatalf("%q: status %d (%v), want 42\n%s", command, code, err, errs.String())
	}
	if errs.Len() > 0 {
		t.Errorf("%q: complains: %s", command, errs.String())
	}
	return strings.Split(strings.TrimSpace(string(out)), "\n")
}

// Env is an environment in which programs are cached below home.
func Env(home string) []string { return []string{"PATH=/usr/bin:/bin", "HOME=" + home} }
