package kern

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
