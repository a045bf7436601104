package ape

import (
	"bytes"
	"debug/pe"
	"encoding/binary"
	"fmt"

	"github.com/llamaboot/llamaboot/ape/format"
)

// Offsets in PE headers, PE/COFF revision 11 sections 2 to 4, relative to the
// "PE\0\0" signature.
const (
	peFileHeader     = 4
	peOptionalHeader = peFileHeader + 20
	peSectionSize    = 40
	peDirectories    = peOptionalHeader + 112 // PE32+
	peSecurity       = 4                      // index of the certificate table
	peFileAlign      = 0x200
)

// MaxWindows is the largest file Windows starts as a program, in bytes.
const MaxWindows = 4<<30 - 1

// shiftPE returns the PE headers of image, from the signature to the last
// section header, for a file that holds the image's bytes from offset at on and
// these headers at offPE.
func shiftPE(image []byte, at int64) ([]byte, error) {
	bad := func(format string, args ...any) ([]byte, error) {
		return nil, fmt.Errorf("%w: PE: %s", ErrProgram, fmt.Sprintf(format, args...))
	}
	f, err := pe.NewFile(bytes.NewReader(image))
	if err != nil {
		return bad("%v", err)
	}
	opt, ok := f.OptionalHeader.(*pe.OptionalHeader64)
	if !ok {
		return bad("not a 64-bit image (PE32+)")
	}
	le := binary.LittleEndian
	if string(image[:2]) != "MZ" { // debug/pe takes object files too, whose headers no pointer names
		return bad("starts with %q, want %q", image[:2], "MZ")
	}
	start := int64(le.Uint32(image[format.OffPEPointer:]))
	sections := peOptionalHeader + int64(f.SizeOfOptionalHeader)
	size := sections + int64(len(f.Sections))*peSectionSize
	headers := alignUp(format.OffPE+size, peFileAlign)
	if headers > format.HeadersEnd {
		return bad("headers end at %#x, want at most %#x", headers, format.HeadersEnd)
	}
	if at%peFileAlign != 0 {
		return bad("image at offset %#x, want a multiple of %#x", at, peFileAlign)
	}
	h := bytes.Clone(image[start:][:size])
	le.PutUint32(h[peFileHeader+8:], 0) // PointerToSymbolTable: a file offset, deprecated
	le.PutUint32(h[peFileHeader+12:], 0)
	le.PutUint32(h[peOptionalHeader+60:], uint32(headers)) // SizeOfHeaders
	le.PutUint32(h[peOptionalHeader+64:], 0)               // CheckSum: checked for drivers only
	if opt.NumberOfRvaAndSizes > peSecurity {
		le.PutUint64(h[peDirectories+8*peSecurity:], 0) // the one directory with a file offset
	}
	for i, s := range f.Sections {
		if s.VirtualAddress < uint32(headers) {
			return bad("section %s at address %#x, below the headers' end %#x", s.Name, s.VirtualAddress, headers)
		}
		if s.Offset == 0 {
			continue
		}
		if moved := int64(s.Offset) + at; moved+int64(s.Size) > MaxWindows {
			return bad("section %s ends at %#x, a PE file reaches to %#x", s.Name, moved+int64(s.Size), int64(MaxWindows))
		}
		d := h[sections+int64(i)*peSectionSize:]
		le.PutUint32(d[20:], s.Offset+uint32(at)) // PointerToRawData
	}
	return h, nil
}
