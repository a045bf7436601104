package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// A modelFile is an open GGUF file whose structure was checked.
type modelFile struct {
	ape.Member
	file *os.File
}

// openModel opens the GGUF file at path and checks all of its structure: that
// every key is readable and every tensor lies within the file.
func openModel(path string) (*modelFile, error) {
	if err := checkGGUF(path); err != nil {
		return nil, err
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	name := filepath.Base(path)
	if !strings.HasSuffix(strings.ToLower(name), ".gguf") {
		name += ".gguf" // readers find models by this ending
	}
	return &modelFile{ape.Member{Name: name, Size: info.Size(), Data: f}, f}, nil
}

func (m *modelFile) Close() error { return m.file.Close() }

func checkGGUF(path string) error {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return withHint(err, "check the path of the model")
	}
	if err != nil {
		return err
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return withHint(fmt.Errorf("%s: the file is empty", path), "the download or copy may have failed")
	}
	b, err := bundle.Open(path)
	if errors.Is(err, bundle.ErrNotBundle) {
		return withHint(err, "--model wants a GGUF file; convert other formats with llama.cpp's convert_hf_to_gguf.py")
	}
	if err != nil {
		return err
	}
	defer b.Close()
	if models := b.Models(); len(models) != 1 || models[0] != path {
		return withHint(fmt.Errorf("%s is an archive, not a GGUF file", path), "use --from to start from another llamafile")
	}
	data, release, err := b.Load("")
	if err != nil {
		return err
	}
	defer release()
	if _, err := gguf.Parse(data); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	return nil
}

// keepInputs is an error when writing output would replace one of the files it is made from, --force or not:
// a model may be the only copy. Inputs may be empty (flags not given).
func keepInputs(output string, inputs ...string) error {
	to, err := os.Stat(output)
	if err != nil {
		return nil // nothing there to replace
	}
	for _, path := range inputs {
		if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
			return withHint(fmt.Errorf("%s: the output would replace its own input %s", output, path), "choose another name with -o")
		}
	}
	return nil
}
