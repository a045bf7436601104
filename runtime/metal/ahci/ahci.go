// Package ahci reads SATA disks on AHCI controllers.
//
// References: Serial ATA AHCI Specification 1.3.1 (section numbers in this package are
// its) and ATA/ATAPI Command Set 3 (ACS-3, T13/2161-D).
//
// The firmware's driver may be needed again, so the controller is borrowed: it is neither
// reset nor are links brought up anew, and Close puts back the port's registers.
//
// Commands are READ DMA EXT in up to 32 slots, which the controller sends one after
// another by itself. Native command queuing would only reorder them, which sequential
// reads do not need, and makes errors harder to attribute.
//
// Not supported: ATAPI, port multipliers, disks without 48-bit addresses, hot plug.
package ahci

import (
	"encoding/binary"
	"errors"
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// class is mass storage, SATA, AHCI 1.0 (section 2.1.5).
const class = 0x010601

// Match reports whether f is an AHCI controller.
func Match(f *pci.Function) bool { return f.Class == class }

// Generic host control (section 3.1).
const (
	regCAP  = 0x00
	regGHC  = 0x04
	regPI   = 0x0c
	regCAP2 = 0x24
	regBOHC = 0x28

	capSlotsShift = 8 // NCS, 0-based
	capSlotsMask  = 0x1f
	cap64         = 1 << 31

	ghcInterrupts = 1 << 1
	ghcEnable     = 1 << 31

	cap2Handoff = 1 << 0
	bohcBIOS    = 1 << 0
	bohcOS      = 1 << 1
	bohcBusy    = 1 << 4
)

// barNumber holds all registers (section 2.1.11).
const barNumber = 5

const (
	portsStart = 0x100
	portSize   = 0x80
	maxPorts   = 32

	engineTime  = 500 * time.Millisecond // section 10.1.2
	handoffTime = 2 * time.Second        // section 10.6.3
	enableTime  = time.Second
)

// Open takes over the disks of a controller; the first is called name plus number first.
// Ports whose disk cannot be used are left to the firmware and reported as an error
// beside the others.
func Open(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	f.Enable()
	disks, err := open(name, first, m, f, mapBAR)
	if len(disks) == 0 {
		f.Restore()
	}
	if err != nil {
		return disks, fmt.Errorf("SATA controller %v: %w", f.Address, err)
	}
	return disks, nil
}

func open(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	r, err := f.Map(barNumber, portsStart+portSize, mapBAR)
	if err != nil {
		return nil, err
	}
	if r.Read32(regCAP2)&cap2Handoff != 0 {
		if err := handoff(m, r); err != nil {
			return nil, err
		}
	}
	c := &controller{machine: m, f: f, r: r, ghc: r.Read32(regGHC)}
	r.Write32(regGHC, c.ghc|ghcEnable)
	if err := bus.Wait(m, enableTime, "AHCI mode", func() bool { return r.Read32(regGHC)&ghcEnable != 0 }); err != nil {
		return nil, err
	}
	r.Write32(regGHC, r.Read32(regGHC)&^ghcInterrupts)
	caps := r.Read32(regCAP)
	c.slots = min(int(caps>>capSlotsShift&capSlotsMask)+1, maxSlots)
	if caps&cap64 == 0 {
		c.maxAddr = 1<<32 - 1
	}
	var disks []*block.Disk
	var problems []error
	present := r.Read32(regPI)
	for n := range maxPorts {
		base := uint32(portsStart + n*portSize)
		if present>>n&1 == 0 || uint64(base)+portSize > r.Size() {
			continue
		}
		p := &port{controller: c, base: base, number: n}
		if !p.hasDisk() {
			continue
		}
		d, err := p.open(fmt.Sprint(name, first+len(disks)))
		if err != nil {
			problems = append(problems, fmt.Errorf("port %d: %w", n, err))
			continue
		}
		disks = append(disks, d)
		c.users++
	}
	if c.users == 0 {
		r.Write32(regGHC, c.ghc)
	}
	return disks, errors.Join(problems...)
}

// handoff takes the controller from the firmware's system management code (section
// 10.6.3), if that uses it.
func handoff(m bus.Machine, r bus.Registers) error {
	v := r.Read32(regBOHC)
	if v&bohcBIOS == 0 {
		return nil
	}
	r.Write32(regBOHC, v|bohcOS)
	return bus.Wait(m, handoffTime, "handoff by the firmware", func() bool {
		return r.Read32(regBOHC)&(bohcBIOS|bohcBusy) == 0
	})
}

// controller is what the ports of a controller share.
type controller struct {
	machine bus.Machine
	f       *pci.Function
	r       bus.Registers
	ghc     uint32 // before we came
	slots   int
	maxAddr uint64 // 0: any
	users   int    // open ports
}

// release is called by each port that closes.
func (c *controller) release() {
	if c.users--; c.users > 0 {
		return
	}
	c.r.Write32(regGHC, c.ghc)
	c.f.Restore()
}

var le = binary.LittleEndian
