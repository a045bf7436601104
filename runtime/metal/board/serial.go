//go:build metal

package board

import (
	"time"

	"github.com/usbarmory/tamago/soc/intel/uart"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// serial is COM1.
var serial = uart.UART{Index: 1, Base: com1}

const com1 = 0x3f8

var (
	// serialPresent is false where nothing answers at COM1: an absent UART reads all
	// ones, and waiting for it would take forever.
	serialPresent bool
	// serialBurst is how many bytes may follow one look at the status register: the
	// FIFO of a 16550A, or one.
	serialBurst = 1
)

// Registers of a PC16550D and bits in them.
const (
	serialIIR        = 2
	serialLSR        = 5
	serialScratch    = 7
	fifosEnabled     = 0xc0
	transmitterEmpty = 0x20
	fifoSize         = 16
)

// initSerial sets COM1 to 115200 8N1. It runs before Go's runtime.
func initSerial() {
	const divisorLatch, eightN1, fifoOn = 0x80, 0x03, 0x07
	kern.Out8(com1+serialScratch, 0x5a)
	serialPresent = kern.In8(com1+serialScratch) == 0x5a
	kern.Out8(com1+uart.LCR, divisorLatch)
	kern.Out8(com1, 1) // 115200
	kern.Out8(com1+uart.IER, 0)
	kern.Out8(com1+uart.LCR, eightN1)
	kern.Out8(com1+uart.FCR, fifoOn)
	if kern.In8(com1+serialIIR)&fifosEnabled == fifosEnabled {
		serialBurst = fifoSize
	}
	serial.RTS, serial.DTR = true, true
	serial.Init()
}

// sendSerial sends text, sleeping while the line is busy.
func sendSerial(text []byte) {
	if !serialPresent {
		return
	}
	room := 0
	send := func(c byte) {
		for room == 0 {
			if kern.In8(com1+serialLSR)&transmitterEmpty != 0 {
				room = serialBurst
				break
			}
			time.Sleep(time.Duration(serialBurst) * 50 * time.Microsecond) // a byte takes 87
		}
		kern.Out8(com1, c)
		room--
	}
	for _, c := range text {
		if c == '\n' {
			send('\r')
		}
		send(c)
	}
}
