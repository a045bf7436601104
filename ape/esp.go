package ape

import (
	"crypto/sha256"
	_ "embed"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/esp"
	"github.com/llamaboot/llamaboot/image/fat32"
	"github.com/llamaboot/llamaboot/stub"
	"github.com/llamaboot/llamaboot/zipalign"
)

// DefaultSettings is what llamaboot.cfg says unless its maker says otherwise: nothing but
// comments. Its lines end in CR LF for the sake of the plainest editors.
//
//go:embed llamaboot.cfg
var DefaultSettings []byte

// A bootVolume is the EFI System Partition of a new file.
type bootVolume struct {
	bytes         []byte
	efi           []byte // EFI/BOOT/BOOTX64.EFI, the core inside
	efiAt, coreAt int64  // offsets in the partition
}

// newESP makes the EFI System Partition. The place of the core does not depend on the
// settings.
func newESP(core, settings []byte) (*bootVolume, error) {
	efi, inEFI, err := stub.EFIImage(core)
	if err != nil {
		return nil, err
	}
	b, at, err := esp.New(esp.Options{Label: format.ESPLabel, Serial: format.ESPSerial, Start: format.OffESP}, []esp.File{
		{Path: format.BootPath, Data: efi},
		{Path: format.SettingsName, Short: format.SettingsShort, Data: settings},
	})
	if err != nil {
		return nil, err
	}
	return &bootVolume{bytes: b, efi: efi, efiAt: at[0], coreAt: at[0] + int64(inEFI)}, nil
}

// Settings returns the text of llamaboot.cfg as it is now, nil if the file has none.
func (f *File) Settings() ([]byte, error) {
	v, _, err := f.ESP()
	if v == nil || err != nil {
		return nil, err
	}
	b, err := v.ReadFile(format.SettingsName, format.MaxSettings)
	if errors.Is(err, fat32.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// ESP opens the EFI System Partition; nil if the file has none.
func (f *File) ESP() (*fat32.Volume, *zipalign.Member, error) {
	m, err := f.ZIP.Find(format.ESPName)
	if err != nil {
		return nil, nil, nil
	}
	if m.Method != zipalign.Store {
		return nil, nil, fmt.Errorf("%w: member %s is compressed and cannot boot", ErrDamaged, format.ESPName)
	}
	v, err := fat32.Open(io.NewSectionReader(f.r, m.Offset, m.Size), m.Size)
	if err != nil {
		return nil, nil, fmt.Errorf("%w: EFI System Partition at offset %#x: %w", ErrDamaged, m.Offset, err)
	}
	return v, m, nil
}

// EditedESP looks at a partition that is not as it was made: it tells what its owner
// changed, with the records of its files as they are now, or why it can no longer be trusted to boot.
func (f *File) EditedESP() (note string, files []format.RecordedFile, err error) {
	v, m, err := f.ESP()
	if err != nil {
		return "", nil, err
	}
	if v == nil || len(f.Manifest.ESP) == 0 {
		return "", nil, fmt.Errorf("%w: there is no record of the files on the EFI System Partition", ErrDamaged)
	}
	what := "its files are as they were, other bytes are not: another system wrote to the partition"
	for _, rec := range f.Manifest.ESP {
		b, err := v.ReadFile(rec.Path, max(rec.Size, format.MaxSettings))
		switch {
		case rec.Path == format.SettingsName && errors.Is(err, fat32.ErrNotFound):
			what = format.SettingsName + " was removed"
			continue
		case err != nil:
			return "", nil, fmt.Errorf("%w: EFI System Partition: %w", ErrDamaged, err)
		case rec.Path == format.SettingsName && rec != NewRecordedFile(rec.Path, b):
			what = format.SettingsName + " was edited"
			rec = NewRecordedFile(rec.Path, b)
		case rec != NewRecordedFile(rec.Path, b):
			return "", nil, fmt.Errorf("%w: EFI System Partition: %s is not the recorded one", ErrDamaged, rec.Path)
		}
		files = append(files, rec)
	}
	// BIOS and Linux find the core by its offset in the file, not through the volume.
	x, err := v.Extents(format.BootPath)
	if err != nil {
		return "", nil, err
	}
	for _, p := range f.Manifest.Programs {
		if at := p.Offset - m.Offset; p.Target == format.CoreTarget && (len(x) != 1 || at < x[0].Offset || at+p.Size > x[0].Offset+x[0].Size) {
			return "", nil, fmt.Errorf("%w: EFI System Partition: %s was moved to %v, its program must stay at %#x", ErrDamaged, format.BootPath, x, at)
		}
	}
	return what, files, nil
}

// SumStored returns the checksums of a stored member's bytes as they are now.
func (f *File) SumStored(m *zipalign.Member) (Checksums, error) {
	sha, crc := sha256.New(), crc32.NewIEEE()
	if _, err := io.Copy(io.MultiWriter(sha, crc), io.NewSectionReader(f.r, m.Offset, m.Size)); err != nil {
		return Checksums{}, fmt.Errorf("read %s: %w", m.Name, err)
	}
	return Checksums{crc.Sum32(), [sha256.Size]byte(sha.Sum(nil))}, nil
}
