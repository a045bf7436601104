// Package disk holds the partitions of a disk image in bytes and writes them as GUID
// partition tables for several sector sizes at once, so that one image serves disks of
// either kind.
//
// Implements UEFI Specification 2.10, section 5.3, by way of package gpt. All GUIDs are
// derived: the same identity and names give the same bytes.
//
// Not supported: partitions that overlap or start between sectors, moving a partition.
package disk

import (
	"bytes"
	"crypto/sha256"
	"hash/crc32"
	"io"
	"slices"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// A Partition is a stretch of the image, End exclusive.
type Partition struct {
	Type, ID   gpt.GUID
	Start, End int64
	Name       string
}

// A Disk is what the partition tables of an image say, whatever the sector size.
type Disk struct {
	GUID  gpt.GUID
	Parts []Partition
}

// derived makes the GUID called tag of what identity identifies.
func derived(identity []byte, tag string) gpt.GUID {
	h := sha256.Sum256(append(bytes.Clone(identity), tag...))
	return gpt.Derive([16]byte(h[:16]))
}

// New returns a disk without partitions whose GUID follows from identity.
func New(identity [sha256.Size]byte) *Disk { return &Disk{GUID: derived(identity[:], "disk")} }

// Add appends a partition; its own GUID follows from the disk's and its name.
func (d *Disk) Add(kind gpt.GUID, start, end int64, name string) {
	d.Parts = append(d.Parts, Partition{kind, derived(d.GUID[:], name), start, end, name})
}

// Remove takes away the partitions of a type.
func (d *Disk) Remove(kind gpt.GUID) {
	d.Parts = slices.DeleteFunc(d.Parts, func(p Partition) bool { return p.Type == kind })
}

// Clone returns a copy that shares nothing with d.
func (d *Disk) Clone() *Disk { return &Disk{d.GUID, slices.Clone(d.Parts)} }

// Read reads and checks the primary table of an image for sectors of the given size. The
// table is returned as well, for what it says of itself.
func Read(r io.ReaderAt, sector int64) (*Disk, *gpt.Table, error) {
	t, err := gpt.Read(r, sector, 1)
	if err != nil {
		return nil, nil, err
	}
	if err := t.Check(); err != nil {
		return nil, nil, err
	}
	d := &Disk{GUID: t.Disk}
	for _, p := range t.Partitions {
		d.Parts = append(d.Parts, Partition{p.Type, p.ID, int64(p.First) * sector, int64(p.Last+1) * sector, p.Name})
	}
	return d, t, nil
}

// Places are offsets in the image, in bytes.
type Places struct {
	Total       int64 // size of the image; the backup header lies in its last sector
	Array       int64 // entry array of the primary table
	Backup      int64 // entry array of the backup table
	FirstUsable int64
	EndUsable   int64 // exclusive
}

// Tables are the encoded records for one sector size: the entry array, which both tables
// share, and the headers.
type Tables struct {
	Array, Primary, Backup []byte
}

// Encode returns the tables for sectors of the given size. The last sector of a partition
// may reach beyond its end. A BIOS boot partition is in the table for 512-byte sectors
// only: no BIOS starts from others.
func (d *Disk) Encode(sector int64, at Places) (Tables, error) {
	var parts []gpt.Partition
	for _, p := range d.Parts {
		if p.Type == gpt.TypeBIOSBoot && sector != 512 {
			continue
		}
		parts = append(parts, gpt.Partition{
			Type: p.Type, ID: p.ID, Name: p.Name,
			First: uint64(p.Start / sector),
			Last:  uint64((p.End+sector-1)/sector - 1),
		})
	}
	array, err := gpt.EncodeArray(parts)
	if err != nil {
		return Tables{}, err
	}
	h := gpt.Header{
		My:          1,
		Alternate:   uint64(at.Total/sector - 1),
		FirstUsable: uint64(at.FirstUsable / sector),
		LastUsable:  uint64(at.EndUsable/sector - 1),
		Disk:        d.GUID,
		Array:       uint64(at.Array / sector),
		ArrayCRC:    crc32.ChecksumIEEE(array),
	}
	if err := (&gpt.Table{Header: h, Partitions: parts}).Check(); err != nil {
		return Tables{}, err
	}
	t := Tables{Array: array, Primary: h.Encode()}
	h.My, h.Alternate, h.Array = h.Alternate, h.My, uint64(at.Backup/sector)
	t.Backup = h.Encode()
	return t, nil
}
