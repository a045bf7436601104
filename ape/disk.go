package ape

import (
	"crypto/sha256"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/disk"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

// NewDisk returns a disk without partitions whose GUID follows from the manifest.
func NewDisk(manifest []byte) *disk.Disk { return disk.New(identity(manifest)) }

// AddFixed adds the partitions that never move: those of stage 2 and of an EFI System
// Partition of esp bytes.
func AddFixed(d *disk.Disk, faces format.Faces, esp int64) {
	if faces.BIOS {
		d.Add(gpt.TypeBIOSBoot, format.OffStage2, format.HeadSize, "llamaboot stage 2")
	}
	if faces.UEFI {
		d.Add(gpt.TypeESP, format.OffESP, format.OffESP+esp, "EFI system")
	}
}

// identity is the hash all derived numbers of the file come from.
func identity(manifest []byte) [sha256.Size]byte {
	return sha256.Sum256(append([]byte("llamaboot identity\x00"), manifest...))
}

// SetWeights makes the weights partition of d span the models among members.
func SetWeights(d *disk.Disk, members []zipalign.Member) {
	d.Remove(format.TypeWeights)
	if start, end := weightsSpan(members); end > 0 {
		d.Add(format.TypeWeights, start, end, "llamaboot weights")
	}
}

// weightsSpan returns where the first model starts and the last one ends, zeros if
// there is none.
func weightsSpan(members []zipalign.Member) (start, end int64) {
	for i := range members {
		if m := &members[i]; format.IsModel(m.Name) && m.Method == zipalign.Store && m.Offset%format.Page == 0 {
			if end == 0 || m.Offset < start {
				start = m.Offset
			}
			end = max(end, m.End())
		}
	}
	return start, end
}

// ReadDisk reads the primary table for 512-byte sectors of a llamafile.
func ReadDisk(r io.ReaderAt) (*disk.Disk, error) {
	d, t, err := disk.Read(r, format.Sector)
	if err != nil {
		return nil, err
	}
	if t.Array != format.OffArray512/format.Sector || t.Count != gpt.Entries || t.Size != gpt.EntrySize {
		return nil, fmt.Errorf("%w: partition array of %d entries of %d bytes at LBA %d, want %d of %d at %d (was the disk repartitioned?)",
			format.ErrFormat, t.Count, t.Size, t.Array, gpt.Entries, gpt.EntrySize, format.OffArray512/format.Sector)
	}
	return d, nil
}
