package kern

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// RAM as the firmware describes it.

// identityEnd is the end of the physical memory we use; RAM beyond, which only large
// servers have, is left out.
const identityEnd = address.IdentityEnd

// takeE820 collects usable RAM above 1 MiB. Entries may come in any order, overlap
// and be empty; what one of them calls reserved is not used whatever others say
// (ACPI 6.5 section 15.4). Page tables come from the front, which must be reachable
// while only 4 GiB are mapped: phys is sorted.
func takeE820(list, n uintptr, f *frames) {
	const low = 1 << 20
	for pass := 0; pass < 2; pass++ {
		for i := uintptr(0); i < n; i++ {
			e := (*e820Entry)(unsafe.Pointer(list + i*e820EntrySize))
			end := uintptr(e.base + e.length)
			if e.base+e.length < e.base {
				end = ^uintptr(0)
			}
			switch base := uintptr(e.base); {
			case e.typ != e820Usable && pass == 1:
				f.remove(base, end)
			case e.typ == e820Usable && pass == 0:
				f.add(max(base, low), min(end, identityEnd))
			}
		}
	}
}

// Memory left to the firmware, whose drivers allocate while we read the disk: this
// much, or a sixth of the largest region below 4 GiB where that is less.
const firmwareReserve = 64 << 20

// efiRegion is the free memory of a memory map entry at d, in huge pages (UEFI 2.10
// section 7.2.3).
func efiRegion(d uintptr) (start, end uintptr) {
	m := efi.Ptr[efi.MemoryDescriptor](d).At()
	if m.Type != efi.ConventionalMemory || m.Attribute&efi.MemorySpecialPurpose != 0 {
		return 0, 0
	}
	base := uintptr(m.PhysicalStart)
	end = min(base+uintptr(m.NumberOfPages)*efi.PageSize, identityEnd) &^ (hugePage - 1)
	start = alignUp(max(base, 1<<20), hugePage)
	return start, max(start, end)
}

var efiMap [256 << 10]byte

// takeFirmwareMemory allocates the large free regions from the boot services, which
// stay alive.
func takeFirmwareMemory() {
	size, desc := uintptr(len(efiMap)), uintptr(0)
	var key uintptr
	var version uint32
	first := uintptr(unsafe.Pointer(&efiMap))
	args := efi.Args{uintptr(unsafe.Pointer(&size)), first, uintptr(unsafe.Pointer(&key)), uintptr(unsafe.Pointer(&desc)), uintptr(unsafe.Pointer(&version))}
	if EarlyEFI(bootServices().GetMemoryMap, args) != efi.Success || desc < unsafe.Sizeof(efi.MemoryDescriptor{}) {
		fatal("the firmware gives no memory map")
	}
	largest := largestLow(first, size, desc)
	for d := first; d+desc <= first+size; d += desc {
		start, end := efiRegion(d)
		if d == largest {
			end -= min(firmwareReserve, (end-start)/6) &^ (hugePage - 1)
		}
		addr := start
		if end > start && allocatePages(efi.AllocateAddress, end-start, &addr) {
			phys.add(start, end)
		}
	}
	phys.round()
	if phys.total == 0 {
		fatal("the firmware gives no memory")
	}
}

// allocatePages takes memory from the firmware, at or below *addr (UEFI 2.10 section 7.2.1).
func allocatePages(how, size uintptr, addr *uintptr) bool {
	args := efi.Args{how, efi.LoaderData, size / efi.PageSize, uintptr(unsafe.Pointer(addr))}
	return EarlyEFI(bootServices().AllocatePages, args) == efi.Success
}

// largestLow returns the entry of the memory map with the most free memory below 4 GiB.
func largestLow(first, size, desc uintptr) (largest uintptr) {
	most := uintptr(0)
	for d := first; d+desc <= first+size; d += desc {
		if start, end := efiRegion(d); end <= 1<<32 && end-start > most {
			largest, most = d, end-start
		}
	}
	return largest
}
