package edit

import (
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/zipalign"
)

// acceptESP makes sealing accept an EFI System Partition its owner changed: the member's
// checksum and the records follow the bytes.
func (e *edit) acceptESP(m *zipalign.Member) error {
	sums, err := e.f.SumStored(m)
	if err != nil || sums.CRC32 == m.CRC32 {
		return err
	}
	if _, e.esp, err = e.f.EditedESP(); err != nil {
		return err
	}
	m.CRC32 = sums.CRC32
	e.record(ape.NewRecord(&ape.Member{Name: m.Name, Size: m.Size}, sums))
	return nil
}
