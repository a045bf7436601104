package ahci

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Port registers (section 3.3).
const (
	pxCLB  = 0x00
	pxCLBU = 0x04
	pxFB   = 0x08
	pxFBU  = 0x0c
	pxIS   = 0x10
	pxIE   = 0x14
	pxCMD  = 0x18
	pxTFD  = 0x20
	pxSIG  = 0x24
	pxSSTS = 0x28
	pxSERR = 0x30
	pxSACT = 0x34
	pxCI   = 0x38

	cmdStart      = 1 << 0  // ST
	cmdOverride   = 1 << 3  // CLO
	cmdReceive    = 1 << 4  // FRE
	cmdReceiving  = 1 << 14 // FR
	cmdRunning    = 1 << 15 // CR
	cmdCurrent    = 8       // CCS, 5 bits
	tfdError      = 1 << 0
	tfdRequest    = 1 << 3
	tfdFault      = 1 << 5
	tfdBusy       = 1 << 7
	detMask       = 0xf
	detReady      = 3          // device present, communication established
	signatureDisk = 0x00000101 // of a disk, after reset (ACS-3 section 9.2)

	anyCount = 0 // of bytes: not to be compared

	// Fatal errors (section 6.1.1): task file, host bus fatal and data, interface.
	isErrors = 1<<30 | 1<<29 | 1<<28 | 1<<27
)

// port is a port with a disk, the controller of a block.Disk.
type port struct {
	*controller
	base   uint32
	number int

	saved    savedPort
	lists    lists
	block    int
	busy     uint32           // slots issued
	expected [maxSlots]uint32 // bytes
}

// savedPort is what the firmware's driver left in the registers.
type savedPort struct{ clb, clbu, fb, fbu, ie, cmd uint32 }

func (p *port) read(reg uint32) uint32     { return p.r.Read32(p.base + reg) }
func (p *port) write(reg uint32, v uint32) { p.r.Write32(p.base+reg, v) }

// hasDisk reports whether a SATA disk is connected and up. The firmware, which may have
// started from it, brought it up.
func (p *port) hasDisk() bool {
	return p.read(pxSSTS)&detMask == detReady && p.read(pxSIG) == signatureDisk
}

// open makes the port ours and asks the disk who it is.
func (p *port) open(name string) (*block.Disk, error) {
	p.saved = savedPort{p.read(pxCLB), p.read(pxCLBU), p.read(pxFB), p.read(pxFBU), p.read(pxIE), p.read(pxCMD)}
	l, err := newLists(p.machine, p.slots)
	if err != nil {
		return nil, err
	}
	if p.maxAddr != 0 && l.end() > p.maxAddr {
		return nil, fmt.Errorf("%w: command list at %#x, above 4 GiB", bus.ErrUnsupported, l.end())
	}
	p.lists = l
	d, err := p.start(name)
	if err != nil {
		if back := p.giveBack(); back != nil {
			err = fmt.Errorf("%w (and %v)", err, back)
		}
		return nil, err
	}
	return d, nil
}

func (p *port) start(name string) (*block.Disk, error) {
	if err := p.stop(); err != nil {
		return nil, err
	}
	p.write(pxIE, 0)
	bus.Write64(p.r, p.base+pxCLB, p.lists.headers.Addr)
	bus.Write64(p.r, p.base+pxFB, p.lists.received.Addr)
	if err := p.run(); err != nil {
		return nil, err
	}
	id, err := p.identify()
	if err != nil {
		return nil, err
	}
	g, err := geometry(id)
	if err != nil {
		return nil, err
	}
	g.Name, g.Unit, p.block = name, p.number, g.Block
	return block.NewDisk(g, p.machine, p, block.Limits{
		Slots: p.slots, Bytes: min(maxRequest, maxBlocks*p.block), Segments: maxSegments,
		Align:   2, // section 4.2.3.3
		MaxAddr: p.maxAddr,
	})
}

// stop ends command processing and reception (section 10.1.2).
func (p *port) stop() error {
	p.write(pxCMD, p.read(pxCMD)&^cmdStart)
	if err := bus.Wait(p.machine, engineTime, "end of the command list", func() bool { return p.read(pxCMD)&cmdRunning == 0 }); err != nil {
		return err
	}
	p.write(pxCMD, p.read(pxCMD)&^cmdReceive)
	return bus.Wait(p.machine, engineTime, "end of reception", func() bool { return p.read(pxCMD)&cmdReceiving == 0 })
}

// run starts both again (sections 10.3.1 and 10.3.2).
func (p *port) run() error {
	p.busy = 0
	p.write(pxSERR, 0xffffffff)
	p.write(pxIS, 0xffffffff)
	p.write(pxCMD, p.read(pxCMD)|cmdReceive)
	if err := p.settle(); err != nil {
		return err
	}
	if p.read(pxSSTS)&detMask != detReady {
		return fmt.Errorf("%w: the link is down", bus.ErrDevice)
	}
	p.write(pxCMD, p.read(pxCMD)|cmdStart)
	return nil
}

// settle removes the busy bit that an aborted command may leave behind, with which the
// port must not be started (section 3.3.7, CLO).
func (p *port) settle() error {
	idle := func() bool { return p.read(pxTFD)&(tfdBusy|tfdRequest) == 0 }
	if idle() {
		return nil
	}
	p.write(pxCMD, p.read(pxCMD)|cmdOverride)
	if err := bus.Wait(p.machine, engineTime, "command list override", func() bool { return p.read(pxCMD)&cmdOverride == 0 }); err != nil {
		return err
	}
	return bus.Wait(p.machine, engineTime, "idle disk", idle)
}

// giveBack restores what the firmware's driver had.
func (p *port) giveBack() error {
	err := p.stop()
	p.write(pxSERR, 0xffffffff)
	p.write(pxIS, 0xffffffff)
	s := p.saved
	p.write(pxCLB, s.clb)
	p.write(pxCLBU, s.clbu)
	p.write(pxFB, s.fb)
	p.write(pxFBU, s.fbu)
	p.write(pxIE, s.ie)
	p.write(pxCMD, p.read(pxCMD)|s.cmd&cmdReceive)
	if err == nil && s.cmd&cmdStart != 0 {
		if err = p.settle(); err == nil {
			p.write(pxCMD, p.read(pxCMD)|cmdStart)
		}
	}
	return err
}

// Submit implements block.Controller with READ DMA EXT (ACS-3 section 7.21).
func (p *port) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	const readDMAExt = 0x25
	p.expected[slot] = uint32(blocks * p.block)
	p.lists.command(slot, readDMAExt, lba, blocks, to)
	p.issue(slot)
	return nil
}

func (p *port) issue(slot int) {
	p.busy |= 1 << slot
	p.write(pxCI, 1<<slot)
}

// Poll implements block.Controller.
func (p *port) Poll() (int, error) {
	if is := p.read(pxIS); is&isErrors != 0 {
		slot := int(p.read(pxCMD) >> cmdCurrent & 0x1f)
		if slot >= p.slots || p.busy>>slot&1 == 0 {
			slot = -1
		}
		tfd := p.read(pxTFD)
		return slot, fmt.Errorf("%w: ATA status %#02x, error %#02x, port status %#x, link errors %#x",
			bus.ErrDevice, tfd&0xff, tfd>>8&0xff, is, p.read(pxSERR))
	}
	done := p.busy &^ p.read(pxCI)
	if done == 0 {
		return -1, nil
	}
	slot := 0
	for done>>slot&1 == 0 {
		slot++
	}
	p.busy &^= 1 << slot
	// The last command of all may fail and still be done.
	if tfd := p.read(pxTFD); tfd&(tfdError|tfdFault) != 0 && tfd&tfdBusy == 0 {
		return slot, fmt.Errorf("%w: ATA status %#02x, error %#02x", bus.ErrDevice, tfd&0xff, tfd>>8&0xff)
	}
	// Section 5.4.1. Zero is taken for a controller that does not count.
	if got, want := p.lists.transferred(slot), p.expected[slot]; got != 0 && want != anyCount && got != want {
		return slot, fmt.Errorf("%w: %d bytes came, want %d", bus.ErrDevice, got, want)
	}
	return slot, nil
}

// Recover implements block.Controller (section 6.2.2.1).
func (p *port) Recover() error {
	if err := p.stop(); err != nil {
		return err
	}
	return p.run()
}

// Close implements block.Controller.
func (p *port) Close() error {
	err := p.giveBack()
	p.release()
	if err != nil {
		return fmt.Errorf("SATA controller %v port %d: %w", p.f.Address, p.number, err)
	}
	return nil
}
