package fat32

import (
	"encoding/binary"
	"fmt"
	"strings"
)

// fixedDate is 1980-01-01, the earliest FAT can express.
const fixedDate = 0<<9 | 1<<5 | 1

// bootSector encodes sector 0 and its backup.
func (l *Layout) bootSector() []byte {
	le := binary.LittleEndian
	b := make([]byte, SectorSize)
	copy(b[offJump:], []byte{0xeb, offCode - 2, 0x90}) // jmp offCode; nop
	copy(b[offOEMName:], "MSWIN4.1")                   // the name the specification recommends
	le.PutUint16(b[offSectorSize:], SectorSize)
	b[offClusterSize] = byte(l.clusterSectors)
	le.PutUint16(b[offReserved:], uint16(l.reserved))
	b[offFATs] = fats
	b[offMedia] = mediaFixed
	le.PutUint16(b[offTrackSectors:], 63) // the LBA-assist geometry
	le.PutUint16(b[offHeads:], 255)
	le.PutUint32(b[offHidden:], uint32(l.hidden))
	le.PutUint32(b[offSectors:], uint32(l.sectors))
	le.PutUint32(b[offFATSize:], uint32(l.fatSectors))
	le.PutUint32(b[offRoot:], firstCluster)
	le.PutUint16(b[offInfoSector:], infoSector)
	le.PutUint16(b[offBackupSector:], backupSector)
	b[offDrive] = 0x80 // as INT 13h counts
	b[offExtended] = extendedSignature
	le.PutUint32(b[offSerial:], l.serial)
	copy(b[offLabel:], l.label[:])
	copy(b[offType:], "FAT32   ")
	// int 0x18 tells the BIOS to go on with the next device; then hlt, and jmp to it.
	copy(b[offCode:], []byte{0xcd, 0x18, 0xf4, 0xeb, 0xfd})
	le.PutUint16(b[offBootSignature:], bootSignature)
	return b
}

// fsInfo encodes the FSInfo sector.
func (l *Layout) fsInfo() []byte {
	le := binary.LittleEndian
	b := make([]byte, SectorSize)
	le.PutUint32(b[offInfoLead:], infoLead)
	le.PutUint32(b[offInfoStruct:], infoStruct)
	le.PutUint32(b[offInfoFree:], uint32(l.free()))
	le.PutUint32(b[offInfoNext:], uint32(l.next))
	le.PutUint32(b[offInfoTrail:], infoTrail)
	return b
}

// encodeEntry encodes a directory entry.
func encodeEntry(name [nameSize]byte, attr byte, cluster, size int64) []byte {
	le := binary.LittleEndian
	b := make([]byte, EntrySize)
	copy(b[offName:], name[:])
	b[offAttributes] = attr
	le.PutUint16(b[offCreated:], fixedDate)
	le.PutUint16(b[offAccessed:], fixedDate)
	le.PutUint16(b[offClusterHigh:], uint16(cluster>>16))
	le.PutUint16(b[offWritten:], fixedDate)
	le.PutUint16(b[offClusterLow:], uint16(cluster))
	le.PutUint32(b[offSize:], uint32(size))
	return b
}

// encodeName converts NAME.EXT to the bytes of a directory entry. Firmware may know no
// long names, so anything else is refused.
func encodeName(name string) ([nameSize]byte, error) {
	out := [nameSize]byte([]byte("           "))
	base, ext, _ := strings.Cut(name, ".")
	bad := len(base) == 0 || len(base) > baseSize || len(ext) > nameSize-baseSize || strings.HasSuffix(name, ".")
	for _, c := range base + ext {
		if !(c >= 'A' && c <= 'Z' || c >= '0' && c <= '9' || strings.ContainsRune("!#$%&'()-@^_`{}~", c)) {
			bad = true
		}
	}
	if bad {
		return out, fmt.Errorf("%w: %q is not an upper-case 8.3 name", ErrName, name)
	}
	copy(out[:baseSize], base)
	copy(out[baseSize:], ext)
	return out, nil
}
