//go:build metal

package board

import (
	"fmt"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

// ports implements port.IO.
type ports struct{}

func (ports) In8(p uint16) uint8       { return kern.In8(p) }
func (ports) In16(p uint16) uint16     { return kern.In16(p) }
func (ports) In32(p uint16) uint32     { return kern.In32(p) }
func (ports) Out8(p uint16, v uint8)   { kern.Out8(p, v) }
func (ports) Out16(p uint16, v uint16) { kern.Out16(p, v) }
func (ports) Out32(p uint16, v uint32) { kern.Out32(p, v) }

// earlyFirmware and runningFirmware implement efi.Caller, before threads exist and after.
type (
	earlyFirmware   struct{}
	runningFirmware struct{}
)

func (earlyFirmware) Call(fn efi.Func, a efi.Args) efi.Status   { return kern.EarlyEFI(fn, a) }
func (runningFirmware) Call(fn efi.Func, a efi.Args) efi.Status { return kern.EFI(fn, a) }

// bios implements pc.BIOS.
type bios struct{}

func (bios) Interrupt(n uint8, r *disk.Regs) {
	k := kern.Registers{
		EAX: r.EAX, EBX: r.EBX, ECX: r.ECX, EDX: r.EDX, ESI: r.ESI, EDI: r.EDI, DS: r.DS, ES: r.ES, Int: uint16(n),
	}
	kern.BIOS(&k)
	r.EAX, r.EBX, r.ECX, r.EDX, r.ESI, r.EDI, r.DS, r.ES = k.EAX, k.EBX, k.ECX, k.EDX, k.ESI, k.EDI, k.DS, k.ES
	r.Carry = k.Flags&kern.Carry != 0
}

func (bios) Buffer() (addr uintptr, b []byte)      { return kern.LowBuffer() }
func (bios) Memory(addr uint32, n int) []byte      { return bytesAt(uintptr(addr), uintptr(n)) }
func (bios) Drive() (drive uint8, extensions bool) { return kern.BIOSDrive() }
func (bios) DiskGUID() gpt.GUID                    { return kern.DiskGUID() }

// bytesAt returns memory that is mapped at its own address.
func bytesAt(addr, n uintptr) []byte { return unsafe.Slice((*byte)(unsafe.Pointer(addr)), n) }

// physicalMemory reads tables of the firmware where they are.
func physicalMemory(addr uint64, n int) []byte {
	if addr < 4096 || addr > address.IdentityEnd-uint64(n) {
		return nil
	}
	kern.MapDevice(uintptr(addr), uintptr(n))
	return bytesAt(uintptr(addr), uintptr(n))
}

// mapFramebuffer and mapEarlyFramebuffer make a framebuffer accessible, with system calls
// and before there are any.
func mapFramebuffer(addr, size uint64) []byte {
	kern.MapFramebuffer(uintptr(addr), uintptr(size))
	return bytesAt(uintptr(addr), uintptr(size))
}

func mapEarlyFramebuffer(addr, size uint64) []byte {
	kern.EarlyMapFramebuffer(uintptr(addr), uintptr(size))
	return bytesAt(uintptr(addr), uintptr(size))
}

// mapBAR makes device registers usable.
func mapBAR(b pci.BAR) (bus.Registers, error) {
	if b.IO {
		return port.Map(ports{}, b)
	}
	const maxAddress, maxSize = 1 << 46, 1 << 30 // identity-mapped, below the program
	if b.Size > maxSize || b.Addr > maxAddress-b.Size {
		return nil, fmt.Errorf("registers at %#x, %d bytes, out of reach", b.Addr, b.Size)
	}
	kern.MapDevice(uintptr(b.Addr), uintptr(b.Size))
	return registers{b}, nil
}

// registers are registers in memory. Every access is one instruction: the functions are
// not inlined, so that none is left out or moved.
type registers struct{ bar pci.BAR }

func (r registers) Size() uint64 { return r.bar.Size }

func (r registers) at(off uint32) unsafe.Pointer {
	a := uintptr(r.bar.Addr) + uintptr(off)
	return *(*unsafe.Pointer)(unsafe.Pointer(&a)) // memory outside Go's heap
}

//go:noinline
func (r registers) Read8(off uint32) uint8 { return *(*uint8)(r.at(off)) }

//go:noinline
func (r registers) Read16(off uint32) uint16 { return *(*uint16)(r.at(off)) }

//go:noinline
func (r registers) Read32(off uint32) uint32 { return *(*uint32)(r.at(off)) }

//go:noinline
func (r registers) Write8(off uint32, v uint8) { *(*uint8)(r.at(off)) = v }

//go:noinline
func (r registers) Write16(off uint32, v uint16) { *(*uint16)(r.at(off)) = v }

//go:noinline
func (r registers) Write32(off uint32, v uint32) { *(*uint32)(r.at(off)) = v }
