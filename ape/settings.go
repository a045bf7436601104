package ape

import (
	"bytes"
	"crypto/sha256"
	_ "embed"
	"encoding/hex"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/fat32"
	"github.com/llamaboot/llamaboot/stub"
	"github.com/llamaboot/llamaboot/zipalign"
)

// DefaultSettings is what llamaboot.cfg says unless its maker says otherwise: nothing but
// comments. Its lines end in CR LF for the sake of the plainest editors.
//
//go:embed llamaboot.cfg
var DefaultSettings []byte

// newESP returns the EFI System Partition with the core inside BOOTX64.EFI and the
// settings, the bytes of BOOTX64.EFI, and the offsets of both in the partition. The
// place of the core does not depend on the settings.
func newESP(core, settings []byte) (volume, efi []byte, efiAt, coreAt int64, err error) {
	efi, inEFI, err := stub.EFIImage(core)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	files := []fat32.File{
		{Path: format.BootPath, Size: int64(len(efi))},
		{Path: format.SettingsName, Size: int64(len(settings)), Short: format.SettingsShort},
	}
	esp, err := fat32.New(fat32.Options{Label: espLabel, Serial: espSerial, HiddenSectors: offESP / fat32.SectorSize}, files)
	if err != nil {
		return nil, nil, 0, 0, err
	}
	b := make(memory, esp.Size())
	if err := esp.WriteMetadata(b, 0); err != nil {
		return nil, nil, 0, 0, err
	}
	efiAt, _ = esp.Offset(format.BootPath)
	settingsAt, _ := esp.Offset(format.SettingsName)
	copy(b[efiAt:], efi)
	copy(b[settingsAt:], settings)
	return b, efi, efiAt, efiAt + int64(inEFI), nil
}

// Settings returns the text of llamaboot.cfg as it is now, nil if the file has none.
func (f *File) Settings() ([]byte, error) {
	v, _, err := f.openESP()
	if v == nil || err != nil {
		return nil, err
	}
	b, err := v.ReadFile(format.SettingsName, format.MaxSettings)
	if errors.Is(err, fat32.ErrNotFound) {
		return nil, nil
	}
	return b, err
}

// openESP opens the EFI System Partition; nil if the file has none.
func (f *File) openESP() (*fat32.Volume, *zipalign.Member, error) {
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

// editedESP looks at a partition that is not as it was made: it says what its owner
// changed, or why it can no longer be trusted to boot.
func (f *File) editedESP() (note string, files []format.RecordedFile, err error) {
	v, m, err := f.openESP()
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
		case rec.Path == format.SettingsName && rec != newRecordedFile(rec.Path, b):
			what = format.SettingsName + " was edited"
			rec = newRecordedFile(rec.Path, b)
		case rec != newRecordedFile(rec.Path, b):
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

// checkESP compares the EFI System Partition with what was recorded; the note says what
// its owner changed. want, if not nil, is how this version makes the partition: it tells
// the first wrong byte of a damaged one.
func (f *File) checkESP(want []byte) (note string, err error) {
	m, err := f.ZIP.Find(format.ESPName)
	if err != nil {
		return "", nil
	}
	sums, err := f.sumRaw(m)
	if err != nil {
		return "", err
	}
	if rec := f.Manifest.Find(format.ESPName); rec != nil && rec.SHA256 == hex.EncodeToString(sums.sha256[:]) {
		return "", nil
	}
	if err = f.compare(m.Offset, want); err == nil {
		err = fmt.Errorf("%w: the EFI System Partition is not the recorded one", ErrDamaged)
	}
	note, _, editErr := f.editedESP()
	if editErr == nil && want != nil {
		editErr = f.checkBootSector(m, want)
	}
	if editErr != nil {
		return "", fmt.Errorf("%w (%w)", err, editErr)
	}
	return note + fmt.Sprintf(" (ZIP tools report %s until llamaboot seal records it)", format.ESPName), nil
}

// checkBootSector compares the volume's first sector, but for the flags in which systems
// note that a volume is mounted.
func (f *File) checkBootSector(m *zipalign.Member, want []byte) error {
	const flags = fat32.OffMountFlags
	if err := f.compare(m.Offset, want[:flags]); err != nil {
		return err
	}
	return f.compare(m.Offset+flags+1, want[flags+1:fat32.SectorSize])
}

// sumRaw returns the checksums of a stored member's bytes as they are now.
func (f *File) sumRaw(m *zipalign.Member) (checksums, error) {
	sha, crc := sha256.New(), crc32.NewIEEE()
	if _, err := io.Copy(io.MultiWriter(sha, crc), io.NewSectionReader(f.r, m.Offset, m.Size)); err != nil {
		return checksums{}, fmt.Errorf("ape: read %s: %w", m.Name, err)
	}
	return checksums{crc.Sum32(), [sha256.Size]byte(sha.Sum(nil))}, nil
}

// acceptESP makes sealing accept an EFI System Partition its owner changed: the member's
// checksum and the records follow the bytes.
func (e *edit) acceptESP(m *zipalign.Member) error {
	sums, err := e.f.sumRaw(m)
	if err != nil || sums.crc32 == m.CRC32 {
		return err
	}
	if _, e.esp, err = e.f.editedESP(); err != nil {
		return err
	}
	m.CRC32 = sums.crc32
	e.record(newRecordedMember(&Member{Name: m.Name, Size: m.Size}, sums))
	return nil
}

// seeSettings lists the settings that count: the lines of llamaboot.cfg without comments.
func (f *File) seeSettings() ([]string, error) {
	text, err := f.Settings()
	if err != nil || text == nil {
		return nil, err
	}
	if bytes.HasPrefix(text, []byte("\xff\xfe")) || bytes.HasPrefix(text, []byte("\xfe\xff")) {
		return []string{fmt.Sprintf("%d bytes of UTF-16, which counts but is not shown; save it as UTF-8 to see it here", len(text))}, nil
	}
	text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
	lines := slices.DeleteFunc(strings.FieldsFunc(string(text), func(r rune) bool { return r == '\r' || r == '\n' }), func(line string) bool {
		line = strings.TrimSpace(line)
		return line == "" || line[0] == '#' || line[0] == ';'
	})
	return append([]string{fmt.Sprintf("%d bytes, %d lines that count", len(text), len(lines))}, lines...), nil
}
