package kern

import (
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// The counter is the time stamp counter.
var (
	tscHz   uint64 = 1e9
	tscFrom uint64 // how tscHz was found, an index of tscSources
)

// tscSources names the ways to learn the TSC's frequency, best first.
var tscSources = [...]string{"CPUID 15h", "hypervisor", "PIT", "ACPI timer", "HPET", "firmware", "a guess"}

const (
	tscCPUID = iota
	tscHypervisor
	tscPIT
	tscACPI
	tscHPET
	tscFirmware
	tscGuess
)

// Clocks of the 8254 timer and of the ACPI timer.
const (
	pitHz = 1193182
	pmHz  = 3579545
)

func initClock() {
	clockBase = rdtsc()
	tscHz, tscFrom = tscFrequency()
	clockMult = (1000000000 << 32) / tscHz
}

// tscFrequency asks CPUID (SDM volume 3B section 18.7.3), then the hypervisor's
// timing leaf, then measures.
func tscFrequency() (hz, source uint64) {
	maxLeaf, _, _, _ := cpuid(0, 0)
	if maxLeaf >= 0x15 {
		den, num, crystal, _ := cpuid(0x15, 0)
		if den != 0 && num != 0 && crystal != 0 {
			return uint64(crystal) * uint64(num) / uint64(den), tscCPUID
		}
	}
	_, _, c, _ := cpuid(1, 0)
	if c>>31&1 != 0 {
		if top, _, _, _ := cpuid(0x40000000, 0); top >= 0x40000010 {
			if khz, _, _, _ := cpuid(0x40000010, 0); khz != 0 {
				return uint64(khz) * 1000, tscHypervisor
			}
		}
	}
	if hz := measurePIT(); hz != 0 {
		return hz, tscPIT
	}
	if port, bits := pmTimer(); port != 0 {
		if hz := measureCounter(upCounter{port: port, mask: 1<<bits - 1, hz: pmHz}); hz != 0 {
			return hz, tscACPI
		}
	}
	if c, ok := hpetCounter(); ok {
		if hz := measureCounter(c); hz != 0 {
			return hz, tscHPET
		}
	}
	if UEFI() {
		return measureStall(), tscFirmware
	}
	return 1e9, tscGuess
}

// upCounter is a timer that counts up and is only read: ACPI's, behind a port, or the
// HPET's, in memory.
type upCounter struct {
	port uint16
	addr uintptr
	mask uint64
	hz   uint64
}

func (c *upCounter) read() uint64 {
	if c.addr != 0 {
		return get64(c.addr) & c.mask
	}
	return uint64(in32(uint32(c.port))) & c.mask
}

// hpetCounter starts the HPET, if there is one (IA-PC HPET 1.0a sections 2.3.4 to 2.3.7).
func hpetCounter() (c upCounter, ok bool) {
	const (
		general, config, mainCounter = 0x000, 0x010, 0x0f0

		enable    = 1
		wide      = 1 << 13 // the counter has 64 bits
		femto     = 1e15    // fs in a second
		maxPeriod = 100e6   // fs, section 2.3.4
	)
	a := hpet()
	if a == 0 {
		return c, false
	}
	mapDevice(a, pageSize)
	capabilities := get64(a + general)
	period := capabilities >> 32
	if period == 0 || period > maxPeriod {
		return c, false
	}
	*word(a + config) |= enable
	c = upCounter{addr: a + mainCounter, mask: 1<<32 - 1, hz: femto / period}
	if capabilities&wide != 0 {
		c.mask = 1<<64 - 1
	}
	return c, true
}

// measureCounter compares the TSC with c for 20 ms, three times, and keeps the result
// with the tightest brackets. It returns 0 when c does not count.
func measureCounter(c upCounter) uint64 {
	const limit = 1 << 32 // cycles; more than half a second on any CPU
	best, hz := ^uint64(0), uint64(0)
	for range 3 {
		t0 := rdtsc()
		from := c.read()
		t1 := rdtsc()
		for {
			t2 := rdtsc()
			n := (c.read() - from) & c.mask
			t3 := rdtsc()
			if n >= c.hz/50 {
				if slack := t1 - t0 + t3 - t2; slack < best {
					best = slack
					hz = scale((t2+t3)/2-(t0+t1)/2, c.hz, n)
				}
				break
			}
			if t3-t0 > limit {
				return hz
			}
		}
	}
	return hz
}

// measurePIT times one-shots of PIT channel 2 (about 10 ms each) and keeps the one
// with the tightest bracket: a CPU that was away in between only looks slow.
// It returns 0 when the timer does not run, as on PCs that gate its clock.
func measurePIT() uint64 {
	const count = 11932
	const limit = 1 << 32 // cycles; more than a second on any CPU
	best, hz := ^uint64(0), uint64(0)
	for shot := 0; shot < 30; shot++ {
		out8(0x61, in8(0x61)&^2|1) // gate on, speaker off
		out8(0x43, 0xb0)           // channel 2, both bytes, mode 0
		out8(0x42, count&0xff)
		t0 := rdtsc()
		out8(0x42, count>>8)
		t1 := rdtsc()
		last := t1 // a time at which the timer surely still ran
		for {
			t := rdtsc()
			if in8(0x61)&0x20 != 0 {
				break
			}
			if last = t; last-t1 > limit {
				return hz
			}
		}
		t2 := rdtsc()
		long, short := t2-t0, last-t1
		if long-short < best {
			best = long - short
			hz = (short + best/2) * pitHz / count
		}
		if shot >= 2 && best < hz/10000 {
			break
		}
	}
	return hz
}

// measureStall times the firmware's own delay (EFI_BOOT_SERVICES.Stall).
func measureStall() uint64 {
	best := ^uint64(0)
	for i := 0; i < 3; i++ {
		t := rdtsc()
		EarlyEFI(bootServices().Stall, efi.Args{20000})
		best = min(best, rdtsc()-t)
	}
	return best * 50
}
