package ape

import (
	"bytes"
	"debug/elf"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/internal/buildid"
)

// BuildID names the build of a core, as the panic screen of a machine that runs it does.
func BuildID(core []byte) (string, error) {
	f, err := elf.NewFile(bytes.NewReader(core))
	if err != nil {
		return "", fmt.Errorf("%w: build id: %w", ErrProgram, err)
	}
	h := buildid.Start
	for _, p := range f.Progs {
		if p.Type != elf.PT_LOAD || p.Flags&elf.PF_W != 0 {
			continue
		}
		b := make([]byte, min(p.Filesz, uint64(len(core))))
		if _, err := io.ReadFull(p.Open(), b); err != nil {
			return "", fmt.Errorf("%w: build id: segment at offset %#x: %w", ErrProgram, p.Off, err)
		}
		h = buildid.Add(h, b)
	}
	return fmt.Sprintf("%08x", buildid.Fold(h)), nil
}
