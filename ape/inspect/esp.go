package inspect

import (
	"bytes"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/image/fat32"
	"github.com/llamaboot/llamaboot/zipalign"

	"github.com/llamaboot/llamaboot/ape/format"
)

// checkESP compares the EFI System Partition with what was recorded; the note says what
// its owner changed. want, if not nil, is how this version makes the partition: it tells
// the first wrong byte of a damaged one.
func (f inspected) checkESP(want []byte) (note string, err error) {
	m, err := f.ZIP.Find(format.ESPName)
	if err != nil {
		return "", nil
	}
	sums, err := f.SumStored(m)
	if err != nil {
		return "", err
	}
	if rec := f.Manifest.Find(format.ESPName); rec != nil && rec.SHA256 == hex.EncodeToString(sums.SHA256[:]) {
		return "", nil
	}
	if err = f.compare(m.Offset, want); err == nil {
		err = fmt.Errorf("%w: the EFI System Partition is not the recorded one", ape.ErrDamaged)
	}
	note, _, editErr := f.EditedESP()
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
func (f inspected) checkBootSector(m *zipalign.Member, want []byte) error {
	const flags = fat32.OffMountFlags
	if err := f.compare(m.Offset, want[:flags]); err != nil {
		return err
	}
	return f.compare(m.Offset+flags+1, want[flags+1:fat32.SectorSize])
}

// seeSettings lists the settings that count: the lines of llamaboot.cfg without comments.
func (f inspected) seeSettings() ([]string, error) {
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
