package bundle

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/ape/format"
)

// Golden is what the model called name generated when the llamafile was made; nil when that was not recorded.
func (f *File) Golden(name string) (*format.Golden, error) {
	b, err := f.read(format.ManifestName, format.MaxManifest)
	if errors.Is(err, ErrNoMember) {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	m, err := format.DecodeManifest(b)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", f.name, err)
	}
	if r := m.Find(name); r != nil {
		return r.Golden, nil
	}
	return nil, nil
}

// Checksum is the CRC-32 (IEEE) the archive promises for a member; ok is false for a bare GGUF model.
func (f *File) Checksum(name string) (crc uint32, ok bool) {
	m, err := f.member(name)
	if err != nil {
		return 0, false
	}
	return m.CRC32, true
}
