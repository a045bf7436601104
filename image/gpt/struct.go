// Package gpt reads and writes GUID partition tables.
//
// Implements UEFI Specification 2.10, chapter 5 (GPT disk layout): headers and entry
// arrays for any sector size, and GUIDs (appendix A). Read refuses tables whose
// signature, revision, checksums, sizes or places are wrong; Check, as firmware does,
// partitions that overlap or leave the usable sectors.
//
// Not supported: entries that are not of 128 bytes on writing, more than 1024 entries,
// repairing one copy from the other.
//
// It is hand-written because a llamafile carries two tables (512- and 4096-byte
// sectors) with entry arrays at places of its own choosing, which the partition/gpt
// package of go-diskfs cannot express; that package reads ours in the tests.
package gpt

import "errors"

// Sizes of the records, UEFI 5.3.2 and 5.3.3.
const (
	HeaderSize = 92
	EntrySize  = 128
	// Entries is the array's length every tool expects (5.3.1: at least 16 KiB).
	Entries   = 128
	ArraySize = Entries * EntrySize

	nameUnits = 36
)

// Limits of what is read: entries and their size (a power of two times 128, 5.3.2), and
// the bytes of a disk, so that every offset fits 64 bits.
const (
	maxEntries   = 1024
	maxEntrySize = 4096
	maxDisk      = 1 << 62
)

const (
	signature = "EFI PART"
	revision  = 0x00010000
)

// Offsets in a header (table 5-5).
const (
	offRevision    = 0x08
	offHeaderSize  = 0x0c
	offHeaderCRC   = 0x10
	offMy          = 0x18
	offAlternate   = 0x20
	offFirstUsable = 0x28
	offLastUsable  = 0x30
	offDisk        = 0x38
	offArray       = 0x48
	offCount       = 0x50
	offSize        = 0x54
	offArrayCRC    = 0x58
)

// Offsets in an entry (table 5-6).
const (
	offType       = 0x00
	offID         = 0x10
	offFirst      = 0x20
	offLast       = 0x28
	offAttributes = 0x30
	offName       = 0x38
)

// Errors for errors.Is.
var (
	ErrHeader = errors.New("invalid header of a partition table")
	ErrArray  = errors.New("invalid partition array")
)

// A Partition is one entry; First and Last are inclusive LBAs.
type Partition struct {
	Type, ID    GUID
	First, Last uint64
	Attributes  uint64
	Name        string
}

// A Header is one of the two headers of a table (5.3.2).
type Header struct {
	My, Alternate           uint64 // LBA of this header and of the other one
	FirstUsable, LastUsable uint64
	Disk                    GUID
	Array                   uint64 // LBA of the entry array
	ArrayCRC                uint32
	Count, Size             uint32 // entries in the array, bytes of each
}

// DiskSize returns the bytes of the disk whose sectors have the given size: its last
// sector holds the backup header.
func (h *Header) DiskSize(sector int64) int64 { return int64(max(h.My, h.Alternate)+1) * sector }

// A Table is one of the two copies of a partition table.
type Table struct {
	Header
	Partitions []Partition // the used entries
}

// HasType reports whether there is a partition of type g.
func (t *Table) HasType(g GUID) bool {
	for i := range t.Partitions {
		if t.Partitions[i].Type == g {
			return true
		}
	}
	return false
}

// HasID reports whether there is a partition whose own GUID is g.
func (t *Table) HasID(g GUID) bool {
	for i := range t.Partitions {
		if t.Partitions[i].ID == g {
			return true
		}
	}
	return false
}
