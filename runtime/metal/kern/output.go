package kern

import (
	"sync/atomic"
	"unsafe"
)

// output is the queue between write(2) on descriptors 1 and 2 and the goroutine of
// the board that shows the text: drawing and serial lines are slow, and here
// interrupts are off. The bucket of outputText guards it.
var output struct {
	ring       [64 << 10]byte
	head, tail uint32
	taken      uint32 // bytes from head on that the taker is showing
	attached   bool   // somebody takes
	moved      int64
}

const (
	// outputPiece is copied under one hold of the lock.
	outputPiece = 1 << 10
	// outputPatience is how long the taker may make no progress before the kernel
	// shows the text itself: Go's scheduler has stopped.
	outputPatience = 1e9
)

// TakeOutput waits for text and copies up to len(b) bytes of it to b. The text stays
// in the queue until the next call, by which it counts as shown: when the program
// dies in between, the kernel shows it again.
func TakeOutput(b []byte) int {
	return int(blockingCall(sysTake, uintptr(unsafe.Pointer(&b[0])), uintptr(len(b))))
}

// FlushOutput waits until all text is shown.
func FlushOutput() { blockingCall(sysFlush, 0, 0) }

func takeOutput(p, n uintptr) uintptr {
	touch(p)
	touch(p + n - 1)
	o, b := &output, bucketOf(outputText())
	b.lock()
	for atomic.LoadUint32(&panicked) != 0 { // the screen belongs to the report
		b.sleep(outputText(), -1)
	}
	o.head += o.taken // 0 when showQueued has shown it
	o.attached, o.taken, o.moved = true, 0, nanotime()
	b.wake(outputDone(), maxThread)
	for o.head == o.tail {
		b.sleep(outputText(), -1)
	}
	k := uintptr(0)
	for ; k < n && o.head+uint32(k) != o.tail; k++ {
		*bytePtr(p + k) = o.ring[(o.head+uint32(k))%uint32(len(o.ring))]
	}
	o.taken, o.moved = uint32(k), nanotime()
	b.unlock()
	return k
}

// What threads wait on: text, and progress in showing it.
func outputText() uintptr { return uintptr(unsafe.Pointer(&output.tail)) }
func outputDone() uintptr { return uintptr(unsafe.Pointer(&output.head)) }

// queueOutput appends a piece of text and returns how much fitted; false: nobody
// takes. It waits while the queue is full.
func queueOutput(p, n uintptr) (k uintptr, ok bool) {
	o, b := &output, bucketOf(outputText())
	touch(p)
	touch(p + n - 1)
	b.lock()
	for o.attached && o.tail-o.head == uint32(len(o.ring)) {
		awaitTaker(b)
	}
	if !o.attached {
		b.unlock()
		return 0, false
	}
	for ; k < n && o.tail-o.head < uint32(len(o.ring)); k++ {
		o.ring[o.tail%uint32(len(o.ring))] = *bytePtr(p + k)
		o.tail++
	}
	b.wake(outputText(), 1)
	b.unlock()
	return k, true
}

// awaitTaker waits for progress of the taker and gives it up when there is none.
// The bucket is locked.
func awaitTaker(b *bucket) {
	o := &output
	b.sleep(outputDone(), outputPatience/4)
	if nanotime()-o.moved > outputPatience {
		o.attached, o.taken = false, 0
	}
}

// flushOutput waits until everything is shown, and shows it itself when the taker
// does not.
func flushOutput() {
	o, b := &output, bucketOf(outputText())
	b.lock()
	o.moved = nanotime()
	for o.attached && o.head != o.tail {
		awaitTaker(b)
	}
	b.unlock()
	console.lock()
	drain()
	console.unlock()
}

// drain shows what is left in the queue while nobody takes, and reports whether that is
// still so. The console is locked; text is taken byte by byte, as showing it is slow.
func drain() bool {
	o, b := &output, bucketOf(outputText())
	for {
		b.lock()
		attached, empty := o.attached, o.head == o.tail
		c := o.ring[o.head%uint32(len(o.ring))]
		if !attached && !empty {
			o.head++
		}
		b.unlock()
		if attached || empty {
			return !attached
		}
		putc(c)
	}
}

// showQueued shows what is left in the queue when the kernel panics, and makes write(2)
// do without it. It takes no lock: whoever panics may hold any, and one that is stopped
// may have left the queue half changed.
func showQueued() {
	o := &output
	o.attached, o.taken = false, 0
	for range min(o.tail-o.head, uint32(len(o.ring))) {
		putc(o.ring[o.head%uint32(len(o.ring))])
		o.head++
	}
}

// writeConsole is write(2) on descriptors 1 and 2.
func writeConsole(p, n uintptr) uintptr {
	for done := uintptr(0); done < n; {
		if k, ok := queueOutput(p+done, min(n-done, outputPiece)); ok {
			done += k
			continue
		}
		// In pieces, so that other CPUs' interrupts are not off for the whole text.
		piece := min(n-done, 16)
		console.lock()
		if drain() {
			for i := uintptr(0); i < piece; i++ {
				putc(*bytePtr(p + done + i))
			}
			done += piece
		}
		console.unlock()
	}
	return n
}

// say and sayNumber are puts and putNumber for the kernel at work: they keep the order
// with the program's text.
func say(s string) {
	if len(s) > 0 {
		writeConsole(uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s)))
	}
}

func sayNumber(v uintptr) {
	var digits [20]byte // 2^64 has 20
	at := len(digits)
	for {
		at--
		digits[at] = '0' + byte(v%10)
		if v /= 10; v == 0 {
			break
		}
	}
	writeConsole(uintptr(unsafe.Pointer(&digits[at])), uintptr(len(digits)-at))
}
