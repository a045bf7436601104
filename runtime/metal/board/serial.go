//go:build metal

package board

import (
	"sync/atomic"
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

// backlog is the text between the screen, which is fast, and the line, which sends
// 11 bytes a millisecond. One goroutine puts, one takes.
var backlog struct {
	ring       [32 << 10]byte
	head, tail atomic.Uint32
	sending    atomic.Uint32 // 1: somebody moves bytes from the ring to the UART
	arrived    chan struct{}
}

// queueSerial appends text, waiting while there is no room.
func queueSerial(text []byte) {
	if !serialPresent {
		return
	}
	b := &backlog
	put := func(c byte) {
		for b.tail.Load()-b.head.Load() == uint32(len(b.ring)) {
			wakeSerial()
			time.Sleep(time.Millisecond)
		}
		tail := b.tail.Load()
		b.ring[tail%uint32(len(b.ring))] = c
		b.tail.Store(tail + 1)
	}
	for _, c := range text {
		if c == '\n' {
			put('\r')
		}
		put(c)
	}
	wakeSerial()
}

func wakeSerial() {
	select {
	case backlog.arrived <- struct{}{}:
	default:
	}
}

// serveSerial sends the backlog, forever, sleeping while the line is busy.
func serveSerial() {
	const fifoTime = fifoSize * 87 * time.Microsecond
	for {
		switch sent, more := sendBurst(); {
		case !more:
			<-backlog.arrived
		case !sent:
			time.Sleep(fifoTime / 2)
		}
	}
}

// sendBurst sends what the UART takes at once. sent is false when it takes nothing
// now, more when nothing was left.
func sendBurst() (sent, more bool) {
	b := &backlog
	if b.head.Load() == b.tail.Load() {
		return false, false
	}
	if kern.In8(com1+serialLSR)&transmitterEmpty == 0 || !b.sending.CompareAndSwap(0, 1) {
		return false, true
	}
	for i := 0; i < serialBurst && b.head.Load() != b.tail.Load(); i++ {
		kern.Out8(com1, b.ring[b.head.Load()%uint32(len(b.ring))])
		b.head.Add(1)
	}
	b.sending.Store(0)
	return true, true
}

// drainSerial sends the whole backlog at once, for a machine that ends or a kernel
// that has only its last words to say. A line that never becomes ready is given up.
func drainSerial() {
	const patience = 1 << 20 // looks at the line without a byte sent: a second or so
	for idle := 0; idle < patience; idle++ {
		sent, more := sendBurst()
		if !more {
			return
		}
		if sent {
			idle = 0
		}
	}
}
