package app

import (
	"errors"
	"io/fs"
	"strings"

	"github.com/llamaboot/llamaboot/runtime/bundle"
)

// weightsBeside names the weights that belong to a program without any: x.gguf beside x.llamafile, x.exe or
// x.llamafile.exe. `llamaboot build --split-weights` makes such pairs.
func weightsBeside(program string) string {
	for _, ending := range []string{".exe", ".llamafile"} {
		if n := len(program) - len(ending); n > 0 && strings.EqualFold(program[n:], ending) {
			program = program[:n]
		}
	}
	return program + ".gguf"
}

// openBeside opens the weights beside this llamafile; ok is false when there are none.
func (p *program) openBeside() (file *bundle.File, ok bool, err error) {
	if p.self == nil || p.OpenFile == nil || len(p.self.Models()) > 0 {
		return nil, false, nil
	}
	file, err = p.OpenFile(weightsBeside(p.self.Name()))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, false, nil
	}
	return file, err == nil, err
}
