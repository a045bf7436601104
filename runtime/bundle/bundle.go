// Package bundle opens what a llamafile carries: the ZIP members behind the program, wherever the file lies.
//
// It reads through an io.ReaderAt and a size, so that the same code serves a file under an OS and the boot disk on
// bare metal. The formats are those of packages zipalign (the archive), ape/format (names, limits, manifest) and
// image/fat32 (the settings). An archive that another tool wrote, or with damage to members nobody asks for, is
// accepted; refused are archives that end early, and deflated weights, because weights are used in place.
package bundle

import (
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/zipalign"
)

// ZipPrefix marks a name as a member of the llamafile, as in llamafile's `-m /zip/model.gguf`.
const ZipPrefix = "/zip/"

var (
	// ErrNotBundle reports that a file is neither a ZIP archive nor a GGUF model.
	ErrNotBundle = errors.New("no ZIP archive and no GGUF model")
	// ErrTruncated reports that a llamafile has lost its end.
	ErrTruncated = errors.New("file ends too early")
	// ErrNoMember reports that the archive does not hold a name.
	ErrNoMember = zipalign.ErrNotFound
	// ErrNoModel reports that the archive holds no .gguf member.
	ErrNoModel = errors.New("no .gguf member")
	// ErrCompressed reports that a model is deflated and cannot be used in place.
	ErrCompressed = errors.New("member is compressed")
)

// LoadFunc makes n bytes at offset off addressable: by mapping a file, by reading a disk into RAM.
// crc is the CRC-32 (IEEE) the archive promises for them, nil when nothing is promised; a function that touches all
// bytes anyway compares it, mapping a file does not. The caller calls release once it needs the bytes no more.
type LoadFunc func(name string, off, n int64, crc *uint32) (data []byte, release func() error, err error)

// File is one open llamafile or GGUF model.
type File struct {
	name    string
	size    int64
	r       io.ReaderAt
	load    LoadFunc
	archive *zipalign.Reader // nil: a bare GGUF
	closer  io.Closer
}

// New reads the archive's directory from r, which holds size bytes; name is for messages.
// A GGUF model in place of an archive is accepted as well.
func New(name string, r io.ReaderAt, size int64, load LoadFunc) (*File, error) {
	f := &File{name: name, size: size, r: r, load: load}
	magic := make([]byte, min(size, int64(len(gguf.Magic))))
	if _, err := r.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if string(magic) == gguf.Magic {
		return f, nil
	}
	archive, err := zipalign.OpenDirectory(r, size)
	if errors.Is(err, zipalign.ErrFormat) {
		switch whole := format.WholeSize(r); {
		case whole > size:
			return nil, fmt.Errorf("%s: %w: %d of the llamafile's %d bytes are there; the download or copy may be incomplete", name, ErrTruncated, size, whole)
		case whole > 0 && whole < size: // read back from a larger disk, or padded
			return New(name, r, whole, load)
		}
		return nil, fmt.Errorf("%s: %w (%d bytes, starts with %q)", name, ErrNotBundle, size, magic)
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", name, err)
	}
	f.archive = archive
	return f, nil
}

// Name is the name the file was opened by.
func (f *File) Name() string { return f.name }

// Close closes the underlying file. Loaded models stay valid until their own release.
func (f *File) Close() error {
	if f.closer == nil {
		return nil
	}
	return f.closer.Close()
}

// Args is the text of .args; ok is false when there is none.
func (f *File) Args() (text string, ok bool, err error) {
	text, err = f.Text(format.ArgsName)
	if errors.Is(err, ErrNoMember) {
		return "", false, nil
	}
	return text, err == nil, err
}

// Text reads one member as text, at most 1 MiB.
func (f *File) Text(name string) (string, error) {
	b, err := f.read(name, format.MaxText)
	return string(b), err
}

// read returns the contents of a member of at most limit bytes.
func (f *File) read(name string, limit int64) ([]byte, error) {
	if _, err := f.member(name); err != nil {
		return nil, err
	}
	b, err := f.archive.ReadFile(name, limit)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return b, nil
}

// Has reports whether the archive holds a member.
func (f *File) Has(name string) bool {
	_, err := f.member(name)
	return err == nil
}

// Models lists the names of the .gguf members in the archive's order; for a bare GGUF its own name.
func (f *File) Models() []string {
	if f.archive == nil {
		return []string{f.name}
	}
	var names []string
	for i := range f.archive.Members {
		if name := f.archive.Members[i].Name; format.IsModel(name) {
			names = append(names, name)
		}
	}
	return names
}

// Load makes the bytes of a model addressable: the member called name, or the first model when name is empty.
func (f *File) Load(name string) (data []byte, release func() error, err error) {
	if f.archive == nil {
		if name != "" && name != f.name {
			return nil, nil, fmt.Errorf("%s: %w: %s (the file is one GGUF model)", f.name, ErrNoMember, name)
		}
		return f.load(f.name, 0, f.size, nil)
	}
	if name == "" {
		models := f.Models()
		if len(models) == 0 {
			return nil, nil, fmt.Errorf("%s: %w", f.name, ErrNoModel)
		}
		name = models[0]
	}
	m, err := f.member(name)
	if err != nil {
		return nil, nil, err
	}
	if m.Method != zipalign.Store {
		return nil, nil, fmt.Errorf("%s: %s: %w (method %d), models must be stored: zip -0 adds one so", f.name, name, ErrCompressed, m.Method)
	}
	if err := f.archive.Locate(m); err != nil {
		return nil, nil, fmt.Errorf("%s: %w", f.name, err)
	}
	return f.load(name, m.Offset, m.Size, &m.CRC32)
}

func (f *File) member(name string) (*zipalign.Member, error) {
	if f.archive != nil {
		if m, err := f.archive.Find(name); err == nil {
			return m, nil
		}
	}
	return nil, fmt.Errorf("%s: %w: %s", f.name, ErrNoMember, name)
}
