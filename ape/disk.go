package ape

import (
	"crypto/sha256"
	"hash/crc32"

	"github.com/llamaboot/llamaboot/image/gpt"
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

// derivedGUID makes the GUID called tag of the file with the given identity.
func derivedGUID(identity [32]byte, tag string) gpt.GUID {
	h := sha256.Sum256(append(identity[:], tag...))
	return gpt.Derive([16]byte(h[:16]))
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
	if err := h.CheckArray(array); err != nil {
		return tables{}, err
	}
	t := tables{array: array, primary: h.Encode()}
	h.My, h.Alternate, h.Array = h.Alternate, h.My, uint64(backupArray/sector)
	t.backup = h.Encode()
	return t, nil
}
