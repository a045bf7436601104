package ape

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"fmt"
	"strings"
)

// Sizes of ELF-64 records (System V ABI, figures 4-3 and 5-1).
const (
	ELFHeaderSize  = 64
	elfProgramSize = 56
)

// maxProgramHeaders is what Cosmopolitan's loader reads at most.
const maxProgramHeaders = 1024

// An elfFace makes the program at some place of the file an ELF executable of
// the whole file: a header to be put at offset 0 and program headers whose file
// offsets are shifted to that place.
type elfFace struct {
	header   []byte // elfHeaderSize bytes, without section headers
	programs []byte
}

// newELFFace shifts the headers of the ELF image prog, which lies at offset at,
// for program headers stored at offset table.
func newELFFace(prog []byte, at, table int64) (elfFace, error) {
	le := binary.LittleEndian
	f, err := elf.NewFile(bytes.NewReader(prog))
	if err != nil {
		return elfFace{}, fmt.Errorf("%w: %v", ErrProgram, err)
	}
	if f.Class != elf.ELFCLASS64 || f.Data != elf.ELFDATA2LSB || f.Type != elf.ET_EXEC {
		return elfFace{}, fmt.Errorf("%w: %v %v %v, want a little-endian ELF-64 of type EXEC", ErrProgram, f.Class, f.Data, f.Type)
	}
	if f.OSABI != elf.ELFOSABI_NONE && f.OSABI != elf.ELFOSABI_LINUX {
		return elfFace{}, fmt.Errorf("%w: ELF for %v, want System V or Linux", ErrProgram, f.OSABI)
	}
	start, count := le.Uint64(prog[32:]), int(le.Uint16(prog[56:]))
	size := count * elfProgramSize
	if size > maxProgramHeaders || start > uint64(len(prog)-size) {
		return elfFace{}, fmt.Errorf("%w: %d ELF program headers at %#x, at most %d bytes fit", ErrProgram, count, start, maxProgramHeaders)
	}
	face := elfFace{header: bytes.Clone(prog[:ELFHeaderSize]), programs: bytes.Clone(prog[start:][:size])}
	le.PutUint64(face.header[32:], uint64(table)) // e_phoff
	le.PutUint64(face.header[40:], 0)             // e_shoff
	copy(face.header[58:], make([]byte, 6))       // e_shentsize, e_shnum, e_shstrndx
	for i, p := range f.Progs {
		h := face.programs[i*elfProgramSize:]
		switch p.Type {
		case elf.PT_INTERP, elf.PT_DYNAMIC:
			return elfFace{}, fmt.Errorf("%w: ELF needs a dynamic linker (%v): link it statically", ErrProgram, p.Type)
		case elf.PT_PHDR:
			le.PutUint32(h[0:], uint32(elf.PT_NULL)) // it would lie about the copy's address
		default:
			if p.Type == elf.PT_LOAD && (int64(p.Off)+at-int64(p.Vaddr))%extractBlock != 0 {
				return elfFace{}, fmt.Errorf("%w: ELF segment %d at offset %#x + %#x does not share a page offset with address %#x", ErrProgram, i, at, p.Off, p.Vaddr)
			}
			if p.Filesz > 0 {
				le.PutUint64(h[8:], p.Off+uint64(at))
			}
		}
	}
	return face, nil
}

// printfText writes the header as the argument of a shell printf, which is
// where Cosmopolitan's loader looks for it (APE specification, "printf").
// Literal octal digits are escaped too, so that escapes can be short.
func (e *elfFace) printfText() string {
	var b strings.Builder
	for _, c := range e.header {
		if c > ' ' && c < 0x7f && !strings.ContainsRune(`\'%"01234567`, rune(c)) {
			b.WriteByte(c)
		} else {
			fmt.Fprintf(&b, `\%o`, c)
		}
	}
	return b.String()
}
