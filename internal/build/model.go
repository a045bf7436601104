package build

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/bundle"
	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/runtime/model"
	"github.com/llamaboot/llamaboot/runtime/token"
)

// A Model is an open GGUF model whose structure was checked, ready to become a member of a llamafile. Its file was opened
// and parsed once: what was checked is what is run for its golden tokens and what is copied, even if another file takes
// the name meanwhile.
type Model struct {
	ape.Member
	note    string // what is wrong with its chat template
	mapped  []byte // the file; nil if the model is joined from several
	release []func() error
}

// Close releases the model's files; the member cannot be read any more.
func (m *Model) Close() error {
	var errs []error
	for _, f := range m.release {
		errs = append(errs, f())
	}
	return errors.Join(errs...)
}

// Open opens the GGUF file at path like OpenProjector and checks that the engine inside a llamafile knows its
// architecture, tensor types and tokenizer.
func Open(path string) (*Model, error) { return open(path, checkEngine) }

// OpenProjector opens the GGUF file at path and checks all of its structure: that every key is readable and every tensor
// lies within the file. A split model is given by its first part.
func OpenProjector(path string) (*Model, error) {
	return open(path, func(string, *gguf.File) error { return nil })
}

// checkEngine returns an error when the engine cannot run the model in f.
func checkEngine(path string, f *gguf.File) error {
	err := model.Check(f)
	if _, ok := f.Find("tokenizer.ggml.model"); ok && err == nil {
		_, err = token.New(f)
	}
	if err != nil {
		return cli.WithHint(fmt.Errorf("%s: %w", path, err), "a llamafile of this model would not run; choose another model, or quantise it to a supported type")
	}
	return nil
}

func open(path string, check func(string, *gguf.File) error) (*Model, error) {
	m := new(Model)
	err := m.open(path, check)
	if err != nil {
		m.Close()
		return nil, err
	}
	return m, nil
}

func (m *Model) open(path string, check func(string, *gguf.File) error) error {
	if name := splitName.FindStringSubmatch(path); name != nil {
		return m.openParts(name[1], name[2], name[3], check)
	}
	file, data, err := m.load(path)
	if err != nil {
		return err
	}
	parsed, err := gguf.Parse(data)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	if len(parsed.Tensors) == 0 {
		return cli.WithHint(fmt.Errorf("%s: no weights in it, a vocabulary alone", path), "llamaboot tokenize can use it; a llamafile needs the whole model")
	}
	if err := check(path, parsed); err != nil {
		return err
	}
	name := filepath.Base(path)
	if !strings.HasSuffix(strings.ToLower(name), ".gguf") {
		name += ".gguf" // readers find models by this ending
	}
	if m.note, err = templateNote(parsed); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	m.mapped = data
	m.Member = ape.Member{Name: name, Size: int64(len(data)), Data: file, Title: modelTitle(parsed)}
	return nil
}

// templateNote is why the chat template in f cannot be used; empty if it can, or if the engine does not know the tokenizer.
func templateNote(f *gguf.File) (string, error) {
	if _, ok := f.Find("tokenizer.chat_template"); !ok {
		return "", nil
	}
	tok, err := token.New(f)
	if err != nil {
		return "", nil
	}
	return engine.TemplateNote(f, tok)
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

// load opens and maps the GGUF file at path until m is closed.
func (m *Model) load(path string) (*os.File, []byte, error) {
	file, err := os.Open(path)
	if errors.Is(err, os.ErrNotExist) {
		return nil, nil, cli.WithHint(err, "check the path of the model")
	}
	if err != nil {
		return nil, nil, err
	}
	m.release = append(m.release, file.Close)
	if info, err := file.Stat(); err == nil && info.Mode().IsRegular() && info.Size() == 0 {
		return nil, nil, cli.WithHint(fmt.Errorf("%s: the file is empty", path), "the download or copy may have failed")
	}
	b, err := bundle.OpenFile(file)
	if errors.Is(err, bundle.ErrNotBundle) {
		return nil, nil, cli.WithHint(err, "--model wants a GGUF file; convert other formats with llama.cpp's convert_hf_to_gguf.py")
	}
	if err != nil {
		return nil, nil, err
	}
	if models := b.Models(); len(models) != 1 || models[0] != path {
		return nil, nil, cli.WithHint(fmt.Errorf("%s is an archive, not a GGUF file", path), "use --from to start from another llamafile")
	}
	data, unmap, err := b.Load("")
	if err != nil {
		return nil, nil, err
	}
	m.release = append(m.release, unmap)
	return file, data, nil
}

// contents returns the bytes of the model: as they are mapped, or joined.
func (m *Model) contents() ([]byte, error) {
	if m.mapped != nil {
		return m.mapped, nil
	}
	data := make([]byte, m.Size)
	if n, err := m.Data.ReadAt(data, 0); int64(n) < m.Size {
		return nil, fmt.Errorf("%s: read %d of %d bytes: %w", m.Name, n, m.Size, errors.Join(err, io.ErrUnexpectedEOF))
	}
	return data, nil
}
