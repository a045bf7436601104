package acpi

import (
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

// Machine switches a machine off or starts it again through its fixed registers.
type Machine struct {
	Memory Memory
	Root   uint64 // address of the root pointer
	IO     port.IO
	Sleep  func(time.Duration)
}

// Limits of waiting for the hardware.
const (
	enableTime = 3 * time.Second // for ACPI mode (section 4.8.3.2 gives none)
	enablePoll = 10 * time.Millisecond
	resetTime  = 100 * time.Millisecond
	offTime    = time.Second
)

// PowerOff puts the machine into the state S5 (section 7.4.2.6). It returns after a second
// where that does not switch it off, and at once where the tables do not tell how.
func (m Machine) PowerOff() {
	p, err := FindPower(m.Memory, m.Root)
	if err != nil {
		return
	}
	const acpiMode = 1 // SCI_EN
	if p.SMICommand != 0 && p.ACPIEnable != 0 && m.IO.In16(p.PM1a)&acpiMode == 0 {
		m.IO.Out8(p.SMICommand, p.ACPIEnable)
		for waited := time.Duration(0); waited < enableTime && m.IO.In16(p.PM1a)&acpiMode == 0; waited += enablePoll {
			m.Sleep(enablePoll)
		}
	}
	m.IO.Out16(p.PM1a, p.S5a)
	if p.PM1b != 0 {
		m.IO.Out16(p.PM1b, p.S5b)
	}
	m.Sleep(offTime)
}

// Reset writes the reset register (section 4.8.3.6), where there is one in I/O space. It
// returns where that does not start the machine again.
func (m Machine) Reset() {
	p, err := FindPower(m.Memory, m.Root)
	if err != nil || p.ResetPort == 0 {
		return
	}
	m.IO.Out8(p.ResetPort, p.ResetValue)
	m.Sleep(resetTime)
}
