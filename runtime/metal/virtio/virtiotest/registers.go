package virtiotest

import "fmt"

// load reads the registers of a modern PCI device (section 4.1.4.3).
func (d *Device) load(off uint32, size int) uint32 {
	switch {
	case off == 0x04:
		return uint32(d.offered() >> (32 * (d.half & 1)))
	case off == 0x14:
		return uint32(d.Status)
	case off == 0x15:
		return d.generation() & 0xff
	case off == 0x18:
		return d.size()
	case off == 0x1e:
		return doorbellStep * (d.selected + 1)
	case off >= deviceBase:
		return d.Config(off-deviceBase, size)
	}
	return d.stray("read of register", off)
}

func (d *Device) store(off uint32, size int, v uint32) {
	switch off {
	case 0x00, 0x08:
		d.half = v
	case 0x0c:
		half(&d.Accepted, d.half == 1, v)
	case 0x10, 0x1a:
		if v != 0xffff && !d.Lying {
			panic("interrupts wanted")
		}
	case 0x14:
		d.setStatus(uint8(v))
	case 0x16:
		d.selected = v
	case 0x18:
		d.queue().size = uint16(v)
	case 0x20, 0x24:
		half(&d.queue().desc, off&4 != 0, v)
	case 0x28, 0x2c:
		half(&d.queue().avail, off&4 != 0, v)
	case 0x30, 0x34:
		half(&d.queue().used, off&4 != 0, v)
	case 0x1c:
		d.enable()
	default:
		if off != notifyBase+doorbellStep*multiplier*(v+1) && !d.Lying {
			panic(fmt.Sprintf("write of register %#x", off))
		}
		d.notify(v)
	}
}

// loadPort reads the ports of a legacy device (section 4.1.4.10).
func (d *Device) loadPort(off uint32, size int) uint32 {
	switch off {
	case 0x00:
		return uint32(d.offered())
	case 0x0c:
		return d.size()
	case 0x12:
		return uint32(d.Status)
	}
	if off >= 0x14 {
		return d.Config(off-0x14, size)
	}
	panic(fmt.Sprintf("read of port %#x", off))
}

func (d *Device) storePort(off uint32, size int, v uint32) {
	switch off {
	case 0x04:
		d.Accepted = uint64(v)
	case 0x08:
		q, n := d.queue(), uint64(d.size())
		q.size = uint16(n)
		q.desc = uint64(v) << 12
		q.avail = q.desc + 16*n
		q.used = (q.avail + 6 + 2*n + 4095) &^ 4095
		d.enable()
	case 0x0e:
		d.selected = v
	case 0x10:
		d.notify(v)
	case 0x12:
		d.setStatus(uint8(v))
	default:
		panic(fmt.Sprintf("write of port %#x", off))
	}
}

// loadMMIO reads memory-mapped registers (section 4.2.2).
func (d *Device) loadMMIO(off uint32, size int) uint32 {
	switch off {
	case 0x000:
		return 0x74726976
	case 0x004:
		if d.NoVersion1 {
			return 1
		}
		return 2
	case 0x008:
		return uint32(d.ID)
	case 0x010:
		return uint32(d.offered() >> (32 * (d.half & 1)))
	case 0x034:
		return d.size()
	case 0x070:
		return uint32(d.Status)
	case 0x0fc:
		return d.generation()
	}
	if off >= 0x100 {
		return d.Config(off-0x100, size)
	}
	return d.stray("read of register", off)
}

func (d *Device) storeMMIO(off uint32, size int, v uint32) {
	switch off {
	case 0x014, 0x024:
		d.half = v
	case 0x020:
		half(&d.Accepted, d.half == 1, v)
	case 0x030:
		d.selected = v
	case 0x038:
		d.queue().size = uint16(v)
	case 0x044:
		d.enable()
	case 0x050:
		d.notify(v)
	case 0x070:
		d.setStatus(uint8(v))
	case 0x080, 0x084:
		half(&d.queue().desc, off&4 != 0, v)
	case 0x090, 0x094:
		half(&d.queue().avail, off&4 != 0, v)
	case 0x0a0, 0x0a4:
		half(&d.queue().used, off&4 != 0, v)
	default:
		d.stray("write of register", off)
	}
}
