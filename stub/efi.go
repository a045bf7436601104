package stub

import (
	"bytes"
	_ "embed"
	"encoding/binary"
	"fmt"
)

//go:embed efi.bin
var efiCode []byte

// Patch fields of the EFI entry (efi.asm, header).
const (
	efiMagic      = "LBEFI\x00\x00\x00"
	offEFIMagic   = 0x08
	offEFICoreRVA = 0x10
	offEFICoreMem = 0x14
	offEFIEntry   = 0x18
	offEFITables  = 0x20
	offEFIStubRVA = 0x24
)

// Layout of the PE file (PE/COFF specification revision 11, UEFI 2.10 section 2.1.1).
const (
	peOffset       = 0x80 // of the PE signature
	peHeaderSize   = 4 + 20 + 240
	peSectionSize  = 40
	peStubRVA      = 0x1000
	peRelocRVA     = 0x2000
	peCoreRVA      = 0x10000
	efiStubOffset  = 0x1000 // file offsets
	efiRelocOffset = 0x1e00
	efiCoreOffset  = 0x2000
	efiFixedTables = 5 // pages before the page tables proper, see efi.asm
)

// PE section characteristics.
const (
	scnCode    = 0x00000020
	scnData    = 0x00000040
	scnBSS     = 0x00000080
	scnDiscard = 0x02000000
	scnExec    = 0x20000000
	scnRead    = 0x40000000
	scnWrite   = 0x80000000
)

type peSection struct {
	name                 string
	rva, memSize         uint32
	fileOffset, fileSize uint32
	flags                uint32
}

// EFIImage wraps core in a PE32+ EFI application for x86-64 (EFI/BOOT/BOOTX64.EFI).
// The ELF stays as it is, contiguous at coreOffset (a multiple of 4096), so that one
// copy on the disk serves the firmware, stage 2 and Linux.
// No section is both writable and executable: the core runs from our own mapping.
func EFIImage(core []byte) (pe []byte, coreOffset int, err error) {
	im, err := coreImage(core)
	if err != nil {
		return nil, 0, err
	}
	tablesRVA := uint32(roundUp(peCoreRVA+im.memSize, corePage))
	tablesSize := uint32(efiFixedTables+roundUp(im.memSize, 2<<20)>>21) * corePage
	coreFile := uint32(roundUp(uint64(len(core)), bootSectorBytes))

	code := bytes.Clone(efiCode)
	if len(code) > efiRelocOffset-efiStubOffset || string(code[offEFIMagic:offEFIMagic+8]) != efiMagic {
		return nil, 0, fmt.Errorf("EFI entry has %d bytes and no %q at offset %#x", len(code), efiMagic, offEFIMagic)
	}
	le := binary.LittleEndian
	le.PutUint32(code[offEFICoreRVA:], peCoreRVA)
	le.PutUint32(code[offEFICoreMem:], uint32(im.memSize))
	le.PutUint64(code[offEFIEntry:], im.entry)
	le.PutUint32(code[offEFITables:], tablesRVA)
	le.PutUint32(code[offEFIStubRVA:], peStubRVA)

	// The loader copies SizeOfRawData bytes and zeroes the rest, so the section ends
	// where the last segment's file data ends: section headers and names behind it
	// must not show up in .bss. FileAlignment is 512, hence fileSize must be too.
	if im.fileSize%bootSectorBytes != 0 && im.memSize > im.fileSize && uint64(len(core)) > im.fileSize {
		tail := core[im.fileSize:min(roundUp(im.fileSize, bootSectorBytes), uint64(len(core)))]
		if len(bytes.Trim(tail, "\x00")) != 0 {
			return nil, 0, fmt.Errorf("%w: file data ends at %#x, bytes up to the next multiple of %d must be zero", ErrCore, im.fileSize, bootSectorBytes)
		}
	}
	coreRaw := uint32(roundUp(im.fileSize, bootSectorBytes))
	sections := []peSection{
		{".stub", peStubRVA, uint32(len(code)), efiStubOffset, efiRelocOffset - efiStubOffset, scnCode | scnExec | scnRead},
		{".reloc", peRelocRVA, 12, efiRelocOffset, efiCoreOffset - efiRelocOffset, scnData | scnDiscard | scnRead},
		{".core", peCoreRVA, uint32(im.memSize), efiCoreOffset, coreRaw, scnData | scnRead | scnWrite},
		{".tables", tablesRVA, tablesSize, 0, 0, scnBSS | scnRead | scnWrite},
	}
	pe = make([]byte, efiCoreOffset+int(coreFile))
	putPEHeader(pe, sections, tablesRVA+tablesSize)
	copy(pe[efiStubOffset:], code)
	// One empty relocation block: some firmware refuses images without any.
	le.PutUint32(pe[efiRelocOffset:], peStubRVA)
	le.PutUint32(pe[efiRelocOffset+4:], 12)
	copy(pe[efiCoreOffset:], core)
	return pe, efiCoreOffset, nil
}

// putPEHeader writes the DOS header, PE header and section table.
func putPEHeader(pe []byte, sections []peSection, imageSize uint32) {
	le := binary.LittleEndian
	copy(pe, "MZ")
	le.PutUint32(pe[0x3c:], peOffset)
	h := pe[peOffset:]
	copy(h, "PE\x00\x00")
	le.PutUint16(h[4:], 0x8664) // x86-64
	le.PutUint16(h[6:], uint16(len(sections)))
	le.PutUint16(h[20:], 240)    // SizeOfOptionalHeader
	le.PutUint16(h[22:], 0x0022) // executable image, large addresses; relocations not stripped
	o := h[24:]
	le.PutUint16(o[0:], 0x20b) // PE32+
	le.PutUint32(o[4:], sections[0].fileSize)
	le.PutUint32(o[8:], sections[2].fileSize)
	le.PutUint32(o[12:], sections[3].memSize)
	le.PutUint32(o[16:], peStubRVA) // entry point
	le.PutUint32(o[20:], peStubRVA)
	le.PutUint32(o[32:], corePage)        // section alignment
	le.PutUint32(o[36:], bootSectorBytes) // file alignment
	le.PutUint32(o[56:], imageSize)
	le.PutUint32(o[60:], efiStubOffset) // size of headers
	le.PutUint16(o[68:], 10)            // subsystem: EFI application
	le.PutUint16(o[70:], 0x0100)        // compatible with no-execute memory
	le.PutUint64(o[72:], 0x10000)
	le.PutUint64(o[80:], 0x10000)
	le.PutUint32(o[108:], 16)
	le.PutUint32(o[112+5*8:], peRelocRVA) // base relocation directory
	le.PutUint32(o[112+5*8+4:], 12)
	t := h[peHeaderSize:]
	for i, s := range sections {
		d := t[i*peSectionSize:]
		copy(d[:8], s.name)
		le.PutUint32(d[8:], s.memSize)
		le.PutUint32(d[12:], s.rva)
		le.PutUint32(d[16:], s.fileSize)
		le.PutUint32(d[20:], s.fileOffset)
		le.PutUint32(d[36:], s.flags)
	}
}
