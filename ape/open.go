package ape

import (
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/runtime/gguf"
	"github.com/llamaboot/llamaboot/zipalign"
)

// A File is an open llamafile or disk image made by this package.
type File struct {
	ZIP      *zipalign.Reader
	Manifest *format.Manifest

	r    io.ReaderAt
	size int64
}

// Open reads the directory and the manifest of the llamafile in the first size
// bytes of r.
func Open(r io.ReaderAt, size int64) (*File, error) {
	z, err := zipalign.Open(r, size)
	if err != nil {
		return nil, explain(err, r, size)
	}
	b, err := z.ReadFile(format.ManifestName, format.MaxManifest)
	if errors.Is(err, zipalign.ErrNotFound) {
		return nil, fmt.Errorf("%w: the archive has no member %s", format.ErrFormat, format.ManifestName)
	}
	if err != nil {
		return nil, err
	}
	m, err := format.DecodeManifest(b)
	if err != nil {
		return nil, err
	}
	return &File{ZIP: z, Manifest: m, r: r, size: size}, nil
}

// explain says of a file without an archive at its end what it is instead, as far as its start tells.
func explain(err error, r io.ReaderAt, size int64) error {
	magic := make([]byte, len(gguf.Magic))
	if n, _ := r.ReadAt(magic, 0); string(magic[:n]) == gguf.Magic {
		return ErrModel
	}
	switch whole := format.WholeSize(r); {
	case whole > size:
		return fmt.Errorf("%w: %d of %d bytes are there", ErrCut, size, whole)
	case whole > 0 && whole < size:
		return fmt.Errorf("%w: %d bytes behind the %d of the llamafile (llamaboot seal takes them off)", format.ErrFormat, size-whole, whole)
	}
	return err
}

// Size returns the file's size.
func (f *File) Size() int64 { return f.size }

// ReadAt reads the file's bytes (io.ReaderAt).
func (f *File) ReadAt(b []byte, off int64) (int, error) { return f.r.ReadAt(b, off) }

// Program reads the program for a target and checks its hash.
func (f *File) Program(target string) (*Program, error) {
	var have []string
	for _, rec := range f.Manifest.Programs {
		have = append(have, rec.Target)
		if rec.Target != target {
			continue
		}
		if rec.Offset < 0 || rec.Size < 0 || rec.Size > format.MaxProgram || rec.Offset > f.size-rec.Size {
			return nil, fmt.Errorf("%w: program %s: %d bytes at offset %#x, the file has %#x", format.ErrFormat, target, rec.Size, rec.Offset, f.size)
		}
		b := make([]byte, rec.Size)
		if _, err := f.r.ReadAt(b, rec.Offset); err != nil && err != io.EOF {
			return nil, fmt.Errorf("read program %s: %w", target, err)
		}
		if got := sha256.Sum256(b); hex.EncodeToString(got[:]) != rec.SHA256 {
			return nil, fmt.Errorf("%w: program %s at offset %#x: SHA-256 %x, the manifest says %s (the file is damaged: copy it again)", ErrProgram, target, rec.Offset, got, rec.SHA256)
		}
		os, arch, _ := strings.Cut(target, "/")
		return &Program{OS: os, Arch: arch, Data: b}, nil
	}
	return nil, fmt.Errorf("%w: the file has none for %s, only for: %s", ErrProgram, target, strings.Join(have, " "))
}

// Members returns the members that are not llamaboot's own (programs, disk
// structures, manifest, licence), for making another file of them.
func (f *File) Members() ([]Member, error) {
	var out []Member
	for i := range f.ZIP.Members {
		m := &f.ZIP.Members[i]
		if format.IsOwn(m.Name) || IsFolder(m) {
			continue
		}
		if m.Method == zipalign.Store {
			out = append(out, Member{Name: m.Name, Size: m.Size, Data: io.NewSectionReader(f.r, m.Offset, m.Size), Title: f.Title(m.Name), Golden: f.Golden(m.Name)})
			continue
		}
		b, err := f.ZIP.ReadFile(m.Name, format.MaxProgram)
		if err != nil {
			return nil, err
		}
		out = append(out, MemberOf(m.Name, b))
	}
	return out, nil
}

// Title is what the model called name calls itself, by the manifest.
func (f *File) Title(name string) string {
	if rec := f.Manifest.Find(name); rec != nil {
		return rec.Title
	}
	return ""
}

// Golden is what the manifest records for the self-test of a model, nil if nothing.
func (f *File) Golden(name string) *format.Golden {
	if rec := f.Manifest.Find(name); rec != nil {
		return rec.Golden
	}
	return nil
}

// IsFolder reports whether a member stands for a folder. Other tools record those;
// llamaboot does not, as extractors make them with their first file.
func IsFolder(m *zipalign.Member) bool { return strings.HasSuffix(m.Name, "/") && m.Size == 0 }

// Input returns what f is made of, for writing it anew by the present version.
func (f *File) Input() (Input, error) {
	in := Input{Faces: f.Manifest.Faces, PE: f.Manifest.PE, Version: strings.TrimPrefix(f.Manifest.Generator, Generator(""))}
	for _, rec := range f.Manifest.Programs {
		p, err := f.Program(rec.Target)
		if err != nil {
			return Input{}, err
		}
		in.Programs = append(in.Programs, *p)
	}
	licence, err := f.ZIP.ReadFile(format.LicenceName, format.MaxManifest)
	if err != nil && !errors.Is(err, zipalign.ErrNotFound) {
		return Input{}, err
	}
	in.Licence = string(licence)
	if in.Settings, err = f.Settings(); err != nil {
		return Input{}, err
	}
	in.Members, err = f.Members()
	return in, err
}
