// Package bundle opens what a llamafile carries: the ZIP members behind the program, wherever the file lies.
//
// It reads through an io.ReaderAt and a size, so that the same code serves a file under an OS and the boot disk on
// bare metal. The archive is read with archive/zip (PKWARE APPNOTE 6.3.10 as far as that package goes); weights must be
// stored, not deflated, because they are used in place.
package bundle

import (
	"archive/zip"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
)

// ArgsName is the member with the default arguments, one a line.
const ArgsName = ".args"

// ZipPrefix marks a name as a member of the llamafile, as in llamafile's `-m /zip/model.gguf`.
const ZipPrefix = "/zip/"

// maxText bounds the members that are read as text: .args, prompts.
const maxText = 1 << 20

// ggufMagic starts every GGUF file.
const ggufMagic = "GGUF"

var (
	// ErrNotBundle says that a file is neither a ZIP archive nor a GGUF model.
	ErrNotBundle = errors.New("no ZIP archive and no GGUF model")
	// ErrTruncated says that a llamafile has lost its end.
	ErrTruncated = errors.New("file ends too early")
	// ErrNoMember says that the archive does not hold a name.
	ErrNoMember = errors.New("no such member")
	// ErrNoModel says that the archive holds no .gguf member.
	ErrNoModel = errors.New("no .gguf member")
	// ErrCompressed says that a model is deflated and cannot be used in place.
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
	archive *zip.Reader // nil: a bare GGUF
	closer  io.Closer
}

// New reads the archive's directory from r, which holds size bytes; name is for messages.
// A GGUF model in place of an archive is accepted as well.
func New(name string, r io.ReaderAt, size int64, load LoadFunc) (*File, error) {
	f := &File{name: name, size: size, r: r, load: load}
	magic := make([]byte, min(size, int64(len(ggufMagic))))
	if _, err := r.ReadAt(magic, 0); err != nil && err != io.EOF {
		return nil, fmt.Errorf("bundle: read %s: %w", name, err)
	}
	if string(magic) == ggufMagic {
		return f, nil
	}
	archive, err := zip.NewReader(r, size)
	if errors.Is(err, zip.ErrFormat) {
		switch whole := wholeSize(r); {
		case whole > size:
			return nil, fmt.Errorf("bundle: %s: %w: %d of the llamafile's %d bytes are there; the download or copy may be incomplete", name, ErrTruncated, size, whole)
		case whole > 0 && whole < size: // read back from a larger disk, or padded
			return New(name, r, whole, load)
		}
		return nil, fmt.Errorf("bundle: %s: %w (%d bytes, starts with %q)", name, ErrNotBundle, size, magic)
	}
	// ErrInsecurePath only matters to extraction to a file system, which this package does not do.
	if err != nil && !errors.Is(err, zip.ErrInsecurePath) {
		return nil, fmt.Errorf("bundle: %s: %w", name, err)
	}
	f.archive = archive
	return f, nil
}

// Where a llamafile says how long it is: the GPT header in its second sector (UEFI 2.10 table 5-5).
const (
	sectorSize    = 512
	gptSignature  = "EFI PART"
	alternateAt   = 32 // the sector of the backup header, the last one; 8 bytes
	gptHeaderSize = 92
)

// wholeSize is the size in bytes of the llamafile that r starts with, 0 when it starts with none.
func wholeSize(r io.ReaderAt) int64 {
	var b [gptHeaderSize]byte
	if _, err := r.ReadAt(b[:], sectorSize); err != nil || string(b[:len(gptSignature)]) != gptSignature {
		return 0
	}
	last := binary.LittleEndian.Uint64(b[alternateAt:])
	if last >= 1<<54 { // sectors of a file that no system holds
		return 0
	}
	return int64(last+1) * sectorSize
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
	text, err = f.Text(ArgsName)
	if errors.Is(err, ErrNoMember) {
		return "", false, nil
	}
	return text, err == nil, err
}

// Text reads one member as text, at most 1 MiB.
func (f *File) Text(name string) (string, error) {
	m, err := f.member(name)
	if err != nil {
		return "", err
	}
	if m.UncompressedSize64 > maxText {
		return "", fmt.Errorf("bundle: %s: member %s has %d bytes, want at most %d", f.name, name, m.UncompressedSize64, maxText)
	}
	r, err := m.Open()
	if err != nil {
		return "", fmt.Errorf("bundle: %s: member %s: %w", f.name, name, err)
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, maxText+1)) // one more, to see the checksum
	if err != nil {
		return "", fmt.Errorf("bundle: %s: member %s: %w", f.name, name, err)
	}
	return string(b), nil
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
	for _, m := range f.archive.File {
		if strings.HasSuffix(strings.ToLower(m.Name), ".gguf") {
			names = append(names, m.Name)
		}
	}
	return names
}

// Load makes the bytes of a model addressable: the member called name, or the first model when name is empty.
func (f *File) Load(name string) (data []byte, release func() error, err error) {
	if f.archive == nil {
		if name != "" && name != f.name {
			return nil, nil, fmt.Errorf("bundle: %s: %w: %s (the file is one GGUF model)", f.name, ErrNoMember, name)
		}
		return f.load(f.name, 0, f.size, nil)
	}
	if name == "" {
		models := f.Models()
		if len(models) == 0 {
			return nil, nil, fmt.Errorf("bundle: %s: %w", f.name, ErrNoModel)
		}
		name = models[0]
	}
	m, err := f.member(name)
	if err != nil {
		return nil, nil, err
	}
	if m.Method != zip.Store {
		return nil, nil, fmt.Errorf("bundle: %s: %s: %w (method %d), models must be stored: zip -0 adds one so", f.name, name, ErrCompressed, m.Method)
	}
	off, err := m.DataOffset()
	if err != nil {
		return nil, nil, fmt.Errorf("bundle: %s: member %s: %w", f.name, name, err)
	}
	n := int64(m.UncompressedSize64)
	if n < 0 || off < 0 || n > f.size-off {
		return nil, nil, fmt.Errorf("bundle: %s: member %s: bytes %d to %d lie outside the file of %d bytes: it is truncated", f.name, name, off, uint64(off)+m.UncompressedSize64, f.size)
	}
	return f.load(name, off, n, &m.CRC32)
}

func (f *File) member(name string) (*zip.File, error) {
	if f.archive != nil {
		for _, m := range f.archive.File {
			if m.Name == name {
				return m, nil
			}
		}
	}
	return nil, fmt.Errorf("bundle: %s: %w: %s", f.name, ErrNoMember, name)
}
