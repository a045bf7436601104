//go:build metal

// Package board joins the kernel of package kern to the hardware of a PC through
// TamaGo's runtime/goos hooks and drivers: serial line, screen, keyboard, clocks,
// boot disk, on BIOS and UEFI machines.
package board

import (
	_ "runtime/goos" // the hooks defined here by name
	_ "unsafe"

	"github.com/usbarmory/tamago/soc/intel/uart"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// serial is COM1.
var serial = uart.UART{Index: 1, Base: com1}

const com1 = 0x3f8

// serialPresent is false where nothing answers at COM1: an absent UART reads all
// ones, and waiting for it would take forever.
var serialPresent bool

//go:linkname hwinit0 runtime/goos.Hwinit0
func hwinit0() {
	const divisorLatch, eightN1, fifoOn, scratch = 0x80, 0x03, 0x07, 7
	kern.Out8(com1+scratch, 0x5a)
	serialPresent = kern.In8(com1+scratch) == 0x5a
	kern.Out8(com1+uart.LCR, divisorLatch)
	kern.Out8(com1, 1) // 115200
	kern.Out8(com1+uart.IER, 0)
	kern.Out8(com1+uart.LCR, eightN1)
	kern.Out8(com1+uart.FCR, fifoOn)
	serial.RTS, serial.DTR = true, true
	serial.Init()
	if !kern.UEFI() {
		initVGA()
	}
}

//go:linkname hwinit1 runtime/goos.Hwinit1
func hwinit1() {}

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
		if c == '\n' {
			serial.Tx('\r')
		}
		serial.Tx(c)
	}
	showByte(c)
}
