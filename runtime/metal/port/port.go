// Package port is the I/O address space of x86 machines: the interface by which drivers
// reach it (package porttest fakes it), PCI configuration through it, and device registers
// in it.
package port

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// IO reads and writes I/O ports. A read where nothing answers returns all ones.
type IO interface {
	In8(port uint16) uint8
	In16(port uint16) uint16
	In32(port uint16) uint32
	Out8(port uint16, v uint8)
	Out16(port uint16, v uint16)
	Out32(port uint16, v uint32)
}

// PCI is configuration mechanism 1 (PCI Local Bus Specification 3.0, section 3.2.2.3.2).
type PCI struct{ IO IO }

const (
	pciAddress = 0xcf8
	pciData    = 0xcfc
)

func (p PCI) point(a pci.Address, off uint8) {
	const enable = 1 << 31
	p.IO.Out32(pciAddress, enable|uint32(a.Bus)<<16|uint32(a.Device)<<11|uint32(a.Function)<<8|uint32(off&^3))
}

// Read implements pci.Config.
func (p PCI) Read(a pci.Address, off uint8) uint32 {
	p.point(a, off)
	return p.IO.In32(pciData)
}

// Write implements pci.Config.
func (p PCI) Write(a pci.Address, off uint8, v uint32) {
	p.point(a, off)
	p.IO.Out32(pciData, v)
}

// Map returns the registers behind a base address in I/O space.
func Map(io IO, b pci.BAR) (bus.Registers, error) {
	const space = 1 << 16
	if b.Addr >= space || b.Size > space-b.Addr {
		return nil, fmt.Errorf("ports %#x to %#x do not exist", b.Addr, b.Addr+b.Size-1)
	}
	return registers{io, uint16(b.Addr), b.Size}, nil
}

// registers implements bus.Registers.
type registers struct {
	io   IO
	base uint16
	size uint64
}

func (r registers) Size() uint64                 { return r.size }
func (r registers) at(off uint32) uint16         { return r.base + uint16(off) }
func (r registers) Read8(off uint32) uint8       { return r.io.In8(r.at(off)) }
func (r registers) Read16(off uint32) uint16     { return r.io.In16(r.at(off)) }
func (r registers) Read32(off uint32) uint32     { return r.io.In32(r.at(off)) }
func (r registers) Write8(off uint32, v uint8)   { r.io.Out8(r.at(off), v) }
func (r registers) Write16(off uint32, v uint16) { r.io.Out16(r.at(off), v) }
func (r registers) Write32(off uint32, v uint32) { r.io.Out32(r.at(off), v) }
