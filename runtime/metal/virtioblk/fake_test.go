package virtioblk

import (
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio/virtiotest"
)

// fake is a model of a virtio block device.
type fake struct {
	*virtiotest.Device
	block   uint32
	sectors uint64
	sizeMax uint32 // 0: not offered
	segMax  uint32

	// What goes wrong.
	badSectors   map[uint64]int
	strangeState byte
}

func newFake(transport virtiotest.Transport) *fake {
	f := &fake{sectors: 1 << 20, segMax: 254, badSectors: map[uint64]int{},
		Device: virtiotest.New(transport, virtio.Block.ID, virtio.Block.Transitional, 16<<20)}
	f.Config = f.configWord
	f.Handle = f.handle
	return f
}

func (f *fake) open() (*block.Disk, error) {
	f.Features = 1<<28 | 1<<9 // not ours
	if f.block != 0 {
		f.Features |= featBlockSize
	}
	if f.sizeMax != 0 {
		f.Features |= featSizeMax
	}
	if f.segMax != 0 {
		f.Features |= featSegMax
	}
	if f.Transport == virtiotest.MMIO {
		return OpenMMIO("virtio0", f.Machine, f.Registers())
	}
	return Open("virtio0", f.Machine, f.PCI.Function(), f.Map)
}

// onBus reports whether the device may reach memory.
func (f *fake) onBus() bool { return f.PCI != nil && f.PCI.Master() }

func (f *fake) configWord(off uint32, size int) uint32 {
	switch off {
	case cfgCapacity:
		return uint32(f.sectors)
	case cfgCapacity + 4:
		return uint32(f.sectors >> 32)
	case cfgSizeMax:
		return f.sizeMax
	case cfgSegMax:
		return f.segMax
	case cfgBlockSize:
		return f.block
	}
	return 0
}

func (f *fake) handle(_ int, request []virtiotest.Segment) (uint32, bool) {
	header, end := request[0], request[len(request)-1]
	data := request[1 : len(request)-1]
	h := f.Machine.At(header.Addr, headerSize)
	if header.Len != headerSize || header.Device || le.Uint32(h) != requestIn {
		panic("bad header")
	}
	if end.Len != 1 || !end.Device || f.segMax != 0 && len(data) > int(f.segMax) {
		panic("bad request")
	}
	at := le.Uint64(h[8:])
	if f.block > 512 && at%uint64(f.block/512) != 0 {
		panic("not at a block")
	}
	status, written := byte(0), uint32(1)
	for _, s := range data {
		if !s.Device || f.sizeMax != 0 && s.Len > f.sizeMax || s.Len%512 != 0 {
			panic("bad segment")
		}
		for n := at; n < at+uint64(s.Len)/512; n++ {
			if f.badSectors[n] > 0 {
				f.badSectors[n]--
				status = 1
			}
		}
		if status == 0 {
			b := make([]byte, s.Len)
			blocktest.Fill(b, at*512)
			f.Machine.Put(s.Addr, b)
			written += s.Len
		}
		at += uint64(s.Len) / 512
	}
	if f.strangeState != 0 {
		status = f.strangeState
	}
	f.Machine.Put(end.Addr, []byte{status})
	return written, true
}
