// Package mbr writes the part of sector 0 that a GPT disk needs: the protective
// partition, the disk signature and the boot signature.
//
// Implements UEFI Specification 2.10, section 5.2 (legacy and protective MBR). The rest
// of the sector, boot code among it, is left alone. Not supported: real partitions.
package mbr

import "encoding/binary"

// Places in sector 0 (table 5-1).
const (
	OffSignature = 0x1b8 // of the disk; what lies before is free for boot code
	OffTable     = 0x1be
	EntrySize    = 16
	offBoot      = 0x1fe

	BootSignature = 0xaa55
	sectorSize    = 512
)

// Offsets in an entry (table 5-2).
const (
	offActive   = 0
	offFirstCHS = 1
	offType     = 4
	offLastCHS  = 5
	offFirst    = 8
	offCount    = 12
)

// PutSignatures writes the four bytes by which systems tell disks apart, and the mark
// that BIOS and tools look for.
func PutSignatures(sector []byte, disk [4]byte) {
	copy(sector[OffSignature:], disk[:])
	binary.LittleEndian.PutUint16(sector[offBoot:], BootSignature)
}

// Signature returns the boot signature of a sector.
func Signature(sector []byte) uint16 { return binary.LittleEndian.Uint16(sector[offBoot:]) }

// PutProtective writes the first entry for a disk of total bytes: one partition of type
// 0xEE over the whole disk from LBA 1 on, inactive (5.2.3).
func PutProtective(sector []byte, total int64) {
	e := sector[OffTable:][:EntrySize]
	clear(e)
	copy(e[offFirstCHS:], []byte{0x00, 0x02, 0x00})
	e[offType] = 0xee
	copy(e[offLastCHS:], []byte{0xff, 0xff, 0xff})
	binary.LittleEndian.PutUint32(e[offFirst:], 1)
	binary.LittleEndian.PutUint32(e[offCount:], uint32(min(total/sectorSize-1, 0xffffffff)))
}

// PutActive writes the second entry: active, over sector 0, of type 0, which no
// partitioning tool counts. Some BIOSes start only disks with an active entry, and the
// protective one must not be active.
func PutActive(sector []byte) {
	e := sector[OffTable+EntrySize:][:EntrySize]
	clear(e)
	e[offActive] = 0x80
	copy(e[offFirstCHS:], []byte{0x00, 0x01, 0x00})
	copy(e[offLastCHS:], []byte{0x00, 0x01, 0x00})
	binary.LittleEndian.PutUint32(e[offCount:], 1)
}
