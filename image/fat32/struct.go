// Package fat32 lays out FAT32 volumes whose files are contiguous and start
// at known, 4 KiB-aligned offsets.
//
// Implements the Microsoft Extensible Firmware Initiative FAT32 File System
// Specification, version 1.03 (December 2000), as far as 512-byte sectors, upper-case
// 8.3 names, long names of files and directories of any depth go. Section numbers are
// those of its edition of August 2005 (Microsoft FAT Specification), the first that has
// any. It writes fresh volumes only; it neither reads nor changes existing ones.
//
// It is hand-written because 16-bit code, the Linux ELF loader and a shell
// script all read the metal core out of the volume by offset: the place of each
// file must be chosen and known before anything is written, which the fat32
// package of go-diskfs does not offer (it also stamps the current time and a
// random serial number, and wraps at 4 GiB). That package reads ours in the
// tests.
package fat32

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
)

// Sizes and limits, sections 3 to 6 of the specification.
const (
	SectorSize = 512
	EntrySize  = 32
	// MinClusters is the count from which a volume is FAT32 (section 3.5); the
	// specification asks to stay 16 clear of the boundary.
	MinClusters = 65525 + 16
	MaxClusters = 0x0ffffff5 - 16
	MaxFile     = 1<<32 - 1
	maxSectors  = 1<<32 - 1 // of the volume, and before it: 32-bit fields

	fatEntrySize  = 4
	rootCluster   = 2
	fileAlign     = 4096 // bytes, so that a page of a file is a page of the disk
	minReserved   = 32   // sectors before the first FAT, the usual value
	infoSector    = 1
	backupSector  = 6
	mediaFixed    = 0xf8
	endOfChain    = 0x0fffffff
	attrVolume    = 0x08
	attrDirectory = 0x10
	attrArchive   = 0x20
	fixedDate     = 0<<9 | 1<<5 | 1 // 1980-01-01, the earliest FAT can express
)

// Errors for errors.Is.
var (
	ErrName   = errors.New("fat32: unusable file name")
	ErrTooBig = errors.New("fat32: file or volume too large")
)

// bootSector encodes sector 0 and its backup (section 3.1 and 3.3).
func (v *Volume) bootSector() []byte {
	b := make([]byte, 0, SectorSize)
	u16 := func(n int) { b = binary.LittleEndian.AppendUint16(b, uint16(n)) }
	u32 := func(n int64) { b = binary.LittleEndian.AppendUint32(b, uint32(n)) }
	b = append(b, 0xeb, 0x58, 0x90) // 0x00 jmp 0x5a; nop
	b = append(b, "MSWIN4.1"...)    // 0x03 the name the specification recommends
	u16(SectorSize)                 // 0x0b
	b = append(b, byte(v.clusterSectors))
	u16(v.reserved)           // 0x0e
	b = append(b, 2)          // 0x10 FATs
	u16(0)                    // 0x11 root entries: 0 on FAT32
	u16(0)                    // 0x13 16-bit sector count: 0 on FAT32
	b = append(b, mediaFixed) // 0x15
	u16(0)                    // 0x16 16-bit FAT size: 0 on FAT32
	u16(63)                   // 0x18 sectors per track, the LBA-assist geometry
	u16(255)                  // 0x1a heads
	u32(v.hidden)             // 0x1c sectors before the volume
	u32(v.sectors)            // 0x20
	u32(int64(v.fatSectors))  // 0x24
	u16(0)                    // 0x28 both FATs are kept equal
	u16(0)                    // 0x2a version 0.0
	u32(rootCluster)          // 0x2c
	u16(infoSector)           // 0x30
	u16(backupSector)         // 0x32
	b = append(b, make([]byte, 12)...)
	b = append(b, 0x80, 0, 0x29) // 0x40 drive, reserved, extended signature
	u32(int64(v.serial))         // 0x43
	b = append(b, v.label[:]...) // 0x47
	b = append(b, "FAT32   "...) // 0x52
	// 0x5a: int 0x18 tells the BIOS to go on with the next device; then halt.
	b = append(b, 0xcd, 0x18, 0xf4, 0xeb, 0xfd)
	b = append(b, make([]byte, SectorSize-2-len(b))...)
	return append(b, 0x55, 0xaa)
}

// fsInfo encodes the FSInfo sector (section 5).
func (v *Volume) fsInfo() []byte {
	b := make([]byte, SectorSize)
	binary.LittleEndian.PutUint32(b[0:], 0x41615252) // "RRaA"
	binary.LittleEndian.PutUint32(b[484:], 0x61417272)
	binary.LittleEndian.PutUint32(b[488:], uint32(v.free()))
	binary.LittleEndian.PutUint32(b[492:], uint32(v.next))
	binary.LittleEndian.PutUint32(b[508:], 0xaa550000)
	return b
}

// entry encodes a directory entry (section 6).
func entry(name [11]byte, attr byte, cluster, size int64) []byte {
	b := make([]byte, EntrySize)
	copy(b, name[:])
	b[11] = attr
	binary.LittleEndian.PutUint16(b[16:], fixedDate) // created
	binary.LittleEndian.PutUint16(b[18:], fixedDate) // accessed
	binary.LittleEndian.PutUint16(b[20:], uint16(cluster>>16))
	binary.LittleEndian.PutUint16(b[24:], fixedDate) // written
	binary.LittleEndian.PutUint16(b[26:], uint16(cluster))
	binary.LittleEndian.PutUint32(b[28:], uint32(size))
	return b
}

// shortName converts NAME.EXT to the 11 bytes of a directory entry. Firmware
// may know no long names, so anything else is refused.
func shortName(name string) ([11]byte, error) {
	var out [11]byte
	for i := range out {
		out[i] = ' '
	}
	base, ext, _ := strings.Cut(name, ".")
	bad := len(base) == 0 || len(base) > 8 || len(ext) > 3 || strings.HasSuffix(name, ".")
	for _, c := range base + ext {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'()-@^_`{}~", c)) {
			bad = true
		}
	}
	if bad {
		return out, fmt.Errorf("%w: %q is not an upper-case 8.3 name", ErrName, name)
	}
	copy(out[:8], base)
	copy(out[8:], ext)
	return out, nil
}
