// Package pci finds PCI devices and their registers, through whatever reaches their
// configuration space: ports on a PC (package board), memory in tests.
//
// Reference: PCI Local Bus Specification 3.0, chapter 6. Its first 256 bytes of
// configuration space are all that disk drivers need, so PCI Express's extended space is
// not supported. Addresses and bus numbers are the firmware's: none are given out here.
package pci

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Config reads and writes configuration space; offsets are multiples of 4 below 256.
// Reads of what does not exist return all ones.
type Config interface {
	Read(a Address, off uint8) uint32
	Write(a Address, off uint8, v uint32)
}

// Address names a function of a device.
type Address struct{ Bus, Device, Function uint8 }

func (a Address) String() string {
	return fmt.Sprintf("%02x:%02x.%d", a.Bus, a.Device, a.Function)
}

// Offsets in the configuration header (figures 6-1 and 6-5).
const (
	regID         = 0x00 // vendor, device
	regCommand    = 0x04 // command, status
	regClass      = 0x08 // revision, class code
	regHeader     = 0x0c // header type in bits 16-23
	regBAR        = 0x10
	regCapability = 0x34

	capabilitiesStart = 0x40 // section 6.7: never inside the header
	maxCapabilities   = (256 - capabilitiesStart) / 4
)

// Bits of the command and status register (tables 6-1 and 6-2).
const (
	cmdIO        = 1 << 0
	cmdMemory    = 1 << 1
	cmdMaster    = 1 << 2
	cmdNoINTx    = 1 << 10
	statusCaps   = 1 << (16 + 4)
	statusMask   = 0xffff0000 // bits that writing 1 clears
	headerMulti  = 0x80
	headerType   = 0x7f
	headerNormal = 0

	maxBus, maxDevice, maxFunction = 256, 32, 8
)

// ErrNoBAR says that a function lacks a base address register or its address.
var ErrNoBAR = errors.New("no base address")

// Function is one function of a device.
type Function struct {
	Address
	Vendor, Device uint16
	Class          uint32 // base class, sub-class, interface: 0x010802

	config  Config
	command uint32 // before Enable
	enabled bool
}

// Scan lists the ordinary functions (no bridges) of all buses. It looks at all 256
// instead of following bridges: a large machine has several roots, which only the
// firmware's tables name, and behind bridges lie buses that the firmware numbered.
func Scan(c Config) []*Function {
	var out []*Function
	for bus := range maxBus {
		for dev := range maxDevice {
			for fn := range maxFunction {
				a := Address{uint8(bus), uint8(dev), uint8(fn)}
				id := c.Read(a, regID)
				if vendor := uint16(id); vendor == 0xffff || vendor == 0 {
					if fn == 0 {
						break // section 3.2.2.3.4: function 0 is always there
					}
					continue
				}
				header := uint8(c.Read(a, regHeader) >> 16)
				if header&headerType == headerNormal {
					out = append(out, &Function{Address: a, Vendor: uint16(id), Device: uint16(id >> 16),
						Class: c.Read(a, regClass) >> 8, config: c})
				}
				if fn == 0 && header&headerMulti == 0 {
					break
				}
			}
		}
	}
	return out
}

// Read reads a word of the configuration space.
func (f *Function) Read(off uint8) uint32 { return f.config.Read(f.Address, off&^3) }

// Enable lets the function answer and reach memory, without interrupts.
func (f *Function) Enable() {
	v := f.Read(regCommand) &^ statusMask
	if !f.enabled {
		f.command, f.enabled = v, true
	}
	f.config.Write(f.Address, regCommand, v|cmdIO|cmdMemory|cmdMaster|cmdNoINTx)
}

// Quiet takes the function off the bus: it still answers but reaches no memory.
func (f *Function) Quiet() {
	v := f.Read(regCommand) &^ statusMask
	f.config.Write(f.Address, regCommand, v&^cmdMaster)
}

// Restore sets the command register as it was before Enable.
func (f *Function) Restore() {
	if f.enabled {
		f.config.Write(f.Address, regCommand, f.command)
		f.enabled = false
	}
}

// BAR is what a base address register says.
type BAR struct {
	IO   bool
	Addr uint64
	Size uint64
}

// BAR reads base address register n, 0 to 5 (section 6.2.5.1).
func (f *Function) BAR(n int) (BAR, error) {
	if n < 0 || n > 5 {
		return BAR{}, fmt.Errorf("PCI device %v: %w: register %d, want 0 to 5", f.Address, ErrNoBAR, n)
	}
	reg := uint8(regBAR + 4*n)
	low := f.Read(reg)
	const isIO, isWide, typeMask = 1, 2 << 1, 3 << 1
	wide := low&isIO == 0 && low&typeMask == isWide
	if wide && n == 5 {
		return BAR{}, fmt.Errorf("PCI device %v: %w: register 5 claims to be 64 bits wide", f.Address, ErrNoBAR)
	}
	// The size is found by writing ones; meanwhile the function must not answer.
	cmd := f.Read(regCommand) &^ statusMask
	f.config.Write(f.Address, regCommand, cmd&^(cmdIO|cmdMemory))
	probe := func(reg uint8) (value, mask uint32) {
		value = f.Read(reg)
		f.config.Write(f.Address, reg, 0xffffffff)
		mask = f.Read(reg)
		f.config.Write(f.Address, reg, value)
		return value, mask
	}
	_, mask := probe(reg)
	var high, highMask uint32
	if wide {
		high, highMask = probe(reg + 4)
	}
	f.config.Write(f.Address, regCommand, cmd)
	b := BAR{IO: low&isIO != 0}
	switch {
	case b.IO:
		// The upper half may be hardwired to 0: ports have 16 bits on a PC.
		b.Addr, b.Size = uint64(low&^3), uint64(uint16(-(mask &^ 3)))
	case wide:
		b.Addr = uint64(high)<<32 | uint64(low&^15)
		b.Size = -(uint64(highMask)<<32 | uint64(mask&^15))
	default:
		b.Addr, b.Size = uint64(low&^15), uint64(-(mask &^ 15))
	}
	if b.Addr == 0 || b.Size == 0 || b.Addr+b.Size-1 < b.Addr {
		return BAR{}, fmt.Errorf("PCI device %v: %w: register %d holds %#x, %d bytes; the firmware did not set this device up", f.Address, ErrNoBAR, n, b.Addr, b.Size)
	}
	return b, nil
}

// MapFunc makes the registers behind a base address usable.
type MapFunc func(BAR) (bus.Registers, error)

// Map makes the registers of base address register n usable, of which the driver needs
// the first need bytes.
func (f *Function) Map(n int, need uint64, m MapFunc) (bus.Registers, error) {
	b, err := f.BAR(n)
	if err != nil {
		return nil, err
	}
	if b.Size < need {
		return nil, fmt.Errorf("PCI device %v: %w: register %d covers %d bytes, want %d", f.Address, ErrNoBAR, n, b.Size, need)
	}
	return m(b)
}

// Capabilities returns the offsets of the capabilities with an id (section 6.7), in the
// order of the list. A list that runs in a circle is cut.
func (f *Function) Capabilities(id uint8) []uint8 {
	if f.Read(regCommand)&statusCaps == 0 {
		return nil
	}
	var out []uint8
	next := uint8(f.Read(regCapability)) &^ 3
	for i := 0; i < maxCapabilities && next >= capabilitiesStart; i++ {
		head := f.Read(next)
		if uint8(head) == id {
			out = append(out, next)
		}
		next = uint8(head>>8) &^ 3
	}
	return out
}
