// Package uart drives a serial port of a PC: a UART 8250, 16450 or 16550A.
//
// Reference: National Semiconductor PC16550D data sheet, June 1995, section 8.
//
// Text goes through a ring to a goroutine (Queue, Serve), because the line sends only 11
// bytes a millisecond; a kernel that ends with its last words sends at once (Put). A line
// that stops taking bytes is given up after a second and tried again with every byte: no
// wait is endless. Input is polled (Receive). Interrupts are not used.
package uart

import (
	"sync/atomic"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

// COM1 is the port of a PC's first UART.
const COM1 = 0x3f8

// Registers (table II).
const (
	regData        = 0 // receiver buffer, transmitter holding; divisor latch, low
	regInterrupts  = 1 // interrupt enable; divisor latch, high
	regFIFO        = 2 // interrupt identification (read), FIFO control (written)
	regLine        = 3 // line control
	regModem       = 4 // modem control
	regStatus      = 5 // line status
	regScratch     = 7
	fifosEnabled   = 0xc0 // of interrupt identification: a 16550A
	received       = 0x01 // of line status
	transmitted    = 0x20 // transmitter holding register, or its FIFO, is empty
	divisorLatch   = 0x80 // of line control
	eightN1        = 0x03
	enableFIFOs    = 0x07 // and clear them
	terminalReady  = 0x01 // of modem control
	requestToSend  = 0x02
	interruptsOut2 = 0x08
	fifoSize       = 16
)

// Limits of waiting for the line.
const (
	// patience is how often the status is read in vain before the line is given up: about a
	// microsecond each on real machines, so a second in all.
	patience = 1 << 20
	// roomPatience is how long Queue waits for room without any byte being sent.
	roomPatience = 2 * time.Second
)

// UART is a serial port. It must not be copied. Init and Put allocate nothing and may run
// before Go's runtime does.
type UART struct {
	io      port.IO
	base    uint16
	present bool
	burst   int // bytes that may follow one look at the status: the FIFO's, or 1

	// stalled: the line did not take a byte for too long, and nobody waits for it until it does.
	stalled atomic.Bool

	// ring holds the text to be sent. One goroutine puts, one at a time takes.
	ring       [32 << 10]byte
	head, tail atomic.Uint32
	sending    atomic.Uint32 // 1: somebody moves bytes from the ring to the UART
	arrived    chan struct{}
	sleep      func(time.Duration)
}

// Init sets the UART at a port to 115200 8N1. Where nothing answers, all methods do
// nothing.
func (u *UART) Init(io port.IO, base uint16) {
	u.io, u.base = io, base
	const pattern, divisor115200 = 0x5a, 1
	u.out(regScratch, pattern)
	u.present = u.in(regScratch) == pattern
	u.out(regLine, divisorLatch)
	u.out(regData, divisor115200)
	u.out(regInterrupts, 0)
	u.out(regLine, eightN1)
	u.out(regFIFO, enableFIFOs)
	u.burst = 1
	if u.in(regFIFO)&fifosEnabled == fifosEnabled {
		u.burst = fifoSize
	}
	u.out(regModem, terminalReady|requestToSend|interruptsOut2)
}

func (u *UART) in(reg uint16) uint8     { return u.io.In8(u.base + reg) }
func (u *UART) out(reg uint16, v uint8) { u.io.Out8(u.base+reg, v) }

// ready reports whether the UART takes a byte, waiting for it with patience.
func (u *UART) ready() bool {
	for range u.patience() {
		if u.in(regStatus)&transmitted != 0 {
			u.stalled.Store(false)
			return true
		}
	}
	u.stalled.Store(true)
	return false
}

// Put sends one byte at once, after what is queued. It may run in kernel context.
func (u *UART) Put(c byte) {
	if !u.present {
		return
	}
	u.Drain()
	if c == '\n' && u.ready() {
		u.out(regData, '\r')
	}
	if u.ready() {
		u.out(regData, c)
	}
}

// Drain sends all that is queued at once: for a machine that ends, or a kernel that has
// only its last words to say.
func (u *UART) Drain() {
	for limit := u.patience(); u.present; limit = patience {
		if u.drain(limit) {
			return
		}
		switch {
		case u.in(regStatus)&transmitted == 0:
			u.stalled.Store(true)
			return
		case limit == patience: // the goroutine that was sending has been stopped for good
			u.sending.Store(0)
		}
	}
}

// patience is how often the status is read in vain before the line is given up.
func (u *UART) patience() int {
	if u.stalled.Load() {
		return 1
	}
	return patience
}

// drain sends until nothing is queued, or until limit looks at the line were in vain.
func (u *UART) drain(limit int) bool {
	for idle := 0; idle < limit; idle++ {
		sent, more := u.sendBurst()
		if !more {
			return true
		}
		if sent {
			idle = -1
		}
	}
	return false
}

// sendBurst sends what the UART takes at once. sent is false when it takes nothing now,
// more when nothing was left.
func (u *UART) sendBurst() (sent, more bool) {
	if u.queued() <= 0 {
		return false, false
	}
	if u.in(regStatus)&transmitted == 0 || !u.sending.CompareAndSwap(0, 1) {
		return false, true
	}
	for i := 0; i < u.burst && u.queued() > 0; i++ {
		u.out(regData, u.ring[u.head.Load()%uint32(len(u.ring))])
		u.head.Add(1)
	}
	u.stalled.Store(false)
	u.sending.Store(0)
	return true, true
}

// queued is the number of bytes in the ring.
func (u *UART) queued() int32 { return int32(u.tail.Load() - u.head.Load()) }

// Start makes Queue and Serve usable; they need Go's runtime.
func (u *UART) Start(sleep func(time.Duration)) {
	u.arrived = make(chan struct{}, 1)
	u.sleep = sleep
}

// Queue appends text to what Serve sends, waiting while there is no room. What finds none
// because the line has stopped is lost.
func (u *UART) Queue(text []byte) {
	if !u.present {
		return
	}
	for _, c := range text {
		if c == '\n' && !u.queue('\r') || !u.queue(c) {
			break
		}
	}
	u.wake()
}

// queue appends a byte; false if there is no room.
func (u *UART) queue(c byte) bool {
	tail := u.tail.Load()
	before, waited := u.head.Load(), time.Duration(0)
	for tail-u.head.Load() >= uint32(len(u.ring)) {
		if u.stalled.Load() {
			return false
		}
		u.wake()
		u.sleep(time.Millisecond)
		waited += time.Millisecond
		if head := u.head.Load(); head != before {
			before, waited = head, 0
		}
		if waited >= roomPatience {
			u.stalled.Store(true)
		}
	}
	u.ring[tail%uint32(len(u.ring))] = c
	u.tail.Store(tail + 1)
	return true
}

func (u *UART) wake() {
	select {
	case u.arrived <- struct{}{}:
	default:
	}
}

// Serve sends what is queued, forever, sleeping while the line is busy.
func (u *UART) Serve() {
	const fifoTime = fifoSize * 87 * time.Microsecond
	for {
		switch sent, more := u.sendBurst(); {
		case !more:
			<-u.arrived
		case !sent:
			u.sleep(fifoTime / 2)
		}
	}
}

// Receive appends what has arrived to b, up to its capacity.
func (u *UART) Receive(b []byte) []byte {
	for u.present && len(b) < cap(b) && u.in(regStatus)&received != 0 {
		b = append(b, u.in(regData))
	}
	return b
}
