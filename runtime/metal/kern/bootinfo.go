package kern

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
)

// bootInfo is what the boot stages hand over (stub/stage2_long.inc, stub/efi.asm).
type bootInfo struct {
	magic    uint64  // 0x00 "LLAMABT1"
	kind     uint64  // 0x08
	corePA   uintptr // 0x10 physical address of the core's first byte
	coreSize uintptr // 0x18 bytes
	e820     uintptr // 0x20 BIOS: E820 map
	e820n    uint64  // 0x28
	drive    uint64  // 0x30 BIOS drive, extensions in bits 8-15
	thunk    uintptr // 0x38 BIOS: thunk64
	systab   uintptr // 0x40 UEFI system table
	image    uintptr // 0x48 UEFI image handle
	diskGUID [16]byte
	buf      uintptr // 0x60 BIOS: buffer below 1 MiB
	bufSize  uintptr // 0x68
	tsc      uint64  // 0x70 time stamp at the start of the boot stage
	lowPages uintptr // 0x78 BIOS: two free pages below 1 MiB
}

const bootInfoSize = 0x80

// Values of bootInfo.kind.
const (
	bootBIOS = 1
	bootUEFI = 2
)

// info is our copy of the boot information: the original lies in page 0 or in
// memory we may reuse.
var info bootInfo

var bootInfoPtr uintptr // 0 in an ordinary process

func boot() *bootInfo { return (*bootInfo)(unsafe.Pointer(bootInfoPtr)) }

// coreBase is where the core is linked.
const coreBase = address.CoreBase

// e820Entry is an entry of the BIOS memory map (ACPI 6.5 section 15.1).
type e820Entry struct {
	base, length uint64
	typ, attr    uint32
}

const (
	e820EntrySize = 24
	e820Usable    = 1
)

// Active reports whether the program runs on a bare machine.
func Active() bool { return bootInfoPtr != 0 }

// UEFI reports whether UEFI firmware started us and its boot services are alive.
func UEFI() bool { return bootInfoPtr != 0 && boot().kind == bootUEFI }

// DiskGUID is the GPT disk GUID stage 2 was written with (BIOS only).
func DiskGUID() [16]byte { return boot().diskGUID }

// BIOSDrive is the INT 13h drive we were started from and whether it has extensions.
func BIOSDrive() (drive uint8, ext bool) {
	d := boot().drive
	return uint8(d), d>>8 != 0
}

// SystemTable and ImageHandle are what the UEFI firmware passed to the entry point.
func SystemTable() uintptr { return boot().systab }
func ImageHandle() uintptr { return boot().image }
