//go:build metal

// Package board joins the kernel of package kern to the hardware of a PC through
// TamaGo's runtime/goos hooks and drivers: serial line, screen, keyboard, clocks,
// boot disk, on BIOS and UEFI machines.
package board

import (
	_ "runtime/goos" // the hooks defined here by name
	_ "unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

//go:linkname hwinit0 runtime/goos.Hwinit0
func hwinit0() {
	initSerial()
	if !kern.UEFI() {
		initVGA()
	}
}

//go:linkname hwinit1 runtime/goos.Hwinit1
func hwinit1() {
	if kern.UEFI() {
		initGOP()
	}
}

//go:linkname initRNG runtime/goos.InitRNG
func initRNG() {}

//go:linkname getRandomData runtime/goos.GetRandomData
func getRandomData(b []byte) {
	for i := range b {
		b[i] = byte(kern.Random() >> 13)
	}
}

//go:linkname nanotime runtime/goos.Nanotime
func nanotime() int64 { return kern.Nanotime() }

//go:linkname printk runtime/goos.Printk
func printk(c byte) {
	if serialPresent {
		drainSerial()
		if c == '\n' {
			serial.Tx('\r')
		}
		serial.Tx(c)
	}
	showByte(c)
}
