package bustest

import (
	"encoding/binary"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Registers are registers of a device model: functions that get the offset and the size
// of the access in bytes.
type Registers struct {
	Len   uint64
	Load  func(off uint32, size int) uint32
	Store func(off uint32, size int, v uint32)
}

// check panics where the driver leaves its registers.
func (r Registers) check(off uint32, size int) {
	if uint64(off)+uint64(size) > r.Len || off%uint32(size) != 0 {
		panic(fmt.Sprintf("access of %d bytes at register %#x of %#x", size, off, r.Len))
	}
}

func (r Registers) Size() uint64 { return r.Len }

func (r Registers) Read8(off uint32) uint8 {
	r.check(off, 1)
	return uint8(r.Load(off, 1))
}

func (r Registers) Read16(off uint32) uint16 {
	r.check(off, 2)
	return uint16(r.Load(off, 2))
}

func (r Registers) Read32(off uint32) uint32 {
	r.check(off, 4)
	return r.Load(off, 4)
}

func (r Registers) Write8(off uint32, v uint8) {
	r.check(off, 1)
	r.Store(off, 1, uint32(v))
}

func (r Registers) Write16(off uint32, v uint16) {
	r.check(off, 2)
	r.Store(off, 2, uint32(v))
}

func (r Registers) Write32(off uint32, v uint32) {
	r.check(off, 4)
	r.Store(off, 4, v)
}

// Config is the configuration space of one function at 00:00.0.
type Config struct {
	Space [256]byte
	bars  [6]pci.BAR
}

// Command register bits and offsets, as in package pci.
const (
	regCommand    = 0x04
	regBAR        = 0x10
	regCapability = 0x34
	cmdMaster     = 1 << 2
	statusCaps    = 1 << 4 // of the byte at 0x06
)

// NewConfig returns the configuration space of a function with 32-bit base addresses and
// capabilities, each given from its id on; their list is made here.
func NewConfig(vendor, device uint16, class uint32, bars map[int]pci.BAR, capabilities ...[]byte) *Config {
	c := &Config{}
	le := binary.LittleEndian
	le.PutUint16(c.Space[0:], vendor)
	le.PutUint16(c.Space[2:], device)
	le.PutUint32(c.Space[8:], class<<8)
	for n, b := range bars {
		v := uint32(b.Addr)
		if b.IO {
			v |= 1
		}
		le.PutUint32(c.Space[regBAR+4*n:], v)
		c.bars[n] = b
	}
	link, at := regCapability, 0x40
	for _, body := range capabilities {
		c.Space[6] |= statusCaps
		c.Space[link] = byte(at)
		copy(c.Space[at:], body)
		c.Space[at+1] = 0
		link = at + 1
		at += (len(body) + 3) &^ 3
	}
	return c
}

// Function returns the function, as a scan finds it.
func (c *Config) Function() *pci.Function { return pci.Scan(c)[0] }

// Master reports whether the function may reach memory.
func (c *Config) Master() bool { return c.Space[regCommand]&cmdMaster != 0 }

// Read implements pci.Config.
func (c *Config) Read(a pci.Address, off uint8) uint32 {
	if a != (pci.Address{}) {
		return 0xffffffff
	}
	return binary.LittleEndian.Uint32(c.Space[off:])
}

// Write implements pci.Config.
func (c *Config) Write(a pci.Address, off uint8, v uint32) {
	if n := (int(off) - regBAR) / 4; off >= regBAR && n < len(c.bars) {
		flags := uint32(0)
		if c.bars[n].IO {
			flags = 1
		}
		v = v&-uint32(c.bars[n].Size) | flags
	}
	if off == regCommand { // writing 0 changes nothing in the status
		binary.LittleEndian.PutUint16(c.Space[off:], uint16(v))
		return
	}
	binary.LittleEndian.PutUint32(c.Space[off:], v)
}

var (
	_ bus.Registers = Registers{}
	_ pci.Config    = (*Config)(nil)
)
