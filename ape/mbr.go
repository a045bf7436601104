package ape

import (
	"encoding/binary"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
)

// firstLine is what a shell reads first and what DOS, BIOS and APE loaders know
// the file by. It must be exactly as long as the space before e_lfanew:
//
//	MZqFpD='   APE magic: a variable assignment to a shell (see stage1.asm for
//	\n';       the CPU's reading); the newline before any NUL makes shells that
//	           probe for binaries take it for text
//	eval ...   runs the script at offScript. 2>&- because 2>/dev/null is too long;
//	           a here-document instead fails in ksh93 and yash, which drop NULs.
const firstLine = "MZqFpD='\n';eval \"$(dd<\"$0\" bs=1k skip=5 count=3 2>&-)\";exit\n"

// mbrEntrySize is the size of one of the four entries of the partition table.
const mbrEntrySize = 16

// putPEPointer tells PE loaders where the headers are.
func putPEPointer(sector []byte) {
	binary.LittleEndian.PutUint32(sector[offPEPointer:], offPE)
}

// putMBR writes the disk signature and the partition table of sector 0 for a file
// of total bytes.
func putMBR(sector []byte, guid gpt.GUID, total int64, faces format.Faces) {
	copy(sector[offSignature:], guid[12:]) // any four bytes that differ between disks
	putProtective(sector, total)
	if faces.BIOS {
		// Some BIOSes start only disks with an active entry: one of type 0, which
		// no partitioning tool counts, over sector 0.
		t := sector[offMBRTable+mbrEntrySize:]
		copy(t, []byte{0x80, 0x00, 0x01, 0x00, 0x00, 0x00, 0x01, 0x00})
		binary.LittleEndian.PutUint32(t[12:], 1)
	}
	binary.LittleEndian.PutUint16(sector[510:], bootSignature)
}

// putProtective writes the protective entry for a file of total bytes.
func putProtective(sector []byte, total int64) {
	// UEFI 5.2.3: one 0xEE partition over the whole disk from LBA 1 on, inactive.
	last := uint32(min(total/512-1, 0xffffffff))
	t := sector[offMBRTable:]
	copy(t, []byte{0x00, 0x00, 0x02, 0x00, 0xee, 0xff, 0xff, 0xff})
	binary.LittleEndian.PutUint32(t[8:], 1)
	binary.LittleEndian.PutUint32(t[12:], last)
}
