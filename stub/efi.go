package stub

import (
	"bytes"
	"debug/pe"
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
	offPEOffset    = 0x3c // in the DOS header: where the PE signature is
	peOffset       = 0x80
	peStackSize    = 0x10000
	peRelocSize    = 12 // one block without entries, padded
	peStubRVA      = 0x1000
	peRelocRVA     = 0x2000
	peCoreRVA      = 0x10000
	efiStubOffset  = 0x1000 // file offsets
	efiRelocOffset = 0x1e00
	efiCoreOffset  = 0x2000
	efiFixedTables = 5 // pages before the page tables proper, see efi.asm
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
func EFIImage(core []byte) (image []byte, coreOffset int, err error) {
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
		{".stub", peStubRVA, uint32(len(code)), efiStubOffset, efiRelocOffset - efiStubOffset, pe.IMAGE_SCN_CNT_CODE | pe.IMAGE_SCN_MEM_EXECUTE | pe.IMAGE_SCN_MEM_READ},
		{".reloc", peRelocRVA, peRelocSize, efiRelocOffset, efiCoreOffset - efiRelocOffset, pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_DISCARDABLE | pe.IMAGE_SCN_MEM_READ},
		{".core", peCoreRVA, uint32(im.memSize), efiCoreOffset, coreRaw, pe.IMAGE_SCN_CNT_INITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ | pe.IMAGE_SCN_MEM_WRITE},
		{".tables", tablesRVA, tablesSize, 0, 0, pe.IMAGE_SCN_CNT_UNINITIALIZED_DATA | pe.IMAGE_SCN_MEM_READ | pe.IMAGE_SCN_MEM_WRITE},
	}
	image = make([]byte, efiCoreOffset+int(coreFile))
	headers, err := peHeaders(sections, tablesRVA+tablesSize)
	if err != nil {
		return nil, 0, err
	}
	copy(image, "MZ")
	le.PutUint32(image[offPEOffset:], peOffset)
	copy(image[peOffset:], headers)
	copy(image[efiStubOffset:], code)
	// One empty relocation block: some firmware refuses images without any.
	le.PutUint32(image[efiRelocOffset:], peStubRVA)
	le.PutUint32(image[efiRelocOffset+4:], peRelocSize)
	copy(image[efiCoreOffset:], core)
	return image, efiCoreOffset, nil
}

// peHeaders returns the headers of the PE file, behind the DOS header (PE/COFF sections 3.1
// to 3.4 and 4).
func peHeaders(sections []peSection, imageSize uint32) ([]byte, error) {
	stub, reloc, core, tables := sections[0], sections[1], sections[2], sections[3]
	b := []byte("PE\x00\x00")
	optional := pe.OptionalHeader64{
		Magic:                   0x20b, // PE32+
		SizeOfCode:              stub.fileSize,
		SizeOfInitializedData:   core.fileSize,
		SizeOfUninitializedData: tables.memSize,
		AddressOfEntryPoint:     stub.rva,
		BaseOfCode:              stub.rva,
		SectionAlignment:        corePage,
		FileAlignment:           bootSectorBytes,
		SizeOfImage:             imageSize,
		SizeOfHeaders:           efiStubOffset,
		Subsystem:               pe.IMAGE_SUBSYSTEM_EFI_APPLICATION,
		DllCharacteristics:      pe.IMAGE_DLLCHARACTERISTICS_NX_COMPAT,
		SizeOfStackReserve:      peStackSize,
		SizeOfStackCommit:       peStackSize,
		NumberOfRvaAndSizes:     uint32(len(pe.OptionalHeader64{}.DataDirectory)),
	}
	optional.DataDirectory[pe.IMAGE_DIRECTORY_ENTRY_BASERELOC] = pe.DataDirectory{VirtualAddress: reloc.rva, Size: reloc.memSize}
	records := []any{
		pe.FileHeader{
			Machine:              pe.IMAGE_FILE_MACHINE_AMD64,
			NumberOfSections:     uint16(len(sections)),
			SizeOfOptionalHeader: uint16(binary.Size(optional)),
			Characteristics:      pe.IMAGE_FILE_EXECUTABLE_IMAGE | pe.IMAGE_FILE_LARGE_ADDRESS_AWARE, // relocations not stripped
		},
		optional,
	}
	for _, s := range sections {
		h := pe.SectionHeader32{VirtualSize: s.memSize, VirtualAddress: s.rva, SizeOfRawData: s.fileSize, PointerToRawData: s.fileOffset, Characteristics: s.flags}
		copy(h.Name[:], s.name)
		records = append(records, h)
	}
	var err error
	for _, r := range records {
		if b, err = binary.Append(b, binary.LittleEndian, r); err != nil {
			return nil, err
		}
	}
	return b, nil
}
