package kern

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// Just enough ACPI (6.5 section 5.2) to find the processors and a timer before Go
// runs: root pointer, root table, MADT, FADT, HPET. Every length is checked against
// limits; a damaged table counts as absent.

// rsdp is the address of the root system description pointer, 0 if none was found.
var rsdp uintptr

const (
	maxTable   = 1 << 20
	rsdtEntry  = 4
	xsdtEntry  = 8
	tableHead  = 36
	madtHead   = tableHead + 8
	madtLAPIC  = 0
	madtX2APIC = 9

	rsdpRSDT     = 16
	rsdpRevision = 15
	rsdpXSDT     = 24

	sigRSDT = 0x54445352 // as 32-bit little-endian numbers
	sigXSDT = 0x54445358
	sigMADT = 0x43495041 // "APIC"
	sigFADT = 0x50434146 // "FACP"
	sigHPET = 0x54455048
)

// findRSDP looks where the firmware promises it: UEFI's configuration table, or
// the BIOS areas (section 5.2.5).
func findRSDP() uintptr {
	if UEFI() {
		return efiRSDP(boot().systab)
	}
	if ebda := uintptr(phys16(0x40e)) << 4; ebda >= 0x80000 && ebda < 0xa0000 {
		if p := scanRSDP(ebda, ebda+1024); p != 0 {
			return p
		}
	}
	return scanRSDP(0xe0000, 0x100000)
}

// efiRSDP searches the configuration table of a system table (UEFI 2.10 section
// 4.6.1); the pointer of ACPI 2.0 and later comes before that of 1.0.
func efiRSDP(systab uintptr) (p uintptr) {
	const maxEntries = 256
	acpi20, acpi10 := gpt.MustGUID(efi.ACPI20Table), gpt.MustGUID(efi.ACPI10Table)
	st := efi.Ptr[efi.SystemTable](systab).At()
	for i := range min(st.NumberOfTableEntries, maxEntries) {
		e := (st.ConfigurationTable + efi.Ptr[efi.ConfigurationTable](i*unsafe.Sizeof(efi.ConfigurationTable{}))).At()
		switch e.VendorGUID {
		case acpi20:
			return e.VendorTable
		case acpi10:
			p = e.VendorTable
		}
	}
	return p
}

func scanRSDP(a, end uintptr) uintptr {
	const signature = 0x2052545020445352 // "RSD PTR "
	for ; a+20 <= end; a += 16 {
		if phys64(a) == signature && checksum(a, 20) == 0 {
			return a
		}
	}
	return 0
}

func checksum(a, n uintptr) (sum byte) {
	for i := uintptr(0); i < n; i++ {
		sum += phys8(a + i)
	}
	return sum
}

// sound maps the table at t and returns its length, 0 if it is not one with that
// signature, whole and with a correct checksum.
func sound(t uintptr, signature uint32) uintptr {
	if t < pageSize || t > identityEnd-maxTable {
		return 0
	}
	mapDirect(t, tableHead)
	n := uintptr(phys32(t + 4))
	if phys32(t) != signature || n < tableHead || n > maxTable {
		return 0
	}
	mapDirect(t, n)
	if checksum(t, n) != 0 {
		return 0
	}
	return n
}

// table finds the first sound table with the given signature, 0 if there is none. The
// root table with 64-bit addresses comes first, as section 5.2.5.3 asks; the older one
// serves when that is damaged or does not have it.
func table(signature uint32) uintptr {
	if rsdp == 0 {
		return 0
	}
	if phys8(rsdp+rsdpRevision) >= 2 {
		if t := tableIn(uintptr(phys64(rsdp+rsdpXSDT)), sigXSDT, xsdtEntry, signature); t != 0 {
			return t
		}
	}
	return tableIn(uintptr(phys32(rsdp+rsdpRSDT)), sigRSDT, rsdtEntry, signature)
}

// tableIn searches one root table.
func tableIn(root uintptr, rootSignature uint32, size uintptr, signature uint32) uintptr {
	n := sound(root, rootSignature)
	if n == 0 { // root may be any number: nothing is to be added to it
		return 0
	}
	for e := root + tableHead; e+size <= root+n; e += size {
		t := uintptr(phys32(e))
		if size == xsdtEntry {
			t = uintptr(phys64(e)) // maybe unaligned, maybe null
		}
		if sound(t, signature) != 0 {
			return t
		}
	}
	return 0
}

func madt() uintptr { return table(sigMADT) }

// eachProcessor calls start with the APIC ID of every enabled processor of the MADT
// at t, 0 for none (section 5.2.12). Processors that may be plugged in later
// ("online capable") are not there.
func eachProcessor(t uintptr, start func(apic uint32)) {
	const enabled, broadcast = 1, 255 // xAPIC: no processor's ID
	if t == 0 {
		return
	}
	end := t + uintptr(phys32(t+4))
	for e := t + madtHead; e+2 <= end; {
		n := uintptr(phys8(e + 1))
		if n < 2 || e+n > end {
			return
		}
		switch kind := phys8(e); {
		case kind == madtLAPIC && n >= 8 && phys32(e+4)&enabled != 0 && phys8(e+3) != broadcast:
			start(uint32(phys8(e + 3)))
		case kind == madtX2APIC && n >= 16 && phys32(e+8)&enabled != 0 && phys32(e+4) != ^uint32(0):
			start(phys32(e + 4))
		}
		e += n
	}
}

// pmTimer is the port of the ACPI timer (section 4.8.3.3), 0 if there is none, and how
// many bits it counts with.
func pmTimer() (port uint16, bits uint) {
	const (
		fadtTimer, fadtTimerLen = 76, 91
		fadtFlags               = 112
		fadtXTimer              = 208 // generic address: space, width, offset, access, address
		wide                    = 1 << 8
		spaceIO                 = 1
	)
	t := table(sigFADT)
	if t == 0 {
		return 0, 0
	}
	n := uintptr(phys32(t + 4))
	if n < fadtFlags+4 {
		return 0, 0
	}
	bits = 24
	if phys32(t+fadtFlags)&wide != 0 {
		bits = 32
	}
	if n >= fadtXTimer+12 && phys8(t+fadtXTimer) == spaceIO && phys64(t+fadtXTimer+4) != 0 {
		return uint16(phys64(t + fadtXTimer + 4)), bits
	}
	if phys8(t+fadtTimerLen) != 4 {
		return 0, 0
	}
	return uint16(phys32(t + fadtTimer)), bits
}

// hpet is the address of the high precision event timer (IA-PC HPET 1.0a section
// 3.2.4), 0 if there is none.
func hpet() uintptr {
	const hpetSpace, hpetAddress = 40, 44
	t := table(sigHPET)
	if t == 0 || phys32(t+4) < hpetAddress+8 || phys8(t+hpetSpace) != 0 {
		return 0
	}
	a := uintptr(phys64(t + hpetAddress))
	if a < pageSize || a >= identityEnd {
		return 0
	}
	return a
}

// Physical memory that tables lie in; 64-bit fields may be unaligned.
func phys8(pa uintptr) byte    { return *bytePtr(direct(pa)) }
func phys16(pa uintptr) uint16 { return get16(direct(pa)) }
func phys32(pa uintptr) uint32 { return get32(direct(pa)) }
func phys64(pa uintptr) uint64 { return get64(direct(pa)) }
