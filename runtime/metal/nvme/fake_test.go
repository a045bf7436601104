package nvme

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// fake is a model of an NVMe controller with two namespaces.
type fake struct {
	m      *bustest.Machine
	config *bustest.Config
	cap    uint64
	regs   map[uint32]uint32
	size   uint64
	tails  [2]uint32
	queues [2]fakeQueue
	id     [4096]byte
	ns     map[uint32]*[4096]byte
	wait   []command // reads not yet ended

	// What goes wrong.
	neverReady bool
	fatal      bool
	neverOff   bool
	silent     bool // admin commands do not end
	silentIO   bool
	noList     bool // controllers before 1.1
	refuse     byte // admin command that fails
	bad        map[uint64]int
	strangeID  bool
	resets     int
}

type fakeQueue struct {
	submit, complete  uint64
	entries           uint32
	head, done, phase uint32
}

type command struct {
	id  uint16
	raw [commandSize]byte
}

func newFake() *fake {
	f := &fake{m: bustest.New(16 << 20), regs: map[uint32]uint32{}, size: 0x4000, ns: map[uint32]*[4096]byte{}, bad: map[uint64]int{}}
	f.cap = 1023 | 1<<16 | 4<<24 | 1<<37
	f.config = bustest.NewConfig(0x1b36, 0x0010, class, map[int]pci.BAR{0: {Addr: 0xfebf0000, Size: 0x4000}})
	f.m.Function, f.m.Step = f.config, f.step
	f.regs[regCC], f.regs[regCSTS] = ccEntries|ccEnable, cstsReady // in use by the firmware
	f.id[77] = 5
	for id, shift := range map[uint32]byte{1: 9, 7: 12} {
		var ns [4096]byte
		le.PutUint64(ns[0:], 1<<30)
		ns[26] = 2
		ns[128+4*2+2] = shift
		f.ns[id] = &ns
	}
	return f
}

func (f *fake) open() ([]*block.Disk, error) {
	return Open("nvme", 3, f.m, f.config.Function(), func(b pci.BAR) (bus.Registers, error) {
		return bustest.Registers{Len: f.size, Load: f.load, Store: f.store}, nil
	})
}

func (f *fake) load(off uint32, size int) uint32 {
	switch off {
	case regCAP:
		return uint32(f.cap)
	case regCAP + 4:
		return uint32(f.cap >> 32)
	}
	return f.regs[off]
}

func (f *fake) doorbell(n uint32) uint32 { return regDoor + n*(4<<(f.cap>>32&0xf)) }

func (f *fake) store(off uint32, size int, v uint32) {
	if size != 4 {
		panic("registers have 32 bits")
	}
	f.regs[off] = v
	switch off {
	case regCC:
		if v&ccEnable == 0 {
			f.resets++
			f.wait = nil
			f.queues = [2]fakeQueue{}
			f.tails = [2]uint32{}
		}
	case f.doorbell(0):
		f.tails[0] = v
	case f.doorbell(2):
		f.tails[1] = v
	}
}

// step moves the controller on: its state, then one command of each queue.
func (f *fake) step() {
	cc := f.regs[regCC]
	switch {
	case cc&ccEnable != 0 && f.fatal:
		f.regs[regCSTS] |= cstsFatal
	case cc&ccEnable != 0 && !f.neverReady:
		if f.regs[regCSTS]&cstsReady == 0 {
			aqa := f.regs[regAQA]
			f.queues[0] = fakeQueue{submit: f.reg64(regASQ), complete: f.reg64(regACQ), entries: aqa&0xfff + 1, phase: 1}
		}
		f.regs[regCSTS] |= cstsReady
	case cc&ccEnable == 0 && !f.neverOff:
		f.regs[regCSTS] &^= cstsReady
	}
	if cc&(3<<14) == ccShutdown {
		f.regs[regCSTS] = f.regs[regCSTS]&^cstsShutMask | cstsShutDone
	}
	if cc&ccEnable == 0 || f.silent {
		return
	}
	if c, ok := f.fetch(0); ok {
		f.admin(c)
	}
	for c, ok := f.fetch(1); ok; c, ok = f.fetch(1) {
		f.wait = append(f.wait, c)
	}
	if n := len(f.wait) - 1; n >= 0 && !f.silentIO { // the youngest first
		c := f.wait[n]
		f.wait = f.wait[:n]
		f.end(1, c, f.read(c))
	}
}

func (f *fake) reg64(off uint32) uint64 { return uint64(f.regs[off]) | uint64(f.regs[off+4])<<32 }

// fetch takes the next command of a queue.
func (f *fake) fetch(n int) (c command, ok bool) {
	q := &f.queues[n]
	if q.entries == 0 || q.head == f.tails[n] {
		return c, false
	}
	copy(c.raw[:], f.m.At(q.submit+uint64(q.head*commandSize), commandSize))
	c.id = le.Uint16(c.raw[2:])
	q.head = (q.head + 1) % q.entries
	return c, true
}

// end writes a completion.
func (f *fake) end(n int, c command, status uint32) {
	q := &f.queues[n]
	e := f.m.At(q.complete+uint64(q.done*completionSize), completionSize)
	le.PutUint16(e[8:], uint16(q.head))
	id := uint32(c.id)
	if f.strangeID && n == 1 {
		id = 0x1234
	}
	le.PutUint32(e[12:], id|q.phase<<16|status<<17)
	if q.done++; q.done == q.entries {
		q.done, q.phase = 0, q.phase^1
	}
}

func (f *fake) admin(c command) {
	const invalidField, invalidNamespace = 2, 0xb
	op, prp1, dw10 := c.raw[0], le.Uint64(c.raw[24:]), le.Uint32(c.raw[40:])
	if op == f.refuse {
		f.end(0, c, invalidField)
		return
	}
	switch op {
	case adminSetFeatures:
		if dw10 != featureQueues || le.Uint32(c.raw[44:]) != 0 {
			panic("feature")
		}
	case adminCreateCQ, adminCreateSQ:
		if dw10&0xffff != ioQueue || le.Uint32(c.raw[44:])&contiguous == 0 {
			panic("queue")
		}
		q := &f.queues[1]
		q.entries, q.phase = dw10>>16+1, 1
		if op == adminCreateCQ {
			q.complete = prp1
		} else {
			q.submit = prp1
		}
	case adminIdentify:
		var data [4096]byte
		switch dw10 {
		case identifyController:
			data = f.id
		case identifyActive:
			if f.noList {
				f.end(0, c, invalidField)
				return
			}
			le.PutUint32(data[0:], 1)
			le.PutUint32(data[4:], 7)
		case identifyNamespace:
			ns := f.ns[le.Uint32(c.raw[4:])]
			if ns == nil {
				f.end(0, c, invalidNamespace)
				return
			}
			data = *ns
		}
		f.m.Put(prp1, data[:])
	default:
		panic(fmt.Sprintf("admin command %#x", op))
	}
	f.end(0, c, 0)
}

// read carries out a read and returns its status.
func (f *fake) read(c command) uint32 {
	if c.raw[0] != 2 {
		panic("not a read")
	}
	ns := f.ns[le.Uint32(c.raw[4:])]
	block := uint64(1) << ns[128+4*2+2]
	prp1, prp2 := le.Uint64(c.raw[24:]), le.Uint64(c.raw[32:])
	lba, count := le.Uint64(c.raw[40:]), uint64(le.Uint32(c.raw[48:])&0xffff)+1
	for s := lba; s < lba+count; s++ {
		if f.bad[s] > 0 {
			f.bad[s]--
			return 2<<8 | 0x81 // unrecovered read error
		}
	}
	data := make([]byte, count*block)
	blocktest.Fill(data, lba*block)
	if f.id[77] != 0 && f.id[77] < 20 && len(data) > pageSize<<f.id[77] {
		panic("request larger than MDTS")
	}
	if prp1%4 != 0 {
		panic("PRP 1 not aligned")
	}
	n := min(len(data), int(pageSize-prp1%pageSize))
	f.m.Put(prp1, data[:n])
	data = data[n:]
	list := len(data) > pageSize
	for i := uint64(0); len(data) > 0; i++ {
		page := prp2
		if list {
			page = le.Uint64(f.m.At(prp2+8*i, 8))
		}
		if page%pageSize != 0 {
			panic("PRP inside a page")
		}
		n := min(len(data), pageSize)
		f.m.Put(page, data[:n])
		data = data[n:]
	}
	return 0
}
