// Package virtioblk reads virtio block devices.
//
// Reference: Virtual I/O Device (VIRTIO) version 1.2, Committee Specification 01, section
// 5.2. Section numbers in this package are its.
//
// Not supported: writing, several queues.
package virtioblk

import (
	"encoding/binary"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio"
)

// Match reports whether f is a virtio block device.
func Match(f *pci.Function) bool { return virtio.Block.Match(f) }

// Features (section 5.2.3).
const (
	featSizeMax   = 1 << 1
	featSegMax    = 1 << 2
	featBlockSize = 1 << 6

	wanted = featSizeMax | featSegMax | featBlockSize
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

// A request (section 5.2.6): header, data, status.
const (
	headerSize = 16
	statusByte = headerSize // offset of the status in a slot's memory
	slotSize   = 32
	overhead   = 2 // segments besides the data
	least      = 4 // descriptors of a queue: header, one segment, status; a power of two

	requestIn = 0
	unset     = 0xff
)

const (
	maxRequest = 1 << 20
	maxSlots   = 16
	// segments is what a request may have of a queue that is long enough.
	segments = 8
)

// device is the controller of a block.Disk.
type device struct {
	machine  bus.Machine
	v        *virtio.Device
	queue    *virtio.Queue
	requests bus.Memory // header and status of each slot
	write    []bus.Segment
	block    int
}

// Open takes a PCI device over and returns it as a disk. On an error it is left quiet.
func Open(name string, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) (*block.Disk, error) {
	v, err := virtio.OpenPCI(m, f, mapBAR, configSize)
	if err != nil {
		return nil, fmt.Errorf("virtio disk %v: %w", f.Address, err)
	}
	disk, err := open(name, m, v)
	if err != nil {
		return nil, fmt.Errorf("virtio disk %v: %w", f.Address, err)
	}
	return disk, nil
}

// OpenMMIO takes a device behind memory-mapped registers over and returns it as a disk. The
// error is virtio.ErrOtherType where there is no block device.
func OpenMMIO(name string, m bus.Machine, r bus.Registers) (*block.Disk, error) {
	v, err := virtio.OpenMMIO(m, r, virtio.Block, configSize)
	if err != nil {
		return nil, fmt.Errorf("virtio disk: %w", err)
	}
	disk, err := open(name, m, v)
	if err != nil {
		return nil, fmt.Errorf("virtio disk: %w", err)
	}
	return disk, nil
}

// open closes v on an error.
func open(name string, m bus.Machine, v *virtio.Device) (*block.Disk, error) {
	d := &device{machine: m, v: v}
	disk, err := d.disk(name)
	if err != nil {
		// A device that failed may not come back from a reset; the first error says why.
		_ = v.Close()
		return nil, err
	}
	return disk, nil
}

func (d *device) disk(name string) (*block.Disk, error) {
	features, err := d.start()
	if err != nil {
		return nil, err
	}
	g, l := d.geometry(features)
	g.Name = name
	return block.NewDisk(g, d.machine, d, l)
}

// start initialises the device and returns the features in use.
func (d *device) start() (uint64, error) {
	features, err := d.v.Start(wanted)
	if err != nil {
		return 0, err
	}
	if d.queue, err = d.v.Queue(0, maxSlots, segments, least); err != nil {
		return 0, err
	}
	if d.requests.Bytes == nil {
		if d.requests, err = d.machine.DMA(maxSlots * slotSize); err != nil {
			return 0, fmt.Errorf("no memory for requests: %w", err)
		}
	}
	d.v.Ready()
	return features, nil
}

// geometry reads the device configuration.
func (d *device) geometry(features uint64) (block.Geometry, block.Limits) {
	d.block = sector
	if features&featBlockSize != 0 {
		d.block = int(d.v.Config32(cfgBlockSize))
	}
	sectors := d.v.Config64(cfgCapacity)
	l := block.Limits{Slots: d.queue.Slots(), Bytes: maxRequest, Segments: d.queue.Segments() - overhead}
	if features&featSegMax != 0 {
		l.Segments = min(l.Segments, int(max(d.v.Config32(cfgSegMax), 1)))
	}
	if features&featSizeMax != 0 {
		l.SegmentBytes = int(min(d.v.Config32(cfgSizeMax), maxRequest))
	}
	g := block.Geometry{Block: d.block}
	if d.block >= sector { // else NewDisk refuses
		g.Blocks = sectors / uint64(d.block/sector)
	}
	return g, l
}

// Submit implements block.Controller.
func (d *device) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	r := d.requests.At(slot*slotSize, slotSize)
	clear(r.Bytes)
	le.PutUint32(r.Bytes[0:], requestIn)
	le.PutUint64(r.Bytes[8:], lba*uint64(d.block/sector))
	r.Bytes[statusByte] = unset
	d.write = append(append(d.write[:0], to...), bus.Segment{Addr: r.Addr + statusByte, N: 1})
	if err := d.queue.Put(slot, []bus.Segment{{Addr: r.Addr, N: headerSize}}, d.write); err != nil {
		return err
	}
	d.queue.Notify()
	return nil
}

// Poll implements block.Controller.
func (d *device) Poll() (int, error) {
	slot, _, err := d.queue.Done()
	if slot < 0 {
		return slot, err
	}
	const good, ioError, unsupported = 0, 1, 2 // section 5.2.6
	switch s := byte(d.requests.Load32(slot*slotSize + statusByte)); s {
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
	if err := d.v.Close(); err != nil {
		return fmt.Errorf("virtio disk: %w", err)
	}
	return nil
}

var le = binary.LittleEndian
