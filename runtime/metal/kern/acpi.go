//go:build linux && amd64

package kern

// Just enough ACPI (6.5 section 5.2) to find the processors before Go runs: root
// pointer, root table, MADT. Every length is checked against limits.

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
)

// findRSDP looks where the firmware promises it: UEFI's configuration table, or
// the BIOS areas (section 5.2.5).
func findRSDP() uintptr {
	if UEFI() {
		const guidLo, guidHi = 0x11d3e4f18868e871, 0x81883cc7800022bc // EFI_ACPI_20_TABLE_GUID
		st := boot().systab
		n, t := *word(st + 104), *word(st + 112)
		for i := uintptr(0); i < min(n, 256); i++ {
			if e := t + 24*i; get64(e) == guidLo && get64(e+8) == guidHi {
				return *word(e + 16)
			}
		}
		return 0
	}
	if ebda := uintptr(get16(0x40e)) << 4; ebda >= 0x80000 && ebda < 0xa0000 {
		if p := scanRSDP(ebda, ebda+1024); p != 0 {
			return p
		}
	}
	return scanRSDP(0xe0000, 0x100000)
}

func scanRSDP(a, end uintptr) uintptr {
	const signature = 0x2052545020445352 // "RSD PTR "
	for ; a+20 <= end; a += 16 {
		if get64(a) == signature && checksum(a, 20) == 0 {
			return a
		}
	}
	return 0
}

func checksum(a, n uintptr) (sum byte) {
	for i := uintptr(0); i < n; i++ {
		sum += *bytePtr(a + i)
	}
	return sum
}

// table finds the table with the given signature, 0 if absent or damaged.
func table(signature uint32) uintptr {
	if rsdp == 0 {
		return 0
	}
	root, size := uintptr(get32(rsdp+16)), uintptr(rsdtEntry)
	if x := uintptr(get64(rsdp + 24)); *bytePtr(rsdp + 15) >= 2 && x != 0 {
		root, size = x, xsdtEntry
	}
	mapIdentity(root, pageSize)
	n := uintptr(get32(root + 4))
	if n < tableHead || n > maxTable {
		return 0
	}
	mapIdentity(root, n)
	for e := root + tableHead; e+size <= root+n; e += size {
		t := uintptr(get32(e))
		if size == xsdtEntry {
			t = uintptr(get64(e))
		}
		mapIdentity(t, tableHead)
		if get32(t) != signature {
			continue
		}
		length := uintptr(get32(t + 4))
		if length < tableHead || length > maxTable {
			return 0
		}
		mapIdentity(t, length)
		if checksum(t, length) == 0 {
			return t
		}
	}
	return 0
}

func madt() uintptr { return table(0x43495041) } // "APIC"

// eachProcessor calls start with the APIC ID of every enabled processor (section
// 5.2.12).
func eachProcessor(t uintptr, start func(apic uint32)) {
	end := t + uintptr(get32(t+4))
	for e := t + madtHead; e+2 <= end; {
		n := uintptr(*bytePtr(e + 1))
		if n < 2 || e+n > end {
			return
		}
		switch {
		case *bytePtr(e) == madtLAPIC && n >= 8 && get32(e+4)&1 != 0 && *bytePtr(e + 3) != apicBroadcast:
			start(uint32(*bytePtr(e + 3)))
		case *bytePtr(e) == madtX2APIC && n >= 16 && get32(e+8)&1 != 0:
			start(get32(e + 4))
		}
		e += n
	}
}
