package virtio

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Offsets of the common configuration (section 4.1.4.3).
const (
	comFeatureSelect  = 0x00
	comFeature        = 0x04
	comAcceptSelect   = 0x08
	comAccept         = 0x0c
	comConfigVector   = 0x10
	comStatus         = 0x14
	comGeneration     = 0x15
	comQueueSelect    = 0x16
	comQueueSize      = 0x18
	comQueueVector    = 0x1a
	comQueueEnable    = 0x1c
	comQueueNotifyOff = 0x1e
	comQueueDesc      = 0x20
	comQueueDriver    = 0x28
	comQueueDevice    = 0x30
	commonSize        = 0x38

	noVector = 0xffff // section 4.1.5.1.2: no interrupt
)

// Virtio's vendor-specific PCI capability (section 4.1.4).
const (
	capVendor     = 0x09
	capNotifySize = 20 // capability with notify_off_multiplier

	cfgCommon, cfgNotify, cfgDevice = 1, 2, 4
)

// modern is a PCI device of virtio 1.x (section 4.1.4).
type modern struct {
	common, device window
	notifyAll      window
	multiplier     uint32
}

// findModern reads the capabilities; nil without an error when there are none.
func findModern(f *pci.Function, mapBAR pci.MapFunc, config uint32) (transport, error) {
	m := &modern{}
	maps := map[int]bus.Registers{}
	for _, at := range f.Capabilities(capVendor) {
		head := f.Read(at)
		length, kind := uint8(head>>16), uint8(head>>24)
		var w *window
		var need uint32
		switch kind {
		case cfgCommon:
			w, need = &m.common, commonSize
		case cfgNotify:
			w, need = &m.notifyAll, 2
		case cfgDevice:
			w, need = &m.device, config
		default:
			continue
		}
		// A device may offer several of a kind; the first usable one counts (4.1.4.1).
		n := int(f.Read(at+4) & 0xff)
		off, size := f.Read(at+8), f.Read(at+12)
		if w.r != nil || n > 5 || int(at)+capNotifySize > 256 {
			continue
		}
		if size < need || off+size < off || off%4 != 0 {
			return nil, fmt.Errorf("%w: capability %d covers %d bytes at %#x, want %d", bus.ErrProtocol, kind, size, off, need)
		}
		if maps[n] == nil {
			r, err := f.Map(n, uint64(off)+uint64(size), mapBAR)
			if err != nil {
				return nil, err
			}
			maps[n] = r
		}
		if uint64(off)+uint64(size) > maps[n].Size() {
			return nil, fmt.Errorf("%w: capability %d covers %d bytes at %#x of a block of %d", bus.ErrProtocol, kind, size, off, maps[n].Size())
		}
		*w = window{maps[n], off, size}
		if kind == cfgNotify && length >= capNotifySize {
			m.multiplier = f.Read(at + 16)
		}
	}
	if m.common.r == nil && m.device.r == nil {
		return nil, nil
	}
	if m.common.r == nil || m.notifyAll.r == nil || m.device.r == nil {
		return nil, fmt.Errorf("%w: not all of the common, notification and device capabilities are there", bus.ErrProtocol)
	}
	return m, nil
}

func (m *modern) read16(off uint32) uint16     { return m.common.r.Read16(m.common.base + off) }
func (m *modern) write16(off uint32, v uint16) { m.common.r.Write16(m.common.base+off, v) }
func (m *modern) write32(off uint32, v uint32) { m.common.r.Write32(m.common.base+off, v) }
func (m *modern) write64(off uint32, v uint64) { bus.Write64(m.common.r, m.common.base+off, v) }

func (m *modern) legacy() bool   { return false }
func (m *modern) config() window { return m.device }

func (m *modern) features() uint64 {
	var v uint64
	for half := uint32(0); half < 2; half++ {
		m.write32(comFeatureSelect, half)
		v |= uint64(m.common.r.Read32(m.common.base+comFeature)) << (32 * half)
	}
	return v
}

func (m *modern) accept(features uint64) {
	for half := uint32(0); half < 2; half++ {
		m.write32(comAcceptSelect, half)
		m.write32(comAccept, uint32(features>>(32*half)))
	}
}

func (m *modern) status() uint8     { return m.common.r.Read8(m.common.base + comStatus) }
func (m *modern) setStatus(v uint8) { m.common.r.Write8(m.common.base+comStatus, v) }

func (m *modern) generation() uint32 { return uint32(m.common.r.Read8(m.common.base + comGeneration)) }

func (m *modern) queueSize(index uint16) (size int, fixed bool) {
	m.write16(comQueueSelect, index)
	return int(m.read16(comQueueSize)), false
}

func (m *modern) setQueue(index uint16, size int, desc, avail, used uint64) (uint32, error) {
	m.write16(comConfigVector, noVector)
	m.write16(comQueueSelect, index)
	m.write16(comQueueVector, noVector)
	m.write16(comQueueSize, uint16(size))
	m.write64(comQueueDesc, desc)
	m.write64(comQueueDriver, avail)
	m.write64(comQueueDevice, used)
	// Section 4.1.4.4: the doorbell is at queue_notify_off * notify_off_multiplier.
	at := uint64(m.read16(comQueueNotifyOff)) * uint64(m.multiplier)
	if at%2 != 0 || at > uint64(m.notifyAll.size) || !m.notifyAll.inside(uint32(at), 2) {
		return 0, fmt.Errorf("%w: doorbell at %#x of %d bytes", bus.ErrProtocol, at, m.notifyAll.size)
	}
	m.write16(comQueueEnable, 1)
	return m.notifyAll.base + uint32(at), nil
}

func (m *modern) notify(index uint16, doorbell uint32) { m.notifyAll.r.Write16(doorbell, index) }
