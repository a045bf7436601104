package build

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strconv"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// maxParts bounds the files of one split model.
const maxParts = 1000

// splitName matches the names of a split model's parts, as llama.cpp's gguf-split makes them.
var splitName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// openParts opens all parts of a split model as one; no is the part that was named.
func (m *Model) openParts(base, no, of string, check func(string, *gguf.File) error) error {
	count, err := strconv.Atoi(of)
	if err != nil || count < 1 || count > maxParts {
		return fmt.Errorf("%s-%s-of-%s.gguf: %s parts, want 1 to %d", base, no, of, of, maxParts)
	}
	if no != "00001" {
		return cli.WithHint(cli.Usagef("%s-%s-of-%s.gguf is a later part of a split model", base, no, of), "give the first part, %s-00001-of-%s.gguf; the others are found by name", base, of)
	}
	var parts []*gguf.File
	for i := range count {
		path := fmt.Sprintf("%s-%05d-of-%s.gguf", base, i+1, of)
		_, data, err := m.load(path)
		if err != nil {
			return err
		}
		f, err := gguf.Parse(data)
		if err != nil {
			return fmt.Errorf("%s: %w", path, err)
		}
		if i == 0 { // the metadata are in the first part
			if err := check(path, f); err != nil {
				return err
			}
		}
		parts = append(parts, f)
	}
	w, err := gguf.Join(parts)
	var segments [][]byte
	if err == nil {
		segments, err = w.Segments()
	}
	if err != nil {
		return fmt.Errorf("%s-*-of-%s.gguf: %w", base, of, err)
	}
	if m.note, err = templateNote(parts[0]); err != nil {
		return fmt.Errorf("%s-%s-of-%s.gguf: %w", base, no, of, err)
	}
	data := newPieces(segments)
	m.Member = ape.Member{Name: filepath.Base(base) + ".gguf", Size: data.size, Data: data, Title: modelTitle(parts[0])}
	return nil
}
