//go:build metal

package board

import (
	"bytes"
	"sync/atomic"
	"time"
	"unicode/utf8"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// Input is polled: no interrupt routing to get right on machines we have never
// seen, and 10 ms is below what a typist notices.
const (
	pollInterval = 10 * time.Millisecond
	pollBusy     = time.Millisecond // while bytes are coming, the UART's FIFO has 16
)

// readInput moves bytes from serial line and keyboard to standard input, forever.
func readInput() {
	var buf [64]byte
	for {
		b := buf[:0]
		if kern.UEFI() {
			b = readConIn(b)
		} else {
			b = readPS2(b)
		}
		for serialPresent && len(b) < cap(b) {
			c, ok := serial.Rx()
			if !ok {
				break
			}
			b = append(b, c)
		}
		if len(b) == 0 {
			time.Sleep(pollInterval)
			continue
		}
		if waiting.Load() {
			if bytes.ContainsAny(b, "\r\n") {
				close(enter)
				return
			}
			continue
		}
		for len(b) > 0 && !waiting.Load() { // a program that has ended reads no more
			b = b[kern.Feed(b):] // takes less when the reader is behind
			time.Sleep(pollBusy)
		}
	}
}

var (
	waiting atomic.Bool
	enter   = make(chan struct{})
)

// WaitEnter waits for the Enter key, past whoever still reads standard input. It is
// the last thing a program does: nothing reaches standard input afterwards.
func WaitEnter() {
	waiting.Store(true)
	<-enter
}

// EFI_SIMPLE_TEXT_INPUT_PROTOCOL (UEFI 2.10 section 12.3).
const (
	conInReadKeyStroke = 8

	scanUp     = 1
	scanDown   = 2
	scanRight  = 3
	scanLeft   = 4
	scanHome   = 5
	scanEnd    = 6
	scanDelete = 8
)

var keyStroke struct{ scan, char uint16 }

// escapeOf gives the terminal sequences of the keys that are not characters.
var escapeOf = map[uint16]string{
	scanUp: "\x1b[A", scanDown: "\x1b[B", scanRight: "\x1b[C", scanLeft: "\x1b[D",
	scanHome: "\x1b[H", scanEnd: "\x1b[F", scanDelete: "\x1b[3~",
}

// readConIn appends what was typed on the firmware's console: any keyboard it has a
// driver for, and often the serial line as well.
func readConIn(b []byte) []byte {
	conIn := load64(kern.SystemTable() + stConIn)
	if conIn == 0 {
		return b
	}
	for len(b) < cap(b)-8 {
		if status(callEFI(load64(conIn+conInReadKeyStroke), conIn, pointer(&keyStroke))) != nil {
			return b // EFI_NOT_READY
		}
		if keyStroke.char != 0 {
			b = utf8.AppendRune(b, rune(keyStroke.char))
		} else {
			b = append(b, escapeOf[keyStroke.scan]...)
		}
	}
	return b
}

// readPS2 polls the keyboard controller (8042: status port 64h, data port 60h).
func readPS2(b []byte) []byte {
	const data, statusPort = 0x60, 0x64
	const full, fromMouse, absent = 1, 0x20, 0xff
	k := keyboard.Load()
	for len(b) < cap(b)-8 {
		s := kern.In8(statusPort)
		if s == absent || s&full == 0 {
			return b
		}
		code := kern.In8(data)
		if s&fromMouse == 0 {
			b = append(b, k.Key(code)...)
		}
	}
	return b
}
