//go:build metal

package board

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// pciPorts is configuration mechanism 1 (PCI Local Bus Specification 3.0, section
// 3.2.2.3.2).
type pciPorts struct{}

const (
	pciAddress = 0xcf8
	pciData    = 0xcfc
)

func (pciPorts) point(a pci.Address, off uint8) {
	const enable = 1 << 31
	kern.Out32(pciAddress, enable|uint32(a.Bus)<<16|uint32(a.Device)<<11|uint32(a.Function)<<8|uint32(off&^3))
}

func (p pciPorts) Read(a pci.Address, off uint8) uint32 {
	p.point(a, off)
	return kern.In32(pciData)
}

func (p pciPorts) Write(a pci.Address, off uint8, v uint32) {
	p.point(a, off)
	kern.Out32(pciData, v)
}

// mapBAR makes device registers usable.
func mapBAR(b pci.BAR) (bus.Registers, error) {
	if b.IO {
		if b.Addr+b.Size > 1<<16 {
			return nil, fmt.Errorf("board: ports %#x to %#x do not exist", b.Addr, b.Addr+b.Size-1)
		}
		return ports{b}, nil
	}
	const maxAddress, maxSize = 1 << 46, 1 << 30 // identity-mapped, below the program
	if b.Size > maxSize || b.Addr > maxAddress-b.Size {
		return nil, fmt.Errorf("board: registers at %#x, %d bytes, out of reach", b.Addr, b.Size)
	}
	kern.MapDevice(uintptr(b.Addr), uintptr(b.Size))
	return memoryRegisters{b}, nil
}

// ports are registers in I/O space.
type ports struct{ bar pci.BAR }

func (p ports) Size() uint64                 { return p.bar.Size }
func (p ports) at(off uint32) uint16         { return uint16(p.bar.Addr) + uint16(off) }
func (p ports) Read8(off uint32) uint8       { return kern.In8(p.at(off)) }
func (p ports) Read16(off uint32) uint16     { return kern.In16(p.at(off)) }
func (p ports) Read32(off uint32) uint32     { return kern.In32(p.at(off)) }
func (p ports) Write8(off uint32, v uint8)   { kern.Out8(p.at(off), v) }
func (p ports) Write16(off uint32, v uint16) { kern.Out16(p.at(off), v) }
func (p ports) Write32(off uint32, v uint32) { kern.Out32(p.at(off), v) }

// memoryRegisters are registers in memory. Every access is one instruction: the
// functions are not inlined, so that none is left out or moved.
type memoryRegisters struct{ bar pci.BAR }

func (m memoryRegisters) Size() uint64 { return m.bar.Size }

func (m memoryRegisters) at(off uint32) unsafe.Pointer {
	a := uintptr(m.bar.Addr) + uintptr(off)
	return *(*unsafe.Pointer)(unsafe.Pointer(&a)) // memory outside Go's heap
}

//go:noinline
func (m memoryRegisters) Read8(off uint32) uint8 { return *(*uint8)(m.at(off)) }

//go:noinline
func (m memoryRegisters) Read16(off uint32) uint16 { return *(*uint16)(m.at(off)) }

//go:noinline
func (m memoryRegisters) Read32(off uint32) uint32 { return *(*uint32)(m.at(off)) }

//go:noinline
func (m memoryRegisters) Write8(off uint32, v uint8) { *(*uint8)(m.at(off)) = v }

//go:noinline
func (m memoryRegisters) Write16(off uint32, v uint16) { *(*uint16)(m.at(off)) = v }

//go:noinline
func (m memoryRegisters) Write32(off uint32, v uint32) { *(*uint32)(m.at(off)) = v }

// machine is bus.Machine on the bare machine. DMA memory is cut from chunks and never
// given back.
type machine struct{ chunk []byte }

const (
	dmaChunk = 2 << 20
	// programSpace is where Go's memory starts, which kern backs with 2 MiB pages. Below
	// lie the core, page by page, and memory at its own address.
	programSpace = 4 << 40
	hugePage     = 2 << 20
)

var errNoDMA = errors.New("board: no contiguous memory")

func (m *machine) DMA(n int) (bus.Memory, error) {
	n = (n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	if n > len(m.chunk) {
		b := kern.Contiguous(max(n, dmaChunk))
		if b == nil {
			return bus.Memory{}, fmt.Errorf("%w of %d bytes", errNoDMA, n)
		}
		if n == len(b) {
			return bus.Memory{Bytes: b, Addr: uint64(uintptr(unsafe.Pointer(&b[0])))}, nil
		}
		m.chunk = b
	}
	b := m.chunk[:n:n]
	m.chunk = m.chunk[n:]
	return bus.Memory{Bytes: b, Addr: uint64(uintptr(unsafe.Pointer(&b[0])))}, nil
}

// Physical relies on b being no goroutine's stack, which could move: bytes that go
// through an interface, as these do, are on the heap.
func (m *machine) Physical(b []byte) (uint64, int) {
	if len(b) == 0 {
		return 0, 0
	}
	p := unsafe.Pointer(&b[0])
	a := uintptr(p)
	page := uintptr(bus.PageSize)
	switch {
	case a < address.IdentityEnd:
		return uint64(a), len(b)
	case a >= programSpace:
		page = hugePage
	}
	pa := kern.PhysicalAddress(p)
	if pa == 0 {
		return 0, 0
	}
	return uint64(pa), min(len(b), int(page-a&(page-1)))
}

func (m *machine) Now() time.Duration { return time.Duration(kern.Nanotime()) }

func (m *machine) Sleep(d time.Duration) { time.Sleep(d) }
