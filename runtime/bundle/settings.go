package bundle

import (
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/fat32"
	"github.com/llamaboot/llamaboot/zipalign"
)

// Settings returns the text of llamaboot.cfg on the EFI System Partition of the llamafile; ok is false when there is
// none. The owner may have edited it on any computer: the partition is read as it is now, whatever its checksum.
func (f *File) Settings() (text []byte, ok bool, err error) {
	m, err := f.member(format.ESPName)
	if err != nil { // an image for BIOS machines only, or a bare model
		return nil, false, nil
	}
	if m.Method != zipalign.Store {
		return nil, false, fmt.Errorf("%s: %s: %w (method %d), it cannot be read in place", f.name, format.ESPName, ErrCompressed, m.Method)
	}
	err = f.archive.Locate(m)
	var v *fat32.Volume
	if err == nil {
		v, err = fat32.Open(io.NewSectionReader(f.r, m.Offset, m.Size), m.Size)
	}
	if err == nil {
		text, err = v.ReadFile(format.SettingsName, format.MaxSettings)
	}
	if errors.Is(err, fat32.ErrNotFound) {
		return nil, false, nil
	}
	if err != nil {
		return nil, false, fmt.Errorf("%s: %s on %s: %w", f.name, format.SettingsName, format.ESPName, err)
	}
	return text, true, nil
}
