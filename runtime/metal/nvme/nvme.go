// Package nvme reads the namespaces of NVM Express controllers over PCI.
//
// Reference: NVM Express Base Specification 1.4 (section numbers in this package are
// its). One pair of I/O queues is used, polled.
//
// Not supported: writing, metadata interleaved with data, controllers whose smallest
// page is larger than 4 KiB, other command sets (zoned, key-value), multipath.
package nvme

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// class is mass storage, non-volatile memory, NVM Express (section 2.1.5).
const class = 0x010802

// Match reports whether f is an NVMe controller.
func Match(f *pci.Function) bool { return f.Class == class }

// Registers (section 3.1).
const (
	regCAP  = 0x00 // 64 bits
	regCC   = 0x14
	regCSTS = 0x1c
	regAQA  = 0x24
	regASQ  = 0x28 // 64 bits
	regACQ  = 0x30 // 64 bits
	regDoor = 0x1000

	ccEnable   = 1 << 0
	ccShutdown = 1 << 14       // SHN: normal
	ccEntries  = 6<<16 | 4<<20 // log2 of the entry sizes: 64 and 16 bytes

	cstsReady    = 1 << 0
	cstsFatal    = 1 << 1
	cstsShutMask = 3 << 2
	cstsShutDone = 2 << 2

	barNumber = 0
	pageSize  = 4096 // CC.MPS = 0

	maxRequest   = 1 << 20
	maxSlots     = 16
	queueEntries = maxSlots + 1 // one entry of a queue stays empty
	maxDisks     = 16

	adminTime = 10 * time.Second
	// shutdownTime bounds the wait for a shutdown; nothing was written, so a drive has
	// little to do.
	shutdownTime = 5 * time.Second
)

// controller is an open controller; its namespaces share the I/O queues.
type controller struct {
	machine bus.Machine
	f       *pci.Function
	r       bus.Registers
	ready   time.Duration // CAP.TO
	admin   queue
	io      queue
	lists   bus.Memory // a PRP list for each slot
	buffer  bus.Memory // for identify
	entries int        // of the I/O queues
	limit   int        // bytes of a request
	users   int        // open namespaces
	dead    error
}

// Open takes a controller over and returns its namespaces as disks; the first is called
// name plus number first. Namespaces that cannot be used are reported as an error beside
// the others. Without any the controller is left quiet: disabled, off the bus.
func Open(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	c := &controller{machine: m, f: f}
	f.Enable()
	disks, err := c.open(name, first, mapBAR)
	if len(disks) == 0 {
		if c.r != nil {
			err = errors.Join(err, c.disable())
		}
		f.Quiet()
	}
	if err != nil {
		return disks, fmt.Errorf("NVMe controller %v: %w", f.Address, err)
	}
	return disks, nil
}

func (c *controller) open(name string, first int, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	r, err := c.f.Map(barNumber, regDoor+16, mapBAR)
	if err != nil {
		return nil, err
	}
	cap := bus.Read64(r, regCAP)
	if cap == 1<<64-1 {
		return nil, fmt.Errorf("%w: its registers read as ones", bus.ErrDevice)
	}
	const sizeShift, stride, timeout, pageMin, setNVM = 0, 32, 24, 48, 1 << 37
	if min := 12 + cap>>pageMin&0xf; min > 12 || cap&setNVM == 0 {
		return nil, fmt.Errorf("%w: capabilities %#x: pages from 2^%d bytes, want 2^12 and the NVM command set", bus.ErrUnsupported, cap, min)
	}
	doorSize := uint32(4) << (cap >> stride & 0xf)
	if regDoor+4*uint64(doorSize) > r.Size() {
		return nil, fmt.Errorf("%w: doorbells every %d bytes in %d bytes of registers", bus.ErrProtocol, doorSize, r.Size())
	}
	c.r = r
	c.ready = time.Duration(cap>>timeout&0xff+1) * 500 * time.Millisecond
	c.entries = min(int(cap>>sizeShift&0xffff)+1, queueEntries)
	if c.entries < 2 {
		return nil, fmt.Errorf("%w: queues of %d entries", bus.ErrProtocol, c.entries)
	}
	if err := c.allocate(doorSize); err != nil {
		return nil, err
	}
	if err := c.start(); err != nil {
		return nil, err
	}
	return c.namespaces(name, first)
}

// allocate takes the memory for queues and lists.
func (c *controller) allocate(doorSize uint32) error {
	slots := c.entries - 1
	mem, err := c.machine.DMA((5 + slots) * pageSize)
	if err != nil {
		return fmt.Errorf("no memory for queues: %w", err)
	}
	page := func(n int) bus.Memory { return mem.At(n*pageSize, pageSize) }
	door := func(n uint32) uint32 { return regDoor + n*doorSize }
	c.admin = queue{r: c.r, submit: page(0), complete: page(1), tail: door(0), head: door(1), entries: 2}
	c.io = queue{r: c.r, submit: page(2), complete: page(3), tail: door(2), head: door(3), entries: c.entries}
	c.buffer = page(4)
	c.lists = mem.At(5*pageSize, slots*pageSize)
	return nil
}

// start resets and enables the controller (section 7.6.1) and makes the I/O queues.
func (c *controller) start() error {
	if err := c.disable(); err != nil {
		return err
	}
	c.admin.clear()
	c.io.clear()
	last := uint32(c.admin.entries - 1)
	c.r.Write32(regAQA, last|last<<16)
	bus.Write64(c.r, regASQ, c.admin.submit.Addr)
	bus.Write64(c.r, regACQ, c.admin.complete.Addr)
	c.r.Write32(regCC, ccEntries|ccEnable)
	if err := c.wait("enabled", cstsReady); err != nil {
		return err
	}
	return c.makeQueues()
}

// disable resets the controller (section 7.3.2): it forgets its queues.
func (c *controller) disable() error {
	cc := c.r.Read32(regCC)
	if cc&ccEnable != 0 {
		// Section 3.1.5: the bit must not be cleared while the enabling goes on.
		if err := c.wait("enabled by the firmware", cstsReady); err != nil && !errors.Is(err, bus.ErrDevice) {
			return err
		}
	}
	c.r.Write32(regCC, cc&^(ccEnable|3<<14))
	return c.wait("disabled", 0)
}

// wait waits for CSTS.RDY. A fatal status ends the wait for ready.
func (c *controller) wait(what string, want uint32) error {
	var status uint32
	err := bus.Wait(c.machine, c.ready, "controller "+what, func() bool {
		status = c.r.Read32(regCSTS)
		return status&cstsReady == want || status&cstsFatal != 0 && want != 0
	})
	if err == nil && status&cstsReady != want {
		return fmt.Errorf("%w: controller status %#x, fatal", bus.ErrDevice, status)
	}
	return err
}

// close shuts the controller down when its last namespace closes (section 7.6.2).
func (c *controller) close() error {
	if c.users--; c.users > 0 {
		if c.io.flying == 0 {
			return nil
		}
		return c.start() // a reset gives up what is in flight
	}
	var err error
	if c.dead == nil {
		c.r.Write32(regCC, c.r.Read32(regCC)|ccShutdown)
		err = bus.Wait(c.machine, shutdownTime, "shutdown", func() bool { return c.r.Read32(regCSTS)&cstsShutMask == cstsShutDone })
	}
	err = errors.Join(err, c.disable())
	c.f.Quiet()
	if err != nil {
		return fmt.Errorf("NVMe controller %v: %w", c.f.Address, err)
	}
	return nil
}

var le = binary.LittleEndian
