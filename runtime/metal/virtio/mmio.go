package virtio

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Offsets of the memory-mapped registers (section 4.2.2).
const (
	mmioMagic         = 0x000
	mmioVersion       = 0x004
	mmioDeviceID      = 0x008
	mmioFeature       = 0x010
	mmioFeatureSelect = 0x014
	mmioAccept        = 0x020
	mmioAcceptSelect  = 0x024
	mmioQueueSelect   = 0x030
	mmioQueueMax      = 0x034
	mmioQueueSize     = 0x038
	mmioQueueReady    = 0x044
	mmioQueueNotify   = 0x050
	mmioStatus        = 0x070
	mmioQueueDesc     = 0x080
	mmioQueueDriver   = 0x090
	mmioQueueDevice   = 0x0a0
	mmioGeneration    = 0x0fc
	mmioConfig        = 0x100

	magic   = 0x74726976 // "virt"
	version = 2
)

// mmio is a device behind memory-mapped registers (section 4.2).
type mmio struct{ r bus.Registers }

func findMMIO(r bus.Registers, t Type, config uint32) (transport, error) {
	if r.Size() < uint64(mmioConfig+config) {
		return nil, fmt.Errorf("%w: %d bytes of registers, want %d", bus.ErrUnsupported, r.Size(), mmioConfig+config)
	}
	if v := r.Read32(mmioMagic); v != magic {
		return nil, fmt.Errorf("%w: magic number %#x, want %#x", ErrOtherType, v, magic)
	}
	id := r.Read32(mmioDeviceID)
	if id != uint32(t.ID) {
		return nil, fmt.Errorf("%w: type %d, want %d", ErrOtherType, id, t.ID)
	}
	if v := r.Read32(mmioVersion); v != version {
		return nil, fmt.Errorf("%w: version %d of the MMIO transport, want %d (in QEMU: -global virtio-mmio.force-legacy=false)", bus.ErrUnsupported, v, version)
	}
	return mmio{r}, nil
}

func (m mmio) legacy() bool       { return false }
func (m mmio) status() uint8      { return uint8(m.r.Read32(mmioStatus)) }
func (m mmio) setStatus(v uint8)  { m.r.Write32(mmioStatus, uint32(v)) }
func (m mmio) generation() uint32 { return m.r.Read32(mmioGeneration) }

func (m mmio) config() window {
	return window{m.r, mmioConfig, uint32(min(m.r.Size(), 1<<16)) - mmioConfig}
}

func (m mmio) features() uint64 {
	var v uint64
	for half := uint32(0); half < 2; half++ {
		m.r.Write32(mmioFeatureSelect, half)
		v |= uint64(m.r.Read32(mmioFeature)) << (32 * half)
	}
	return v
}

func (m mmio) accept(features uint64) {
	for half := uint32(0); half < 2; half++ {
		m.r.Write32(mmioAcceptSelect, half)
		m.r.Write32(mmioAccept, uint32(features>>(32*half)))
	}
}

func (m mmio) queueSize(index uint16) (size int, fixed bool) {
	m.r.Write32(mmioQueueSelect, uint32(index))
	return int(m.r.Read32(mmioQueueMax)), false
}

func (m mmio) setQueue(index uint16, size int, desc, avail, used uint64) (uint32, error) {
	m.r.Write32(mmioQueueSelect, uint32(index))
	m.r.Write32(mmioQueueSize, uint32(size))
	bus.Write64(m.r, mmioQueueDesc, desc)
	bus.Write64(m.r, mmioQueueDriver, avail)
	bus.Write64(m.r, mmioQueueDevice, used)
	m.r.Write32(mmioQueueReady, 1)
	return 0, nil
}

func (m mmio) notify(index uint16, _ uint32) { m.r.Write32(mmioQueueNotify, uint32(index)) }
