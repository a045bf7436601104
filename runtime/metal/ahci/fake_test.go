package ahci

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// fake is a model of an AHCI controller with disks on ports 1 and 4, an optical drive on
// port 2 and nothing elsewhere.
type fake struct {
	m      *bustest.Machine
	config *bustest.Config
	caps   uint32
	regs   map[uint32]uint32
	ports  [6]*fakePort
	size   uint64 // of the registers

	firmwareHolds bool // handoff is not answered
	noAE          bool // AHCI mode does not come on
	owner         uint32
}

// fakePort is a port of the model.
type fakePort struct {
	f       *fake
	number  int
	reg     map[uint32]uint32
	id      [512]byte
	block   uint64
	ended   bool
	current int

	// What goes wrong.
	stuck      bool // the engine does not stop
	silent     bool // commands never end
	bad        map[uint64]int
	half       bool // half of the bytes come
	noCount    bool // PRDBC stays 0
	stickyBusy bool // BSY after an error until CLO
}

const firmwareCLB, firmwareFB = 0x7ff00000, 0x7ff00400

func newFake() *fake {
	f := &fake{m: bustest.New(16 << 20), caps: cap64 | 31<<capSlotsShift, regs: map[uint32]uint32{}, size: 0x1000}
	f.config = bustest.NewConfig(0x8086, 0x2922, class, map[int]pci.BAR{5: {Addr: 0xfeb00000, Size: 0x1000}})
	f.config.Space[4] = 7 // the firmware uses it
	f.m.Function, f.m.Step = f.config, f.step
	f.regs[regGHC] = ghcEnable | ghcInterrupts
	for n := range f.ports {
		p := &fakePort{f: f, number: n, block: 512, bad: map[uint64]int{}, current: -1}
		p.reg = map[uint32]uint32{pxCLB: firmwareCLB, pxFB: firmwareFB, pxIE: 0xf, pxCMD: cmdStart | cmdReceive | cmdRunning | cmdReceiving | 6, pxTFD: 0x50}
		switch n {
		case 1, 4:
			p.reg[pxSSTS], p.reg[pxSIG] = 0x123, signatureDisk
		case 2:
			p.reg[pxSSTS], p.reg[pxSIG] = 0x113, 0xeb140101
		}
		le.PutUint16(p.id[2*83:], 1<<14|1<<10)
		le.PutUint64(p.id[2*100:], 1<<30)
		le.PutUint16(p.id[2*106:], 1<<14)
		f.ports[n] = p
	}
	return f
}

func (f *fake) open() ([]*block.Disk, error) {
	return Open("sata", 0, f.m, f.config.Function(), func(b pci.BAR) (bus.Registers, error) {
		return bustest.Registers{Len: f.size, Load: f.load, Store: f.store}, nil
	})
}

func (f *fake) load(off uint32, size int) uint32 {
	if off >= portsStart {
		if n := (off - portsStart) / portSize; int(n) < len(f.ports) {
			return f.ports[n].reg[off%portSize]
		}
		return 0
	}
	switch off {
	case regCAP:
		return f.caps
	case regPI:
		return 0x36 // ports 1, 2, 4, 5
	case regCAP2:
		return cap2Handoff
	case regBOHC:
		return f.owner
	}
	return f.regs[off]
}

func (f *fake) store(off uint32, size int, v uint32) {
	if size != 4 {
		panic("registers have 32 bits")
	}
	if off >= portsStart {
		f.ports[(off-portsStart)/portSize].store(off%portSize, v)
		return
	}
	switch off {
	case regGHC:
		if v&1 != 0 {
			panic("controller reset")
		}
		if f.noAE {
			v &^= ghcEnable
		}
	case regBOHC:
		f.owner = v
		if !f.firmwareHolds {
			f.owner &^= bohcBIOS
		}
	}
	f.regs[off] = v
}

func (p *fakePort) store(off uint32, v uint32) {
	switch off {
	case pxIS, pxSERR:
		p.reg[off] &^= v
		return
	case pxCI:
		if p.reg[pxCMD]&cmdStart == 0 {
			panic("command without ST")
		}
		p.reg[pxCI] |= v
		return
	case pxCLB, pxFB:
		if p.reg[pxCMD]&(cmdRunning|cmdReceiving) != 0 && !p.stuck {
			panic("list changed while running")
		}
	case pxCMD:
		v &^= cmdRunning | cmdReceiving
		v |= p.reg[pxCMD] & (cmdRunning | cmdReceiving)
		if v&cmdStart != 0 {
			if v&cmdReceive == 0 || p.reg[pxTFD]&(tfdBusy|tfdRequest) != 0 {
				panic("ST against the rules")
			}
			v |= cmdRunning
		}
		if v&cmdReceive != 0 {
			v |= cmdReceiving
		}
		if v&cmdOverride != 0 {
			v &^= cmdOverride
			p.reg[pxTFD] &^= tfdBusy | tfdRequest
		}
	}
	p.reg[off] = v
}

// step lets engines stop and each port carry out one command.
func (f *fake) step() {
	for _, p := range f.ports {
		if p.reg[pxCMD]&cmdStart == 0 {
			p.reg[pxCI] = 0
			if !p.stuck {
				p.reg[pxCMD] &^= cmdRunning
				p.ended = false
			}
		}
		if p.reg[pxCMD]&cmdReceive == 0 {
			p.reg[pxCMD] &^= cmdReceiving
		}
		if ci := p.reg[pxCI]; ci != 0 && !p.silent && !p.ended {
			slot := 0
			for ci>>slot&1 == 0 {
				slot++
			}
			p.carryOut(slot)
		}
	}
}

func (p *fakePort) carryOut(slot int) {
	m := p.f.m
	header := m.At(uint64(p.reg[pxCLB])|uint64(p.reg[pxCLBU])<<32, 1024)[slot*headerSize:][:headerSize]
	dw0 := le.Uint32(header)
	if dw0&0x1f != fisDwords || dw0&(1<<6) != 0 {
		panic("bad command header")
	}
	table := m.At(le.Uint64(header[8:]), tableSize)
	if table[0] != fisHostToDevice || table[1] != fisCommand {
		panic("bad FIS")
	}
	lba := uint64(table[4]) | uint64(table[5])<<8 | uint64(table[6])<<16 | uint64(table[8])<<24 | uint64(table[9])<<32 | uint64(table[10])<<40
	count := int(le.Uint16(table[12:]))
	var data []byte
	switch table[2] {
	case 0xec:
		data = p.id[:]
	case 0x25:
		data = make([]byte, count*int(p.block))
		blocktest.Fill(data, lba*p.block)
		for s, n := range p.bad {
			if n > 0 && s >= lba && s < lba+uint64(count) {
				p.bad[s]--
				p.fail(slot)
				return
			}
		}
	default:
		panic(fmt.Sprintf("command %#x", table[2]))
	}
	if p.half {
		data = data[:len(data)/2]
	}
	moved := 0
	for i := range int(dw0 >> 16) {
		d := table[prdtOffset+i*prdSize:]
		n := min(int(le.Uint32(d[12:])&0x3fffff)+1, len(data)-moved)
		if n%2 != 0 || le.Uint64(d)%2 != 0 {
			panic("odd segment")
		}
		m.Put(le.Uint64(d), data[moved:moved+n])
		moved += n
	}
	if !p.half && moved != len(data) {
		panic(fmt.Sprintf("segments for %d bytes of %d", moved, len(data)))
	}
	if !p.noCount {
		le.PutUint32(header[4:], uint32(moved))
	}
	p.reg[pxTFD] = 0x50
	p.reg[pxIS] |= 1
	p.reg[pxCI] &^= 1 << slot
}

// fail stops the port as a task file error does.
func (p *fakePort) fail(slot int) {
	p.reg[pxTFD] = 0x4051
	if p.stickyBusy {
		p.reg[pxTFD] |= tfdBusy
	}
	p.reg[pxIS] |= 1 << 30
	p.reg[pxCMD] = p.reg[pxCMD]&^(0x1f<<cmdCurrent) | uint32(slot)<<cmdCurrent
	p.ended = true
}
