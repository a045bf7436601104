package kern

import "math/bits"

// smtShift is the number of APIC ID bits that number the hyper-threads of one core
// (SDM volume 3A section 8.9; AMD APM volume 3, Fn8000_001E).
func smtShift() uint32 {
	maxLeaf, _, _, _ := cpuid(0, 0)
	if maxLeaf >= 0xb {
		const levelSMT = 1
		if a, b, c, _ := cpuid(0xb, 0); b != 0 && c>>8&0xff == levelSMT {
			return a & 31
		}
	}
	if maxExt, _, _, _ := cpuid(0x80000000, 0); maxExt >= 0x8000001e {
		const topologyExtensions = 1 << 22
		if _, _, c, _ := cpuid(0x80000001, 0); c&topologyExtensions != 0 {
			_, b, _, _ := cpuid(0x8000001e, 0)
			return uint32(bits.Len32(b >> 8 & 0xff)) // threads per core - 1
		}
	}
	return 0
}
