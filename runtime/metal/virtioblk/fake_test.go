package virtioblk

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// fake is a model of a virtio block device.
type fake struct {
	m       *bustest.Machine
	config  *bustest.Config
	modern  bool
	block   uint32
	sectors uint64
	sizeMax uint32 // 0: not offered
	segMax  uint32

	// What goes wrong.
	noReset      bool   // the status never reads 0
	noVersion1   bool   // modern registers without the feature
	refuse       bool   // FEATURES_OK does not stay
	queueSize    uint16 // 0: no queue
	silent       bool   // requests never end
	lying        bool   // capabilities point anywhere
	badSectors   map[uint64]int
	strangeID    bool
	tooMany      bool
	strangeState byte

	features, accepted uint64
	featureHalf        uint32
	status             uint8
	size               uint16
	desc, avail, used  uint64
	seen, done         uint16
	waiting            []uint16
	notified           bool
	resets             int
}

const notifyBase, deviceBase, multiplier = 0x100, 0x200, 4

func newFake(modern bool) *fake {
	f := &fake{m: bustest.New(16 << 20), modern: modern, sectors: 1 << 20, queueSize: 256, segMax: 254, badSectors: map[uint64]int{}}
	if modern {
		f.config = bustest.NewConfig(vendor, deviceModern, 0x010000, map[int]pci.BAR{4: {Addr: 0xfe000000, Size: 0x1000}},
			[]byte{0x11, 0, 0, 0}, // MSI-X, not ours
			capability(cfgCommon, 0, commonSize),
			capability(cfgDevice, deviceBase, 0x100),
			append(capability(cfgNotify, notifyBase, 0x40), multiplier, 0, 0, 0))
	} else {
		f.config = bustest.NewConfig(vendor, deviceTransitional, 0x010000, map[int]pci.BAR{0: {IO: true, Addr: 0xc000, Size: 0x80}})
	}
	f.m.Function = f.config
	f.m.Step = f.step
	return f
}

func capability(kind byte, off, size uint32) []byte {
	b := make([]byte, 16)
	b[0], b[2], b[3], b[4] = capVendor, 20, kind, 4
	le.PutUint32(b[8:], off)
	le.PutUint32(b[12:], size)
	return b
}

func (f *fake) open() (*block.Disk, error) {
	f.features = featVersion1 | 1<<28 | 1<<9
	if f.noVersion1 || !f.modern {
		f.features &^= featVersion1
	}
	if f.block != 0 {
		f.features |= featBlockSize
	}
	if f.sizeMax != 0 {
		f.features |= featSizeMax
	}
	if f.segMax != 0 {
		f.features |= featSegMax
	}
	return Open("virtio0", f.m, f.config.Function(), func(b pci.BAR) (bus.Registers, error) {
		if b.IO {
			return bustest.Registers{Len: b.Size, Load: f.loadPort, Store: f.storePort}, nil
		}
		return bustest.Registers{Len: b.Size, Load: f.load, Store: f.store}, nil
	})
}

func (f *fake) setStatus(v uint8) {
	if v == 0 {
		f.resets++
		f.waiting, f.seen, f.done, f.desc = nil, 0, 0, 0
		if f.noReset {
			return
		}
	}
	f.status = v
	if f.refuse {
		f.status &^= statusFeaturesOK
	}
}

func (f *fake) configByte(off uint32) uint32 {
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

func half(v *uint64, high bool, w uint32) {
	if high {
		*v = *v&0xffffffff | uint64(w)<<32
	} else {
		*v = *v&^0xffffffff | uint64(w)
	}
}

func (f *fake) load(off uint32, size int) uint32 {
	switch {
	case off == comFeature:
		return uint32(f.features >> (32 * f.featureHalf))
	case off == comStatus:
		return uint32(f.status)
	case off == comQueueSize:
		return uint32(f.queueSize)
	case off == comQueueNotifyOff:
		return 3
	case off >= deviceBase && size == 4:
		return f.configByte(off - deviceBase)
	}
	return f.stray("read of register", off)
}

func (f *fake) store(off uint32, size int, v uint32) {
	switch off {
	case comFeatureSelect, comAcceptSelect:
		f.featureHalf = v
	case comAccept:
		half(&f.accepted, f.featureHalf == 1, v)
	case comConfigVector, comQueueVector:
		if v != noVector && !f.lying {
			panic("interrupts wanted")
		}
	case comStatus:
		f.setStatus(uint8(v))
	case comQueueSelect:
	case comQueueSize:
		f.size = uint16(v)
	case comQueueDesc, comQueueDesc + 4:
		half(&f.desc, off&4 != 0, v)
	case comQueueDriver, comQueueDriver + 4:
		half(&f.avail, off&4 != 0, v)
	case comQueueDevice, comQueueDevice + 4:
		half(&f.used, off&4 != 0, v)
	case comQueueEnable:
		if f.status&statusFeaturesOK == 0 && !f.lying {
			panic("queue before features")
		}
	case notifyBase + 3*multiplier:
		f.notified = true
	default:
		f.stray("write of register", off)
	}
}

// stray is an access to nothing: the driver's mistake, or its capabilities lied.
func (f *fake) stray(what string, off uint32) uint32 {
	if !f.lying {
		panic(fmt.Sprintf("%s %#x", what, off))
	}
	return 0
}

func (f *fake) loadPort(off uint32, size int) uint32 {
	switch off {
	case legFeatures:
		return uint32(f.features)
	case legQueueSize:
		return uint32(f.queueSize)
	case legStatus:
		return uint32(f.status)
	}
	if off >= legConfig {
		return f.configByte(off - legConfig)
	}
	panic(fmt.Sprintf("read of port %#x", off))
}

func (f *fake) storePort(off uint32, size int, v uint32) {
	switch off {
	case legAccept:
		f.accepted = uint64(v)
	case legQueueFrame:
		n := uint64(f.queueSize)
		f.size = f.queueSize
		f.desc = uint64(v) << 12
		f.avail = f.desc + n*descSize
		f.used = (f.avail + 6 + 2*n + 4095) &^ 4095
	case legQueueSelect:
	case legQueueNotify:
		f.notified = true
	case legStatus:
		f.setStatus(uint8(v))
	default:
		panic(fmt.Sprintf("write of port %#x", off))
	}
}

// step collects new requests and ends the youngest: out of order, one at a time.
func (f *fake) step() {
	if f.status&statusDriverOK == 0 || f.desc == 0 || f.silent {
		return
	}
	if f.notified {
		f.notified = false
		for end := le.Uint16(f.m.At(f.avail+2, 2)); f.seen != end; f.seen++ {
			f.waiting = append(f.waiting, le.Uint16(f.m.At(f.avail+4+2*uint64(f.seen%f.size), 2)))
		}
	}
	if len(f.waiting) == 0 {
		return
	}
	id := f.waiting[len(f.waiting)-1]
	f.waiting = f.waiting[:len(f.waiting)-1]
	f.carryOut(id)
	ended := uint32(id)
	if f.strangeID {
		ended = 0xfffffff1
	}
	at := f.used + 4 + 8*uint64(f.done%f.size)
	le.PutUint32(f.m.At(at, 4), ended)
	f.done++
	if f.tooMany {
		f.done += 1000
	}
	le.PutUint16(f.m.At(f.used+2, 2), f.done)
}

func (f *fake) carryOut(id uint16) {
	var sector uint64
	status := byte(0)
	for n := 0; ; n++ {
		d := f.m.At(f.desc+descSize*uint64(id), descSize)
		addr, length, flags := le.Uint64(d), le.Uint32(d[8:]), le.Uint16(d[12:])
		switch {
		case n == 0:
			h := f.m.At(addr, headerSize)
			if length != headerSize || flags != descNext || le.Uint32(h) != requestIn {
				panic("bad header")
			}
			sector = le.Uint64(h[8:])
			if f.block > 512 && sector%uint64(f.block/512) != 0 {
				panic("not at a block")
			}
		case flags&descNext == 0:
			if length != 1 || flags != descWrite {
				panic("bad status descriptor")
			}
			if f.strangeState != 0 {
				status = f.strangeState
			}
			f.m.Put(addr, []byte{status})
			return
		default:
			if flags != descNext|descWrite || f.sizeMax != 0 && length > f.sizeMax || length == 0 {
				panic("bad data descriptor")
			}
			for s := sector; s < sector+uint64(length+511)/512; s++ {
				if f.badSectors[s] > 0 {
					f.badSectors[s]--
					status = 1
				}
			}
			if f.segMax != 0 && n > int(f.segMax) {
				panic("too many segments")
			}
			if status == 0 {
				b := make([]byte, length)
				blocktest.Fill(b, sector*512)
				f.m.Put(addr, b)
			}
			if length%512 != 0 {
				// The model counts in sectors: keep the byte position of odd segments.
				panic("segment of no whole sectors")
			}
			sector += uint64(length) / 512
		}
		id = le.Uint16(d[14:])
	}
}
