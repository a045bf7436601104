package kern

// Thermal registers (SDM volume 4 table 2-2, volume 3B section 15.8).
const (
	msrThermStatus       = 0x19c // bits 22-16: degrees below the limit, bit 31: valid
	msrTemperatureTarget = 0x1a2 // bits 23-16: the limit
)

// Temperature returns the core's temperature in degrees Celsius; false on CPUs that
// do not say, in emulators, and on AMD's, which have no register for it.
func Temperature() (celsius int, ok bool) {
	top, b, c, d := cpuid(0, 0)
	const genu, ntel, inei = 0x756e6547, 0x6c65746e, 0x49656e69
	if top < 6 || b != genu || c != ntel || d != inei {
		return 0, false
	}
	a, _, features, _ := cpuid(1, 0)
	sensor, _, _, _ := cpuid(6, 0)
	const hypervisor = 1 << 31
	if features&hypervisor != 0 || sensor&1 == 0 || !hasTarget(a) {
		return 0, false
	}
	status, limit := rdmsr(msrThermStatus), int(rdmsr(msrTemperatureTarget)>>16&0xff)
	if status>>31&1 == 0 || limit == 0 {
		return 0, false
	}
	return limit - int(status>>16&0x7f), true
}

// hasTarget says from CPUID's signature whether MSR 1A2h exists: since Nehalem, and
// not on the first Atoms. Reading an absent register is an exception.
func hasTarget(signature uint32) bool {
	family, model := signature>>8&15, signature>>4&15|signature>>12&0xf0
	switch model {
	case 0x1c, 0x26, 0x27, 0x35, 0x36:
		return false
	}
	return family == 6 && model >= 0x1a
}
