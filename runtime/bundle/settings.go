package bundle

import (
	"archive/zip"
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/runtime/fatfs"
)

// Names of the EFI System Partition among the members, and of the settings on it.
const (
	ESPName      = "boot/esp.img"
	SettingsName = "llamaboot.cfg"
)

// maxSettings bounds llamaboot.cfg; it is a page of text.
const maxSettings = 64 << 10

// Settings returns the text of llamaboot.cfg on the EFI System Partition of the llamafile; ok is false when there is
// none. The owner may have edited it on any computer: the partition is read as it is now, whatever its checksum.
func (f *File) Settings() (text []byte, ok bool, err error) {
	m, err := f.member(ESPName)
	if err != nil { // an image for BIOS machines only, or a bare model
		return nil, false, nil
	}
	off, err := m.DataOffset()
	if err != nil || m.Method != zip.Store {
		return nil, false, fmt.Errorf("bundle: %s: member %s cannot be read in place: method %d, %w", f.name, ESPName, m.Method, err)
	}
	size := int64(m.UncompressedSize64)
	if size < 0 || off > f.size-size {
		return nil, false, fmt.Errorf("bundle: %s: member %s: %d bytes at %d lie outside the file of %d bytes", f.name, ESPName, size, off, f.size)
	}
	v, err := fatfs.Open(io.NewSectionReader(f.r, off, size), size)
	if err == nil {
		text, err = v.ReadFile(SettingsName, maxSettings)
	}
	if errors.Is(err, fatfs.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("bundle: %s: %s on %s: %w", f.name, SettingsName, ESPName, err)
	}
	return text, true, nil
}
