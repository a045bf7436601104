package uart

import (
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
)

// line is a UART with a terminal at the other end.
type line struct {
	*porttest.Space
	scratch, modem uint32
	fifo           int  // bytes it holds
	stopped        bool // it takes no more
	looks          int  // at the status
	held           int  // bytes in the FIFO
	got            []byte
	typed          []byte
}

func newLine(fifo int) *line {
	l := &line{Space: porttest.New(), fifo: fifo}
	l.Register(COM1+regScratch, &l.scratch)
	l.Register(COM1+regModem, &l.modem)
	l.Devices[COM1+regFIFO] = porttest.Device{In: func(int) uint32 {
		if fifo > 1 {
			return fifosEnabled
		}
		return 0
	}}
	divisor := false
	l.Devices[COM1+regLine] = porttest.Device{Out: func(_ int, v uint32) { divisor = v&divisorLatch != 0 }}
	l.Devices[COM1+regStatus] = porttest.Device{In: func(int) (v uint32) {
		l.looks++
		if !l.stopped && l.looks%3 == 0 { // bytes take their time
			l.held = 0
		}
		if l.held == 0 && !l.stopped {
			v |= transmitted
		}
		if len(l.typed) > 0 {
			v |= received
		}
		return v
	}}
	l.Devices[COM1+regData] = porttest.Device{
		In: func(int) uint32 {
			c := l.typed[0]
			l.typed = l.typed[1:]
			return uint32(c)
		},
		Out: func(_ int, v uint32) {
			if divisor {
				return
			}
			if l.held++; l.held <= l.fifo { // more is lost
				l.got = append(l.got, byte(v))
			}
		},
	}
	return l
}

func open(l *line) *UART {
	u := new(UART)
	u.Init(l, COM1)
	u.Start(func(time.Duration) {})
	return u
}

func TestPut(t *testing.T) {
	for _, fifo := range []int{1, 16} {
		l := newLine(fifo)
		u := open(l)
		u.Queue([]byte("queued\n"))
		for _, c := range []byte("one\ntwo") {
			u.Put(c)
		}
		if want := "queued\r\none\r\ntwo"; string(l.got) != want || l.modem != terminalReady|requestToSend|interruptsOut2 {
			t.Errorf("FIFO of %d: sent %q, want %q; modem control %#x", fifo, l.got, want, l.modem)
		}
	}
}

func TestServe(t *testing.T) {
	l := newLine(16)
	u := open(l)
	text := strings.Repeat("0123456789abcde\n", 8<<10) // four rings
	u.sleep = func(time.Duration) {                    // while Queue waits, Serve's goroutine would send
		u.sendBurst()
	}
	u.Queue([]byte(text))
	u.Drain()
	if want := strings.ReplaceAll(text, "\n", "\r\n"); string(l.got) != want {
		t.Errorf("%d bytes sent, want %d, the same", len(l.got), len(want))
	}
}

// TestStoppedLine: no wait is endless, and only the first is long.
func TestStoppedLine(t *testing.T) {
	l := newLine(16)
	u := open(l)
	u.Put('a')
	l.stopped, l.looks = true, 0
	for _, c := range []byte("lost words") {
		u.Put(c)
	}
	if l.looks < patience || l.looks > patience+100 {
		t.Errorf("%d looks at a stopped line, want %d for the first byte and few for the others", l.looks, patience)
	}
	l.looks = 0
	u.Queue(make([]byte, 2*len(u.ring)))
	if u.queued() != int32(len(u.ring)) {
		t.Errorf("%d bytes wait, want the ring full, %d", u.queued(), len(u.ring))
	}
	u.Drain()
	if l.looks > 100 {
		t.Errorf("%d looks at a line that has been given up", l.looks)
	}
	l.stopped = false
	u.Put('b')
	if !strings.HasSuffix(string(l.got), "\x00b") || u.stalled.Load() {
		t.Errorf("the line works again: got %q at the end", l.got[len(l.got)-2:])
	}
}

// TestQueueGivesUp: the program's text waits for a line, but not forever.
func TestQueueGivesUp(t *testing.T) {
	l := newLine(1)
	u := open(l)
	l.stopped = true
	var slept time.Duration
	u.sleep = func(d time.Duration) { slept += d }
	u.Queue(make([]byte, 2*len(u.ring)))
	u.Queue(make([]byte, 2*len(u.ring)))
	if slept != roomPatience {
		t.Errorf("waited %v for a stopped line, want %v once", slept, roomPatience)
	}
}

// TestSenderStopped: a panic stops the goroutine that was sending; the last words go out.
func TestSenderStopped(t *testing.T) {
	l := newLine(16)
	u := open(l)
	u.Queue([]byte("before "))
	u.sending.Store(1)
	for _, c := range []byte("last words") {
		u.Put(c)
	}
	if string(l.got) != "before last words" {
		t.Errorf("sent %q", l.got)
	}
	if l.looks > patience+1000 {
		t.Errorf("%d looks at the line, want one wait of %d", l.looks, patience)
	}
}

func TestReceive(t *testing.T) {
	l := newLine(16)
	u := open(l)
	l.typed = []byte("hello")
	if got := u.Receive(make([]byte, 0, 3)); string(got) != "hel" {
		t.Errorf("received %q, want what fits", got)
	}
	if got := u.Receive(append(make([]byte, 0, 8), 'x')); string(got) != "xlo" {
		t.Errorf("received %q, want it behind what is there", got)
	}
}

// TestAbsent: an absent UART reads all ones, which looks like one that is ready and has
// received something.
func TestAbsent(t *testing.T) {
	s := porttest.New()
	u := new(UART)
	u.Init(s, COM1)
	u.Start(func(time.Duration) { t.Error("somebody waits for an absent line") })
	s.Log = nil
	u.Queue(make([]byte, 2*len(u.ring)))
	u.Put('x')
	u.Drain()
	if got := u.Receive(make([]byte, 0, 8)); len(got) != 0 || len(s.Log) != 0 {
		t.Errorf("received %q, wrote %q", got, s.Log)
	}
}
