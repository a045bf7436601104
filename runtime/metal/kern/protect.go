package kern

import "unsafe"

// elfSegment is Elf64_Phdr (System V ABI, chapter 5).
type elfSegment struct {
	typ, flags                                  uint32
	off, vaddr, paddr, filesz, memsz, alignment uint64
}

const (
	elfLoad  = 1
	elfExec  = 1
	elfWrite = 2

	elfPhoff = 32 // in Elf64_Ehdr
	elfPhnum = 56
)

// rights are the page table bits for the page of va in the core.
func rights(va uintptr) uintptr {
	n := uintptr(get16(coreBase + elfPhnum))
	for i := uintptr(0); i < n; i++ {
		s := (*elfSegment)(unsafe.Pointer(coreBase + *word(coreBase + elfPhoff) + i*unsafe.Sizeof(elfSegment{})))
		if s.typ != elfLoad || va < uintptr(s.vaddr)&^(pageSize-1) || va >= uintptr(s.vaddr+s.memsz) {
			continue
		}
		return segmentRights(s.flags)
	}
	return segmentRights(elfWrite)
}
