// Package driverstest fakes PCI controllers with disks, and images of boot disks, for
// tests of the search for the boot disk.
package driverstest

import (
	"errors"
	"fmt"
	"hash/crc32"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Block is the block size of all disks.
const Block = 512

// Image returns a disk of 100 blocks with a partition table, as far as the search reads it.
func Image(guid gpt.GUID, parts ...gpt.Partition) []byte {
	const blocks, array = 100, 2
	b := make([]byte, blocks*Block)
	for i := range parts {
		parts[i].First, parts[i].Last = 40+uint64(i), 40+uint64(i)
	}
	entries, err := gpt.EncodeArray(parts)
	if err != nil {
		panic(err)
	}
	h := gpt.Header{My: 1, Alternate: blocks - 1, FirstUsable: 40, LastUsable: 60, Disk: guid, Array: array, ArrayCRC: crc32.ChecksumIEEE(entries)}
	copy(b[Block:], h.Encode())
	copy(b[array*Block:], entries)
	return b
}

// Disk is a disk on a controller.
type Disk struct {
	Image  []byte
	Unit   int
	Broken bool // reads fail
	NoStop bool // it cannot be closed
	Closed bool
}

// Controller is a PCI function with disks.
type Controller struct {
	Device uint16 // for Driver
	Disks  []*Disk
	Err    error // of Open
}

// Machine is a machine with controllers. It implements pci.Config.
type Machine struct {
	*bustest.Machine
	Controllers map[pci.Address]*Controller
}

// New returns a machine without controllers.
func New() *Machine {
	return &Machine{Machine: bustest.New(1 << 20), Controllers: map[pci.Address]*Controller{}}
}

// Hardware returns the machine as drivers see it.
func (m *Machine) Hardware(list ...drivers.Driver) drivers.Hardware {
	return drivers.Hardware{Machine: m.Machine, Config: m, Drivers: list,
		MapBAR: func(pci.BAR) (bus.Registers, error) { return nil, errors.New("the fakes have no registers") }}
}

// Driver returns a driver for the controllers of a device number.
func (m *Machine) Driver(name string, device uint16) drivers.Driver {
	return drivers.Driver{Name: name,
		Match: func(f *pci.Function) bool { return f.Device == device },
		Open: func(name string, first int, machine bus.Machine, f *pci.Function, _ pci.MapFunc) (list []*block.Disk, err error) {
			c := m.Controllers[f.Address]
			for i, d := range c.Disks {
				g := block.Geometry{Name: fmt.Sprint(name, first+i), Unit: d.Unit, Block: Block, Blocks: uint64(len(d.Image) / Block)}
				open, err := block.NewDisk(g, machine, &controller{m.Machine, d, -1}, block.Limits{Slots: 1, Bytes: 64 << 10})
				if err != nil {
					return nil, err
				}
				list = append(list, open)
			}
			return list, c.Err
		},
	}
}

// vendor is that of all devices.
const vendor = 0x1234

// Read implements pci.Config.
func (m *Machine) Read(a pci.Address, off uint8) uint32 {
	c := m.Controllers[a]
	switch {
	case a.Function == 0 && off == 0 && c == nil: // function 0 must exist, or others are not looked for
		return vendor
	case a.Function == 0 && off == 0x0c:
		return 0x80 << 16 // several functions
	case c == nil:
		return 0xffffffff
	case off == 0:
		return vendor | uint32(c.Device)<<16
	}
	return 0
}

// Write implements pci.Config.
func (m *Machine) Write(pci.Address, uint8, uint32) {}

// controller implements block.Controller.
type controller struct {
	m     *bustest.Machine
	d     *Disk
	ended int
}

var errMedium = errors.New("medium error")

func (c *controller) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	if c.d.Broken {
		return errMedium
	}
	at := lba * Block
	for _, s := range to {
		c.m.Put(s.Addr, c.d.Image[at:][:s.N])
		at += uint64(s.N)
	}
	c.ended = slot
	return nil
}

func (c *controller) Poll() (int, error) {
	slot := c.ended
	c.ended = -1
	return slot, nil
}

func (c *controller) Recover() error { return nil }

func (c *controller) Close() error {
	c.d.Closed = true
	if c.d.NoStop {
		return errors.New("the device does not stop")
	}
	return nil
}
