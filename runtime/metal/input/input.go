// Package input moves typed bytes from polled devices to standard input.
//
// Input is polled: there is no interrupt routing to get right on machines never seen, and
// 10 ms is below what a typist notices.
package input

import (
	"bytes"
	"sync/atomic"
	"time"
)

const (
	pollInterval = 10 * time.Millisecond
	pollBusy     = time.Millisecond // while bytes are coming: a UART's FIFO has 16
	most         = 64               // bytes of one look at the devices
)

// Input is standard input of the machine.
type Input struct {
	// Sources append what was typed on a device to b, up to its capacity.
	Sources []func(b []byte) []byte
	// Feed hands bytes to the reader and returns how many it took.
	Feed  func([]byte) int
	Sleep func(time.Duration)

	waiting atomic.Bool
	enter   chan struct{}
}

// Start begins moving bytes.
func (in *Input) Start() {
	in.enter = make(chan struct{})
	go in.run()
}

// run moves bytes until Enter is typed after WaitEnter was called.
func (in *Input) run() {
	var buf [most]byte
	for {
		b := buf[:0]
		for _, source := range in.Sources {
			b = source(b)
		}
		if len(b) == 0 {
			in.Sleep(pollInterval)
			continue
		}
		if in.waiting.Load() {
			if bytes.ContainsAny(b, "\r\n") {
				close(in.enter)
				return
			}
			continue
		}
		for len(b) > 0 && !in.waiting.Load() { // a program that has ended reads no more
			b = b[in.Feed(b):] // takes less when the reader is behind
			in.Sleep(pollBusy)
		}
	}
}

// WaitEnter waits for the Enter key, past whoever still reads standard input. It is the
// last thing a program does: nothing reaches standard input afterwards.
func (in *Input) WaitEnter() {
	in.waiting.Store(true)
	<-in.enter
}
