// Package virtio is what the drivers of virtio devices share: how a device is found, reset
// and told what its driver uses (Device), and the rings that carry requests (Queue).
// Drivers such as package virtioblk add what the requests mean.
//
// Reference: Virtual I/O Device (VIRTIO) version 1.2, Committee Specification 01: sections
// 2.7 (split virtqueues), 3.1 (initialisation), 4.1 (PCI) and 4.2 (MMIO). Section numbers
// in this package are its.
//
// Three transports are spoken: PCI of virtio 1.x, PCI of the legacy interface (ports), and
// version 2 of MMIO, which virtual machines without PCI have.
//
// Not supported: packed virtqueues, indirect descriptors, event indices, interrupts (queues
// are polled), legacy MMIO.
package virtio

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Type identifies a kind of device.
type Type struct {
	ID           uint16 // section 5
	Transitional uint16 // PCI device ID of transitional devices (section 4.1.2.1)
}

// Types of devices.
var (
	Network = Type{ID: 1, Transitional: 0x1000}
	Block   = Type{ID: 2, Transitional: 0x1001}
)

// PCI identity (section 4.1.2).
const (
	vendor       = 0x1af4
	deviceModern = 0x1040 // plus the device's ID
)

// Match reports whether f is a device of that type.
func (t Type) Match(f *pci.Function) bool {
	return f.Vendor == vendor && (f.Device == t.Transitional || f.Device == deviceModern+t.ID)
}

// Bits of the device status (section 2.1).
const (
	statusAcknowledge = 1
	statusDriver      = 2
	statusDriverOK    = 4
	statusFeaturesOK  = 8
	statusFailed      = 128
)

// Features of every type of device (section 6).
const (
	// FeatAnyLayout is VIRTIO_F_ANY_LAYOUT (section 6.3), part of virtio 1.0 and offered by
	// some legacy devices: a request may be cut into segments anywhere.
	FeatAnyLayout = 1 << 27
	// FeatVersion1 is VIRTIO_F_VERSION_1; all but legacy devices must have it.
	FeatVersion1 = 1 << 32
	// featPlatform is VIRTIO_F_ACCESS_PLATFORM: addresses go through what the platform has,
	// here nothing.
	featPlatform = 1 << 33
)

const resetTime = time.Second

// transport is one of the ways to reach a device.
type transport interface {
	// legacy reports whether the device has the interface of before virtio 1.0.
	legacy() bool
	features() uint64
	accept(features uint64)
	status() uint8
	setStatus(v uint8)
	// queueSize selects a queue and returns its size, which setQueue may lower when fixed
	// is false; 0: the queue does not exist.
	queueSize(index uint16) (size int, fixed bool)
	// setQueue gives the queue its memory and returns where its doorbell is, for notify.
	setQueue(index uint16, size int, desc, avail, used uint64) (doorbell uint32, err error)
	notify(index uint16, doorbell uint32)
	// config is the device-specific configuration.
	config() window
	// generation changes with the configuration (section 2.5).
	generation() uint32
}

// window is a part of a register block.
type window struct {
	r    bus.Registers
	base uint32
	size uint32
}

func (w window) inside(off, n uint32) bool { return n <= w.size && off <= w.size-n }

// Device is a virtio device. It is not safe for concurrent use; different queues of it are.
type Device struct {
	machine bus.Machine
	t       transport
	queues  map[uint16]*Queue
	quiet   func() // takes the device off the bus
}

// OpenPCI takes a PCI function over that Type.Match knows, of whose device-specific
// configuration the driver reads the first config bytes. On an error the function is left
// quiet.
func OpenPCI(m bus.Machine, f *pci.Function, mapBAR pci.MapFunc, config uint32) (*Device, error) {
	f.Enable()
	t, err := findPCI(f, mapBAR, config)
	if err != nil {
		f.Quiet()
		return nil, err
	}
	return &Device{machine: m, t: t, queues: map[uint16]*Queue{}, quiet: f.Quiet}, nil
}

func findPCI(f *pci.Function, mapBAR pci.MapFunc, config uint32) (transport, error) {
	m, err := findModern(f, mapBAR, config)
	if m != nil || err != nil {
		return m, err
	}
	r, err := f.Map(0, uint64(legConfig+config), mapBAR)
	if err != nil {
		return nil, err
	}
	return legacy{r}, nil
}

// ErrOtherType says that an MMIO device is of another type, or that there is none: a
// machine may have more places for devices than devices (section 4.2.2).
var ErrOtherType = errors.New("no virtio device of this type")

// OpenMMIO takes over a device of type t behind memory-mapped registers, of whose
// device-specific configuration the driver reads the first config bytes.
func OpenMMIO(m bus.Machine, r bus.Registers, t Type, config uint32) (*Device, error) {
	io, err := findMMIO(r, t, config)
	if err != nil {
		return nil, err
	}
	return &Device{machine: m, t: io, queues: map[uint16]*Queue{}, quiet: func() {}}, nil
}

// Start resets the device and agrees on features (section 3.1.1, steps 1 to 6): those of
// wanted that the device has, which it returns. Queues and Ready follow. A device that was
// started may be started again, which gives up all its requests.
func (d *Device) Start(wanted uint64) (features uint64, err error) {
	features, err = d.start(wanted | FeatVersion1 | featPlatform)
	if err != nil {
		d.t.setStatus(statusFailed)
	}
	return features & wanted, err
}

func (d *Device) start(wanted uint64) (uint64, error) {
	if err := d.reset(); err != nil {
		return 0, err
	}
	d.t.setStatus(statusAcknowledge)
	d.t.setStatus(statusAcknowledge | statusDriver)
	features := d.t.features() & wanted
	if d.t.legacy() {
		features &= 1<<32 - 1
		d.t.accept(features)
		return features, nil
	}
	if features&FeatVersion1 == 0 {
		return 0, fmt.Errorf("%w: it has modern registers but not VIRTIO_F_VERSION_1", bus.ErrProtocol)
	}
	d.t.accept(features)
	d.t.setStatus(d.working())
	if d.t.status()&statusFeaturesOK == 0 {
		return 0, fmt.Errorf("%w: it refuses features %#x", bus.ErrDevice, features)
	}
	return features, nil
}

// working is the status of a device with which features are agreed.
func (d *Device) working() uint8 {
	if d.t.legacy() {
		return statusAcknowledge | statusDriver
	}
	return statusAcknowledge | statusDriver | statusFeaturesOK
}

// Ready lets the device work (section 3.1.1, step 8).
func (d *Device) Ready() { d.t.setStatus(d.working() | statusDriverOK) }

// reset waits until the device has forgotten everything (section 4.1.4.3.2).
func (d *Device) reset() error {
	d.t.setStatus(0)
	return bus.Wait(d.machine, resetTime, "reset", func() bool { return d.t.status() == 0 })
}

// Close resets the device and takes it off the bus: it touches memory no more.
func (d *Device) Close() error {
	err := d.reset()
	d.quiet()
	return err
}

// Config8 reads a byte of the device-specific configuration, of which the driver told
// OpenPCI or OpenMMIO the size.
func (d *Device) Config8(off uint32) uint8 {
	w := d.t.config()
	return w.r.Read8(w.base + off)
}

// Config16 reads 16 bits of the device-specific configuration.
func (d *Device) Config16(off uint32) uint16 {
	w := d.t.config()
	return w.r.Read16(w.base + off)
}

// Config32 reads 32 bits of the device-specific configuration.
func (d *Device) Config32(off uint32) uint32 {
	w := d.t.config()
	return w.r.Read32(w.base + off)
}

// Config64 reads 64 bits of the device-specific configuration, both halves of one
// generation (section 2.5.3) unless the device changes it all the time.
func (d *Device) Config64(off uint32) uint64 {
	w := d.t.config()
	const looks = 8
	for i := 1; ; i++ {
		before := d.t.generation()
		v := bus.Read64(w.r, w.base+off)
		if d.t.generation() == before || i == looks {
			return v
		}
	}
}

var le = binary.LittleEndian
