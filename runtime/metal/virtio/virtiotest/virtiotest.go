// Package virtiotest is a model of a virtio device for tests of drivers: any of the
// transports, several queues, and the mistakes that devices make.
package virtiotest

import (
	"encoding/binary"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Transport is how the driver reaches the device.
type Transport int

// The transports.
const (
	Modern Transport = iota
	Legacy
	MMIO
)

func (t Transport) String() string { return [...]string{"modern", "legacy", "MMIO"}[t] }

// Transports are all of them.
var Transports = []Transport{Modern, Legacy, MMIO}

// Segment is memory of a request.
type Segment struct {
	Addr   uint64
	Len    uint32
	Device bool // for the device to write
}

// Device is the device.
type Device struct {
	Machine   *bustest.Machine
	PCI       *bustest.Config // nil with MMIO
	Transport Transport
	ID        uint16
	// Features are those offered; VIRTIO_F_VERSION_1 is added unless Legacy or NoVersion1.
	Features uint64
	// Config returns 8, 16 or 32 bits of the device-specific configuration.
	Config func(off uint32, size int) uint32
	// Generation changes at each read of the configuration while it is above 0.
	Generation int
	// Sizes are the sizes of the queues.
	Sizes []uint16
	// Handle carries a request of a queue out and returns how many bytes were written and
	// whether the request has ended; one that has not is tried again later.
	Handle func(queue int, request []Segment) (written uint32, ended bool)

	// What goes wrong.
	NoReset    bool // the status never reads 0
	NoVersion1 bool
	Refuse     bool   // FEATURES_OK does not stay
	Silent     bool   // requests never end
	Lying      bool   // accesses to registers that do not exist are no mistake of the driver
	StrangeID  uint32 // is what ended, if not 0
	TooMany    bool   // more requests end than there were
	TooLong    bool   // more bytes were written than there is room for
	NoNotify   bool   // asks for no notifications, and looks by itself

	Accepted uint64
	Status   uint8
	Resets   int
	Notified int // notifications

	selected uint32
	half     uint32
	queues   []queue
}

type queue struct {
	size              uint16
	desc, avail, used uint64
	enabled, notified bool
	seen, done        uint16
	waiting           []uint16
}

const (
	version1  = 1 << 32
	driverOK  = 4
	featureOK = 8

	notifyBase, deviceBase, multiplier = 0x100, 0x200, 4
	doorbellStep                       = 3 // queue n rings at notifyBase + multiplier*doorbellStep*(n+1)
	barSize                            = 0x1000
)

// New returns a device with n bytes of memory for bustest.Machine.Alloc. The class of
// PCI devices is that of mass storage.
func New(transport Transport, id, transitional uint16, n int) *Device {
	d := &Device{Machine: bustest.New(n), Transport: transport, ID: id, Sizes: []uint16{256}}
	const mmioBAR, class = 4, 0x010000
	switch transport {
	case Modern:
		d.PCI = bustest.NewConfig(0x1af4, 0x1040+id, class, map[int]pci.BAR{mmioBAR: {Addr: 0xfe000000, Size: barSize}},
			[]byte{0x11, 0, 0, 0}, // MSI-X, not ours
			capability(mmioBAR, 1, 0, 0x38),
			capability(mmioBAR, 4, deviceBase, 0x100),
			append(capability(mmioBAR, 2, notifyBase, 0x40), multiplier, 0, 0, 0))
	case Legacy:
		d.PCI = bustest.NewConfig(0x1af4, transitional, class, map[int]pci.BAR{0: {IO: true, Addr: 0xc000, Size: 0x80}})
	}
	d.Machine.Function = d.PCI
	d.Machine.Step = d.Step
	return d
}

// capability is a virtio capability (section 4.1.4).
func capability(bar, kind byte, off, size uint32) []byte {
	b := make([]byte, 16)
	b[0], b[2], b[3], b[4] = 9, 20, kind, bar
	le.PutUint32(b[8:], off)
	le.PutUint32(b[12:], size)
	return b
}

// Map is the pci.MapFunc of the device.
func (d *Device) Map(b pci.BAR) (bus.Registers, error) {
	if b.IO {
		return bustest.Registers{Len: b.Size, Load: d.loadPort, Store: d.storePort}, nil
	}
	return bustest.Registers{Len: b.Size, Load: d.load, Store: d.store}, nil
}

// Registers are those of an MMIO device.
func (d *Device) Registers() bus.Registers {
	return bustest.Registers{Len: 0x200, Load: d.loadMMIO, Store: d.storeMMIO}
}

func (d *Device) offered() uint64 {
	if d.NoVersion1 || d.Transport == Legacy {
		return d.Features &^ version1
	}
	return d.Features | version1
}

func (d *Device) setStatus(v uint8) {
	if v == 0 {
		d.Resets++
		d.queues = make([]queue, len(d.Sizes))
		if d.NoReset {
			return
		}
	}
	d.Status = v
	if d.Refuse {
		d.Status &^= featureOK
	}
}

// queue is the selected queue; one that does not exist is a dummy.
func (d *Device) queue() *queue {
	if int(d.selected) < len(d.queues) {
		return &d.queues[d.selected]
	}
	return &queue{}
}

func (d *Device) size() uint32 {
	if int(d.selected) < len(d.Sizes) {
		return uint32(d.Sizes[d.selected])
	}
	return 0
}

func (d *Device) enable() {
	if d.Status&featureOK == 0 && d.Transport != Legacy && !d.Lying {
		panic("queue before features")
	}
	d.queue().enabled = true
}

func (d *Device) notify(index uint32) {
	d.Notified++
	if int(index) >= len(d.queues) || !d.queues[index].enabled {
		d.stray("notification of queue", index)
		return
	}
	d.queues[index].notified = true
}

func (d *Device) generation() uint32 {
	if d.Generation > 0 {
		d.Generation--
	}
	return uint32(d.Generation)
}

// stray is an access to nothing: the driver's mistake, or the device lied.
func (d *Device) stray(what string, off uint32) uint32 {
	if !d.Lying {
		panic(fmt.Sprintf("%s %#x", what, off))
	}
	return 0
}

func half(v *uint64, high bool, w uint32) {
	if high {
		*v = *v&0xffffffff | uint64(w)<<32
	} else {
		*v = *v&^0xffffffff | uint64(w)
	}
}

// Step collects new requests and ends the youngest of each queue: out of order, one at a
// time.
func (d *Device) Step() {
	if d.Status&driverOK == 0 || d.Silent {
		return
	}
	for i := range d.queues {
		if q := &d.queues[i]; q.enabled && q.desc != 0 {
			d.step(i, q)
		}
	}
}

func (d *Device) step(index int, q *queue) {
	m := d.Machine
	if d.NoNotify {
		le.PutUint16(m.At(q.used, 2), 1)
	}
	if q.notified || d.NoNotify {
		q.notified = false
		for end := le.Uint16(m.At(q.avail+2, 2)); q.seen != end; q.seen++ {
			q.waiting = append(q.waiting, le.Uint16(m.At(q.avail+4+2*uint64(q.seen%q.size), 2)))
		}
	}
	for i := len(q.waiting) - 1; i >= 0; i-- {
		id := q.waiting[i]
		request := d.request(q, id)
		written, ended := d.Handle(index, request)
		if !ended {
			continue
		}
		q.waiting = append(q.waiting[:i], q.waiting[i+1:]...)
		d.end(q, uint32(id), written)
		return
	}
}

// request reads a chain of descriptors.
func (d *Device) request(q *queue, id uint16) (out []Segment) {
	const next, write = 1, 2
	for {
		b := d.Machine.At(q.desc+16*uint64(id), 16)
		flags := le.Uint16(b[12:])
		s := Segment{le.Uint64(b), le.Uint32(b[8:]), flags&write != 0}
		if flags&^(next|write) != 0 || s.Len == 0 || len(out) > int(q.size) || len(out) > 0 && out[len(out)-1].Device && !s.Device {
			panic(fmt.Sprintf("descriptor %d: %d bytes, flags %#x", id, s.Len, flags))
		}
		out = append(out, s)
		if flags&next == 0 {
			return out
		}
		id = le.Uint16(b[14:])
	}
}

// UsedRing is the memory of a queue's used ring (section 2.7.8).
func (d *Device) UsedRing(queue int) []byte {
	q := &d.queues[queue]
	return d.Machine.At(q.used, 6+8*int(q.size))
}

func (d *Device) end(q *queue, id, written uint32) {
	if d.StrangeID != 0 {
		id = d.StrangeID
	}
	if d.TooLong {
		written += 1 << 31
	}
	at := q.used + 4 + 8*uint64(q.done%q.size)
	le.PutUint32(d.Machine.At(at, 4), id)
	le.PutUint32(d.Machine.At(at+4, 4), written)
	q.done++
	if d.TooMany {
		q.done += 1000
	}
	le.PutUint16(d.Machine.At(q.used+2, 2), q.done)
}

var le = binary.LittleEndian
