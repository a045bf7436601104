// Package programs carries the programs that go into every llamafile: runtime/cmd/llamafile compiled for each target
// and packed with xz.
//
// `make build` (tools/programs) fills the folder packed/ before the command is compiled; the packed files are not
// committed. Without them this package compiles and every Read says ErrNotBuilt.
package programs

import (
	"bytes"
	"embed"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/ulikunitz/xz"

	"github.com/llamaboot/llamaboot/ape/format"
)

// ErrNotBuilt says that this command was compiled without the programs.
var ErrNotBuilt = errors.New("the embedded programs were not built into this command; run `make build` and use bin/llamaboot")

// ErrUnknownTarget says that no program exists for a target.
var ErrUnknownTarget = errors.New("no program for target")

// packed holds one NAME.xz per target and a README that keeps the folder in the repository.
//
//go:embed packed
var packed embed.FS

// Default lists the targets of a llamafile whose maker names none, the core first.
func Default() []string {
	return []string{format.CoreTarget, "linux/arm64", "windows/amd64", "darwin/arm64", "freebsd/amd64"}
}

// Targets lists every target a program can be built for, the core first.
func Targets() []string {
	return append(Default(), "darwin/amd64", "openbsd/amd64", "netbsd/amd64")
}

// Built lists the targets whose programs are in this command, the core first.
func Built() []string { return built(packed) }

func built(fsys fs.FS) []string {
	var have []string
	for _, t := range Targets() {
		if _, err := fs.Stat(fsys, packedName(t)); err == nil {
			have = append(have, t)
		}
	}
	return have
}

// Read unpacks the program of one target, "linux/amd64" for example.
func Read(target string) ([]byte, error) { return read(packed, target) }

func read(fsys fs.FS, target string) ([]byte, error) {
	have := built(fsys)
	if len(have) == 0 {
		return nil, ErrNotBuilt
	}
	f, err := fsys.Open(packedName(target))
	if err != nil {
		return nil, fmt.Errorf("%w: got %q, want one of %s", ErrUnknownTarget, target, strings.Join(have, " "))
	}
	defer f.Close()
	r, err := xz.NewReader(f)
	if err != nil {
		return nil, fmt.Errorf("program for %s: %w", target, err)
	}
	var b bytes.Buffer
	n, err := io.Copy(&b, io.LimitReader(r, format.MaxProgram+1))
	if err != nil {
		return nil, fmt.Errorf("program for %s: %w", target, err)
	}
	if n > format.MaxProgram {
		return nil, fmt.Errorf("program for %s: unpacks to more than %d bytes", target, format.MaxProgram)
	}
	return b.Bytes(), nil
}

func packedName(target string) string { return "packed/" + format.ProgramFile(target) + ".xz" }
