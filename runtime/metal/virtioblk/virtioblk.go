// Package virtioblk reads virtio block devices over PCI, modern and transitional ones.
//
// Reference: Virtual I/O Device (VIRTIO) version 1.2, Committee Specification 01:
// sections 2.7 (split virtqueues), 3.1 (initialisation), 4.1 (PCI) and 5.2 (block
// device). Section numbers in this package are its.
//
// Not supported: writing, packed virtqueues, several queues, interrupts.
package virtioblk

import (
	"encoding/binary"
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// PCI identity (sections 4.1.2 and 4.1.2.3).
const (
	vendor             = 0x1af4
	deviceTransitional = 0x1001
	deviceModern       = 0x1042
)

// Match reports whether f is a virtio block device.
func Match(f *pci.Function) bool {
	return f.Vendor == vendor && (f.Device == deviceTransitional || f.Device == deviceModern)
}

// Bits of the device status (section 2.1).
const (
	statusAcknowledge = 1
	statusDriver      = 2
	statusDriverOK    = 4
	statusFeaturesOK  = 8
	statusFailed      = 128
)

// Features (sections 5.2.3 and 6).
const (
	featSizeMax   = 1 << 1
	featSegMax    = 1 << 2
	featBlockSize = 1 << 6
	featVersion1  = 1 << 32
	featPlatform  = 1 << 33 // addresses go through what the platform has, here nothing

	wanted = featSizeMax | featSegMax | featBlockSize | featVersion1 | featPlatform
)

// Device configuration (section 5.2.4).
const (
	cfgCapacity  = 0x00
	cfgSizeMax   = 0x08
	cfgSegMax    = 0x0c
	cfgBlockSize = 0x14
	configSize   = 0x18

	sector = 512 // unit of capacity and of requests, whatever the block size
)

const (
	resetTime = time.Second

	maxRequest = 1 << 20
	maxSlots   = 16
	// maxQueue is what we use of a queue: eight descriptors for each request.
	maxQueue = 8 * maxSlots
)

// device is the controller of a block.Disk.
type device struct {
	machine bus.Machine
	f       *pci.Function
	t       transport
	queue   queue
	slots   int
	block   int
	seen    uint16 // index of the next used entry
}

// Open takes the device over and returns it as a disk. On an error it is left quiet.
func Open(name string, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) (*block.Disk, error) {
	d := &device{machine: m, f: f}
	f.Enable()
	disk, err := d.open(name, mapBAR)
	if err != nil {
		f.Quiet()
		return nil, fmt.Errorf("virtioblk: %v: %w", f.Address, err)
	}
	return disk, nil
}

func (d *device) open(name string, mapBAR pci.MapFunc) (*block.Disk, error) {
	m, err := findModern(d.f, mapBAR)
	if err != nil {
		return nil, err
	}
	if m != nil {
		d.t = m
	} else {
		r, err := d.f.Map(0, legConfig+configSize, mapBAR)
		if err != nil {
			return nil, err
		}
		d.t = legacy{r}
	}
	features, err := d.start()
	if err != nil {
		d.t.setStatus(statusFailed)
		return nil, err
	}
	g, l := d.geometry(features)
	g.Name = name
	disk, err := block.NewDisk(g, d.machine, d, l)
	if err != nil {
		return nil, fmt.Errorf("%w (and %v)", err, d.reset())
	}
	return disk, nil
}

// reset waits until the device has forgotten everything (section 4.1.4.3.2).
func (d *device) reset() error {
	d.t.setStatus(0)
	return bus.Wait(d.machine, resetTime, "reset", func() bool { return d.t.status() == 0 })
}

// start initialises the device (section 3.1.1) and returns the features in use.
func (d *device) start() (uint64, error) {
	if err := d.reset(); err != nil {
		return 0, err
	}
	d.t.setStatus(statusAcknowledge)
	d.t.setStatus(statusAcknowledge | statusDriver)
	features := d.t.features() & wanted
	status := uint8(statusAcknowledge | statusDriver)
	if _, ok := d.t.(*modern); ok {
		if features&featVersion1 == 0 {
			return 0, fmt.Errorf("%w: it has modern registers but not VIRTIO_F_VERSION_1", bus.ErrProtocol)
		}
		d.t.accept(features)
		status |= statusFeaturesOK
		d.t.setStatus(status)
		if d.t.status()&statusFeaturesOK == 0 {
			return 0, fmt.Errorf("%w: it refuses features %#x", bus.ErrDevice, features)
		}
	} else {
		d.t.accept(features)
	}
	if err := d.startQueue(); err != nil {
		return 0, err
	}
	d.t.setStatus(status | statusDriverOK)
	return features, nil
}

// startQueue gives the device queue 0.
func (d *device) startQueue() error {
	size, fixed := d.t.queue()
	if size < minQueue || size > 32768 || size&(size-1) != 0 { // section 2.7
		return fmt.Errorf("%w: a queue of %d entries, want a power of two from %d to 32768", bus.ErrProtocol, size, minQueue)
	}
	if !fixed {
		size = min(size, maxQueue)
	}
	d.slots = max(1, min(maxSlots, size/8))
	if d.queue.size != size {
		q, err := newQueue(d.machine, size, d.slots)
		if err != nil {
			return err
		}
		d.queue = q
	}
	d.queue.clear()
	d.seen = 0
	return d.t.setQueue(size, d.queue.desc.Addr, d.queue.avail.Addr, d.queue.used.Addr)
}

// geometry reads the device configuration.
func (d *device) geometry(features uint64) (block.Geometry, block.Limits) {
	d.block = sector
	if features&featBlockSize != 0 {
		d.block = int(d.t.config32(cfgBlockSize))
	}
	sectors := uint64(d.t.config32(cfgCapacity)) | uint64(d.t.config32(cfgCapacity+4))<<32
	l := block.Limits{Slots: d.slots, Bytes: maxRequest, Segments: d.queue.segments}
	if features&featSegMax != 0 {
		l.Segments = min(l.Segments, int(max(d.t.config32(cfgSegMax), 1)))
	}
	if features&featSizeMax != 0 {
		l.SegmentBytes = int(min(d.t.config32(cfgSizeMax), maxRequest))
	}
	g := block.Geometry{Block: d.block}
	if d.block >= sector { // else NewDisk refuses
		g.Blocks = sectors / uint64(d.block/sector)
	}
	return g, l
}

// Submit implements block.Controller.
func (d *device) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	d.queue.add(slot, lba*uint64(d.block/sector), to)
	d.t.notify()
	return nil
}

// Poll implements block.Controller.
func (d *device) Poll() (int, error) {
	used := d.queue.usedIndex()
	if used == d.seen {
		return -1, nil
	}
	if n := used - d.seen; int(n) > d.slots {
		return -1, fmt.Errorf("%w: %d requests ended, %d can be in flight", bus.ErrProtocol, n, d.slots)
	}
	id := d.queue.usedID(d.seen)
	d.seen++
	slot, ok := d.queue.slot(id)
	if !ok {
		return -1, fmt.Errorf("%w: descriptor %d ended, which starts no request", bus.ErrProtocol, id)
	}
	const good, ioError, unsupported = 0, 1, 2 // section 5.2.6
	switch s := d.queue.status(slot); s {
	case good:
		return slot, nil
	case ioError:
		return slot, fmt.Errorf("%w: VIRTIO_BLK_S_IOERR", bus.ErrDevice)
	case unsupported:
		return slot, fmt.Errorf("%w: VIRTIO_BLK_S_UNSUPP", bus.ErrDevice)
	default:
		return slot, fmt.Errorf("%w: status %#x", bus.ErrProtocol, s)
	}
}

// Recover implements block.Controller: a reset gives up all requests.
func (d *device) Recover() error {
	_, err := d.start()
	return err
}

// Close implements block.Controller.
func (d *device) Close() error {
	err := d.reset()
	d.f.Quiet()
	if err != nil {
		return fmt.Errorf("virtioblk: %v: %w", d.f.Address, err)
	}
	return nil
}

var le = binary.LittleEndian
