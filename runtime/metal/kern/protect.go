//go:build linux && amd64

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

// initPaging turns on no-execute pages (SDM volume 3A section 4.6) if there are any,
// and looks for 1 GiB pages.
func initPaging() {
	const nx, pdpe1gb = 1 << 20, 1 << 26
	_, _, _, d := cpuid(0x80000001, 0)
	giantPages = d&pdpe1gb != 0
	if d&nx != 0 {
		wrmsr(msrEFER, rdmsr(msrEFER)|eferNXE)
		noExec = pteNoExec
	}
}

// protectCore maps the core again, by 4 KiB pages with the rights of its ELF
// segments: nothing is both writable and executable.
func protectCore() {
	pdpt, pd := tablePage(), tablePage()
	*entryAt(pdpt, 0) = pd | ptePresent | pteWrite
	for a := uintptr(0); a < info.coreSize; a += pageSize {
		*entryAt(child(pd, a>>21), a>>12) = info.corePA + a | rights(coreBase+a)
	}
	*entryAt(pml4, coreBase>>39) = pdpt | ptePresent | pteWrite
	if fwTop != 0 {
		*entryAt(fwTop, coreBase>>39) = pdpt | ptePresent | pteWrite
	}
	writeCR3(readCR3())
}

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

func segmentRights(flags uint32) uintptr {
	r := uintptr(ptePresent)
	if flags&elfWrite != 0 {
		r |= pteWrite
	}
	if flags&elfExec == 0 {
		r |= noExec
	}
	return r
}

// makeExecutable allows code in a page of the first 2 MiB, whose tables are our own
// after dropPageZero.
func makeExecutable(va uintptr) {
	if va != 0 && va < hugePage {
		*entryAt(child(child(child(pml4, 0), 0), 0), va>>12) &^= pteNoExec
		invlpg(va)
	}
}
