//go:build metal

// Package board joins the kernel of package kern to the hardware of a PC: serial
// line, screen, keyboard, clocks, boot disk, on BIOS and UEFI machines.
package board

import (
	_ "unsafe" // for go:linkname: kern links to the functions below by name

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// hardwareInit initialises the consoles that need no mapped memory.
func hardwareInit() {
	initSerial()
	if !kern.UEFI() {
		initVGA()
	}
}

// hardwareReady initialises the consoles that need mapped memory.
func hardwareReady() {
	if kern.UEFI() {
		initGOP()
	}
}

// putc writes one byte to all consoles at once, past the output queue of kern.
func putc(c byte) {
	if serialPresent {
		drainSerial()
		if c == '\n' {
			serial.Tx('\r')
		}
		serial.Tx(c)
	}
	showByte(c)
}
