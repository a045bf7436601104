package ape

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"hash/crc32"
	"io"
	"slices"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/zipalign"
)

// A partition in bytes of the file, end exclusive.
type partition struct {
	kind, id   gpt.GUID
	start, end int64
	name       string
}

// A disk is what both partition tables say.
type disk struct {
	guid  gpt.GUID
	parts []partition
}

// derivedGUID makes the GUID called tag of what the hash identifies.
func derivedGUID(identity []byte, tag string) gpt.GUID {
	h := sha256.Sum256(append(bytes.Clone(identity), tag...))
	return gpt.Derive([16]byte(h[:16]))
}

// newDisk returns a disk without partitions for a file of the given identity.
func newDisk(identity [sha256.Size]byte) *disk {
	return &disk{guid: derivedGUID(identity[:], "disk")}
}

// add appends a partition; its own GUID follows from the disk's and its name.
func (d *disk) add(kind gpt.GUID, start, end int64, name string) {
	d.parts = append(d.parts, partition{kind, derivedGUID(d.guid[:], name), start, end, name})
}

// addFixed appends the partitions that never move: those of stage 2 and of an EFI
// System Partition of esp bytes.
func (d *disk) addFixed(faces format.Faces, esp int64) {
	if faces.BIOS {
		d.add(gpt.TypeBIOSBoot, offStage2, headSize, "llamaboot stage 2")
	}
	if faces.UEFI {
		d.add(gpt.TypeESP, offESP, offESP+esp, "EFI system")
	}
}

// setWeights makes the weights partition span the models among members.
func (d *disk) setWeights(members []zipalign.Member) {
	d.parts = slices.DeleteFunc(d.parts, func(p partition) bool { return p.kind == format.TypeWeights })
	if start, end := weightsSpan(members); end > 0 {
		d.add(format.TypeWeights, start, end, "llamaboot weights")
	}
}

// weightsSpan returns where the first model starts and the last one ends, zeros if
// there is none.
func weightsSpan(members []zipalign.Member) (start, end int64) {
	for i := range members {
		if m := &members[i]; format.IsModel(m.Name) && m.Method == zipalign.Store && m.Offset%diskPage == 0 {
			if end == 0 || m.Offset < start {
				start = m.Offset
			}
			end = max(end, m.End())
		}
	}
	return start, end
}

// readDisk reads the primary table for 512-byte sectors of a llamafile.
func readDisk(r io.ReaderAt) (*disk, error) {
	t, err := gpt.Read(r, 512, 1)
	if err != nil {
		return nil, err
	}
	if t.Array != offArray512/512 || t.Count != gpt.Entries || t.Size != gpt.EntrySize {
		return nil, fmt.Errorf("%w: partition array of %d entries of %d bytes at LBA %d, want %d of %d at %d (was the disk repartitioned?)",
			format.ErrFormat, t.Count, t.Size, t.Array, gpt.Entries, gpt.EntrySize, offArray512/512)
	}
	if err := t.Check(); err != nil {
		return nil, err
	}
	d := &disk{guid: t.Disk}
	for _, p := range t.Partitions {
		d.parts = append(d.parts, partition{p.Type, p.ID, int64(p.First) * 512, int64(p.Last+1) * 512, p.Name})
	}
	return d, nil
}

// tables is the encoded partition table for one sector size.
type tables struct {
	array, primary, backup []byte
}

// encode returns the table for the given sector size of a file of total bytes
// whose backup arrays start at offset backups.
func (d *disk) encode(sector, total, backups int64) (tables, error) {
	var parts []gpt.Partition
	for _, p := range d.parts {
		if p.kind == gpt.TypeBIOSBoot && sector != 512 {
			continue // no BIOS starts from 4096-byte sectors
		}
		parts = append(parts, gpt.Partition{
			Type: p.kind, ID: p.id, Name: p.name,
			First: uint64(p.start / sector),
			Last:  uint64(alignUp(p.end, sector)/sector - 1),
		})
	}
	array, err := gpt.EncodeArray(parts)
	if err != nil {
		return tables{}, err
	}
	primaryArray, backupArray := int64(offArray512), backups
	if sector != 512 {
		primaryArray, backupArray = offArray4096, backups+gpt.ArraySize
	}
	h := gpt.Header{
		My:          1,
		Alternate:   uint64(total/sector - 1),
		FirstUsable: uint64(offStage2 / sector),
		// Firmware that mends a table writes the backup array behind LastUsable.
		LastUsable: uint64(backups/sector - 1),
		Disk:       d.guid,
		Array:      uint64(primaryArray / sector),
		ArrayCRC:   crc32.ChecksumIEEE(array),
	}
	if err := (&gpt.Table{Header: h, Partitions: parts}).Check(); err != nil {
		return tables{}, err
	}
	t := tables{array: array, primary: h.Encode()}
	h.My, h.Alternate, h.Array = h.Alternate, h.My, uint64(backupArray/sector)
	t.backup = h.Encode()
	return t, nil
}
