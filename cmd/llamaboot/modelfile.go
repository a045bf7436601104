package main

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// maxParts bounds the files of one split model.
const maxParts = 1000

// A modelFile is an open GGUF model whose structure was checked.
type modelFile struct {
	ape.Member
	release []func() error
}

// Close releases the model's files; the member cannot be read any more.
func (m *modelFile) Close() error {
	var errs []error
	for _, f := range m.release {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// splitName matches the names of a split model's parts, as llama.cpp's gguf-split
// makes them.
var splitName = regexp.MustCompile(`^(.*)-(\d{5})-of-(\d{5})\.gguf$`)

// openModel opens the GGUF file at path like openGGUF and checks that the engine inside
// a llamafile knows its architecture, tensor types and tokenizer.
func openModel(path string) (*modelFile, error) { return openChecked(path, checkEngine) }

// openGGUF opens the GGUF file at path and checks all of its structure: that every
// key is readable and every tensor lies within the file. A split model is given by its
// first part.
func openGGUF(path string) (*modelFile, error) {
	return openChecked(path, func(string, *gguf.File) error { return nil })
}

// checkEngine is an error when the engine cannot run the model in f.
func checkEngine(path string, f *gguf.File) error {
	err := model.Check(f)
	if _, ok := f.Find("tokenizer.ggml.model"); ok && err == nil {
		_, err = token.New(f)
	}
	if err != nil {
		return withHint(fmt.Errorf("%s: %w", path, err), "a llamafile of this model would not run; choose another model, or quantise it to a supported type")
	}
	return nil
}

func openChecked(path string, check func(string, *gguf.File) error) (*modelFile, error) {
	if name := splitName.FindStringSubmatch(path); name != nil {
		return openParts(name[1], name[2], name[3], check)
	}
	m := new(modelFile)
	parsed, err := m.parse(path)
	if err == nil && len(parsed.Tensors) == 0 {
		err = withHint(fmt.Errorf("%s: no weights in it, a vocabulary alone", path), "llamaboot tokenize can use it; a llamafile needs the whole model")
	}
	if err == nil {
		err = check(path, parsed)
	}
	if err != nil {
		m.Close()
		return nil, err
	}
	title := modelTitle(parsed)
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	m.Close() // the mapping; the copy reads the file
	info, err := f.Stat()
	if err != nil {
		f.Close()
		return nil, err
	}
	name := filepath.Base(path)
	if !strings.HasSuffix(strings.ToLower(name), ".gguf") {
		name += ".gguf" // readers find models by this ending
	}
	return &modelFile{ape.Member{Name: name, Size: info.Size(), Data: f, Title: title}, []func() error{f.Close}}, nil
}

// maxTitle bounds what a model may call itself, in bytes.
const maxTitle = 200

// modelTitle is what the model calls itself in its metadata, empty if it does not.
func modelTitle(f *gguf.File) string {
	title, err := f.Text("general.name", "")
	if err != nil || len(title) > maxTitle || !utf8.ValidString(title) {
		return ""
	}
	return title
}

// parse maps the GGUF file at path and checks its structure. The mapping lives until m
// is closed.
func (m *modelFile) parse(path string) (*gguf.File, error) {
	info, err := os.Stat(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, withHint(err, "check the path of the model")
	}
	if err != nil {
		return nil, err
	}
	if info.Mode().IsRegular() && info.Size() == 0 {
		return nil, withHint(fmt.Errorf("%s: the file is empty", path), "the download or copy may have failed")
	}
	b, err := bundle.Open(path)
	if errors.Is(err, bundle.ErrNotBundle) {
		return nil, withHint(err, "--model wants a GGUF file; convert other formats with llama.cpp's convert_hf_to_gguf.py")
	}
	if err != nil {
		return nil, err
	}
	m.release = append(m.release, b.Close)
	if models := b.Models(); len(models) != 1 || models[0] != path {
		return nil, withHint(fmt.Errorf("%s is an archive, not a GGUF file", path), "use --from to start from another llamafile")
	}
	data, release, err := b.Load("")
	if err != nil {
		return nil, err
	}
	m.release = append(m.release, release)
	f, err := gguf.Parse(data)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return f, nil
}

// openParts opens all parts of a split model as one; no is the part that was named.
func openParts(base, no, of string, check func(string, *gguf.File) error) (*modelFile, error) {
	count, err := strconv.Atoi(of)
	if err != nil || count < 1 || count > maxParts {
		return nil, fmt.Errorf("%s-%s-of-%s.gguf: %s parts, want 1 to %d", base, no, of, of, maxParts)
	}
	if no != "00001" {
		return nil, withHint(usagef("%s-%s-of-%s.gguf is a later part of a split model", base, no, of), "give the first part, %s-00001-of-%s.gguf; the others are found by name", base, of)
	}
	m := new(modelFile)
	var parts []*gguf.File
	for i := range count {
		path := fmt.Sprintf("%s-%05d-of-%s.gguf", base, i+1, of)
		f, err := m.parse(path)
		if err == nil && i == 0 { // the metadata are in the first part
			err = check(path, f)
		}
		if err != nil {
			m.Close()
			return nil, err
		}
		parts = append(parts, f)
	}
	var segments [][]byte
	w, err := gguf.Join(parts)
	if err == nil {
		segments, err = w.Segments()
	}
	if err != nil {
		m.Close()
		return nil, fmt.Errorf("%s-*-of-%s.gguf: %w", base, of, err)
	}
	data := newPieces(segments)
	m.Member = ape.Member{Name: filepath.Base(base) + ".gguf", Size: data.size, Data: data, Title: modelTitle(parts[0])}
	return m, nil
}
