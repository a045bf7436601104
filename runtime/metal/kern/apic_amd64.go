package kern

import "unsafe"

// Local APIC registers (SDM volume 3A table 10-1); in x2APIC mode the MSR is
// 0x800 + offset/16.
const (
	apicID      = 0x20
	apicTPR     = 0x80
	apicSVR     = 0xf0
	apicIRR     = 0x270 // requested interrupts 0xe0 to 0xff
	apicICRLow  = 0x300
	apicICRHigh = 0x310
	apicTimer   = 0x320 // LVT timer
	apicCount   = 0x380 // initial count
	apicCurrent = 0x390
	apicDivide  = 0x3e0

	apicBroadcast    = 255     // xAPIC: all processors, so no processor's ID
	apicDeadlineMode = 1 << 18 // of the LVT timer (section 10.5.4.1)
	msrDeadline      = 0x6e0

	icrPending   = 1 << 12
	icrNMI       = 4 << 8
	icrAssert    = 1 << 14
	icrINIT      = 5 << 8
	icrStartup   = 6 << 8
	apicDivide1  = 0xb
	apicMasked   = 1 << 16
	msrAPICBase  = 0x1b
	msrX2APIC    = 0x800
	apicEnable   = 1 << 11
	apicX2Enable = 1 << 10

	ourVectors = 1<<(vecWake-0xe0) | 1<<(vecTimer-0xe0)
)

var (
	apicOn    bool   // messages and timer may be used
	apicTicks uint64 // timer ticks a second, divided by 1
	// fwTimer is the timer as the firmware had it, to be restored around its calls.
	fwTimer, fwDivide, fwCount uint32
	// fwPeriod is the time between its ticks in ns, 0 if it has none; fwTicked when the last one was passed on.
	fwPeriod, fwTicked int64
)

func apicRead(reg uint32) uint32 {
	if x2apic != 0 {
		return uint32(rdmsr(msrX2APIC + reg/16))
	}
	return *(*uint32)(unsafe.Pointer(apicBase + uintptr(reg)))
}

func apicWrite(reg, v uint32) {
	if x2apic != 0 {
		wrmsr(msrX2APIC+reg/16, uint64(v))
		return
	}
	*(*uint32)(unsafe.Pointer(apicBase + uintptr(reg))) = v
}

// initAPIC finds the boot processor's APIC, enables it and measures its timer.
func initAPIC() {
	b := rdmsr(msrAPICBase)
	if b&apicX2Enable == 0 && !UEFI() && needsX2APIC() {
		// A UEFI firmware, which goes on using the APIC, has changed the mode itself
		// where it wants to.
		b |= apicEnable | apicX2Enable
		wrmsr(msrAPICBase, b)
	}
	if b&apicX2Enable != 0 {
		x2apic = 1
	}
	apicBase = uintptr(b & 0xffffff000)
	mapDevice(apicBase, pageSize)
	fwTimer, fwDivide, fwCount = apicRead(apicTimer), apicRead(apicDivide), apicRead(apicCount)
	apicWrite(apicTPR, 0)
	apicWrite(apicSVR, 0x100|vecSpurious)
	cpus[0].hwid = localID()

	apicWrite(apicTimer, apicMasked|vecTimer)
	apicWrite(apicDivide, apicDivide1)
	best := uint64(0)
	for i := 0; i < 3; i++ {
		apicWrite(apicCount, ^uint32(0))
		t := rdtsc()
		delay(2e6)
		n := uint64(^uint32(0) - apicRead(apicCurrent))
		best = max(best, n*1e9/uint64(ticksToNano(rdtsc()-t)))
	}
	apicTicks = max(best, 1e6)
	fwPeriod = timerPeriod(fwTimer, fwDivide, fwCount, apicTicks)
}

// deadlinePeriod is the time between ticks of a firmware that sets a deadline for each.
const deadlinePeriod = 10e6 // ns

// timerPeriod is the time in ns between the ticks of a timer with these registers that counts perSecond when divided by
// one, 0 if it is off (SDM volume 3A section 10.5.4, figure 10-10 for the divisor).
func timerPeriod(lvt, divide, count uint32, perSecond uint64) int64 {
	switch {
	case lvt&apicMasked != 0 || lvt&0xff < 32:
		return 0
	case lvt&apicDeadlineMode != 0:
		return deadlinePeriod
	}
	code := divide&3 | divide>>1&4
	return int64(uint64(count) << ((code + 1) & 7) * 1e6 / (perSecond / 1e3))
}

// needsX2APIC reports whether some processor's APIC ID is out of reach of the older
// mode and the CPU has the newer one.
func needsX2APIC() (need bool) {
	const feature = 1 << 21
	if _, _, c, _ := cpuid(1, 0); c&feature == 0 {
		return false
	}
	eachProcessor(madt(), func(apic uint32) { need = need || apic >= apicBroadcast })
	return need
}

func localID() uint32 {
	if x2apic != 0 {
		return apicRead(apicID)
	}
	return apicRead(apicID) >> 24
}

// startAPIC enables the local APIC of an application processor, in the boot
// processor's mode. INIT has not changed the mode the firmware used; the way from
// x2APIC back leads through "disabled" (SDM volume 3A section 10.12.5).
func startAPIC() {
	b := rdmsr(msrAPICBase)
	switch {
	case x2apic != 0:
		b |= apicEnable
		wrmsr(msrAPICBase, b)
		wrmsr(msrAPICBase, b|apicX2Enable)
	case b&apicX2Enable != 0:
		wrmsr(msrAPICBase, b&^(apicEnable|apicX2Enable))
		wrmsr(msrAPICBase, b&^apicX2Enable|apicEnable)
	default:
		wrmsr(msrAPICBase, b|apicEnable)
	}
	apicWrite(apicTPR, 0)
	apicWrite(apicSVR, 0x100|vecSpurious)
	apicWrite(apicTimer, vecTimer)
	apicWrite(apicDivide, apicDivide1)
}

// send writes the interrupt command register: interrupts are off, so nothing comes
// between the two halves.
func send(apic, command uint32) {
	if x2apic != 0 {
		fence() // this WRMSR does not wait for earlier stores (section 10.12.3)
		wrmsr(msrX2APIC+apicICRLow/16, uint64(apic)<<32|uint64(command))
		return
	}
	waitICR()
	apicWrite(apicICRHigh, apic<<24)
	apicWrite(apicICRLow, command)
	waitICR()
}

func waitICR() {
	for i := 0; i < 1000000 && apicRead(apicICRLow)&icrPending != 0; i++ {
		pause()
	}
}

// leaveAPIC gives the timer back to the firmware, enterAPIC takes it again. No
// interrupt of ours may be left pending: the firmware would not acknowledge it, and
// the APIC would hold back all later ones. The firmware's calls are much shorter than
// its ticks, by which it polls USB keyboards among others: one that is due comes at once.
func leaveAPIC() {
	apicWrite(apicCount, 0)
	delay(2e3) // a message sent before others saw that we are away may still travel
	for apicRead(apicIRR)&ourVectors != 0 {
		idleWait() // ends at once; STI alone does not let them in under QEMU's TCG
	}
	apicWrite(apicDivide, fwDivide)
	apicWrite(apicTimer, fwTimer)
	apicWrite(apicCount, fwCount)
	if fwTimer&apicDeadlineMode != 0 {
		wrmsr(msrDeadline, rdtsc()+tscHz/100) // its handler sets the next one
	}
	if now := nanotime(); fwPeriod != 0 && now-fwTicked >= fwPeriod {
		fwTicked = now
		send(cpus[0].hwid, fwTimer&0xff|icrAssert)
	}
}

func enterAPIC() {
	apicWrite(apicCount, 0)
	apicWrite(apicTimer, vecTimer)
	apicWrite(apicDivide, apicDivide1)
}
