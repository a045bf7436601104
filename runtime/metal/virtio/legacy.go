package virtio

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Offsets of the legacy registers (section 4.1.4.10), without MSI-X.
const (
	legFeatures    = 0x00
	legAccept      = 0x04
	legQueueFrame  = 0x08
	legQueueSize   = 0x0c
	legQueueSelect = 0x0e
	legQueueNotify = 0x10
	legStatus      = 0x12
	legConfig      = 0x14
)

// legacy is a PCI device of before virtio 1.0, through the ports of base address register 0.
type legacy struct{ r bus.Registers }

func (l legacy) legacy() bool                  { return true }
func (l legacy) features() uint64              { return uint64(l.r.Read32(legFeatures)) }
func (l legacy) accept(f uint64)               { l.r.Write32(legAccept, uint32(f)) }
func (l legacy) status() uint8                 { return l.r.Read8(legStatus) }
func (l legacy) setStatus(v uint8)             { l.r.Write8(legStatus, v) }
func (l legacy) notify(index uint16, _ uint32) { l.r.Write16(legQueueNotify, index) }
func (l legacy) generation() uint32            { return 0 }

func (l legacy) config() window {
	return window{l.r, legConfig, uint32(min(l.r.Size(), 1<<16)) - legConfig}
}

func (l legacy) queueSize(index uint16) (size int, fixed bool) {
	l.r.Write16(legQueueSelect, index)
	return int(l.r.Read16(legQueueSize)), true
}

// setQueue gives the page number; the layout within is fixed (section 2.7.2).
func (l legacy) setQueue(index uint16, size int, desc, avail, used uint64) (uint32, error) {
	if desc>>12 > 1<<32-1 {
		return 0, fmt.Errorf("%w: queue at %#x, out of reach of a legacy device", bus.ErrUnsupported, desc)
	}
	l.r.Write16(legQueueSelect, index)
	l.r.Write32(legQueueFrame, uint32(desc>>12))
	return 0, nil
}
