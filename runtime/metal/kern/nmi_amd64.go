package kern

import "sync/atomic"

// reportedNMIs is how many of strayNMIs have been named.
var reportedNMIs uint32

// hardwareEvents names non-maskable interrupts.
func hardwareEvents() {
	n, old := atomic.LoadUint32(&strayNMIs), atomic.LoadUint32(&reportedNMIs)
	if n != old && atomic.CompareAndSwapUint32(&reportedNMIs, old, n) {
		reportNMI()
	}
}

// reportNMI prints what the chipset knows about the cause: port 0x61, bits 7 and 6.
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
