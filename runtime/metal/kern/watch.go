//go:build linux && amd64

package kern

import "sync/atomic"

// What may go wrong outside the program: machine checks, NMIs, timers that fall silent.

// Machine-check registers (SDM volume 3B section 15.3).
const (
	msrMCGCap    = 0x179
	msrMCGCtl    = 0x17b
	msrMC0Ctl    = 0x400
	msrMC0Status = 0x401
	msrMC0Addr   = 0x402
	mcBankStride = 4
	mcgCtlThere  = 1 << 8
	mcValid      = 1 << 63
	mcAddrValid  = 1 << 58

	hasMachineCheck = 1<<7 | 1<<14 // CPUID.1:EDX: MCE, MCA
)

// machineChecks is 1 on CPUs that have the registers above.
var machineChecks uint32

// enableMachineCheck has hardware errors reported (CR4.MCE is on already): without
// it, they make the CPU reset the machine.
func enableMachineCheck() {
	if _, _, _, d := cpuid(1, 0); d&hasMachineCheck != hasMachineCheck {
		return
	}
	machineChecks = 1
	banks := rdmsr(msrMCGCap)
	if banks&mcgCtlThere != 0 {
		wrmsr(msrMCGCtl, ^uint64(0))
	}
	for b := uint32(0); b < uint32(banks&0xff); b++ {
		wrmsr(msrMC0Ctl+b*mcBankStride, ^uint64(0))
		wrmsr(msrMC0Status+b*mcBankStride, 0)
	}
}

// printMachineCheck names the hardware errors this CPU has recorded.
func printMachineCheck() {
	if machineChecks == 0 {
		return
	}
	banks := uint32(rdmsr(msrMCGCap) & 0xff)
	for b := uint32(0); b < banks; b++ {
		status := rdmsr(msrMC0Status + b*mcBankStride)
		if status&mcValid == 0 {
			continue
		}
		putReg("\n bank ", uintptr(b))
		putReg(" status ", uintptr(status))
		if status&mcAddrValid != 0 {
			putReg(" memory ", uintptr(rdmsr(msrMC0Addr+b*mcBankStride)))
		}
	}
}

// strayNMIs counts non-maskable interrupts nobody asked for; reportedNMIs those named.
var strayNMIs, reportedNMIs uint32

// silent is how long a CPU that runs a thread may go without a tick, ns: many slices,
// as a hypervisor may take a CPU away.
const silent = 1e9

// lostTicks counts timers that had to be started again.
var lostTicks uint32

// watched is the CPU watch looks at next.
var watched uint32

// nameNMI reports non-maskable interrupts that have come since the last tick.
func nameNMI() {
	if n := atomic.LoadUint32(&strayNMIs); n != reportedNMIs {
		reportedNMIs = n
		reportNMI()
	}
}

// watch looks after one other CPU, at each tick and each time this CPU goes idle: if the
// other runs a thread and its timer has fallen silent, a message makes it tick, which
// sets the timer again. The last CPU that runs a thread is watched by the idle ones.
func watch() {
	if ncpu < 2 {
		return
	}
	c := &cpus[atomic.AddUint32(&watched, 1)%uint32(ncpu)]
	if c.id == currentCPU().id || nanotime()-atomic.LoadInt64(&c.ticked) < silent {
		return
	}
	sched.lock()
	if c.idling == 0 && c.away == 0 {
		atomic.StoreInt64(&c.ticked, nanotime()) // not again at once
		lostTicks++
		message(c, vecTimer)
	}
	unlockSched()
}

// reportNMI says what the chipset knows about the cause: port 0x61, bits 7 and 6.
func reportNMI() {
	const parity, ioCheck = 0x80, 0x40
	cause := in8(0x61)
	say("\nllamaboot: NMI")
	if cause&parity != 0 {
		say(", the memory reports an error (parity or SERR#)")
	}
	if cause&ioCheck != 0 {
		say(", a card reports an error (I/O check)")
	}
	say("\n")
}
