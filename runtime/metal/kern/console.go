//go:build linux && amd64

package kern

var (
	console  spinlock
	panicked uint32
)

// putc, see hooks_*.go, writes one byte to serial line and screen.

func puts(s string) {
	for i := 0; i < len(s); i++ {
		putc(s[i])
	}
}

func putHex(v uintptr) {
	puts("0x")
	for i := 60; i >= 0; i -= 4 {
		putc("0123456789abcdef"[v>>uint(i)&15])
	}
}

func putReg(name string, v uintptr) {
	puts(name)
	putHex(v)
}

// beginPanic stops the other CPUs' output from mixing with the report: whoever
// comes second waits forever.
func beginPanic() {
	console.lock()
	if panicked != 0 {
		stopCPU()
	}
	panicked = 1
	console.unlock()
}

// fatal reports that the kernel cannot go on.
func fatal(reason string) {
	beginPanic()
	puts("\nllamaboot: kernel panic: ")
	puts(reason)
	puts("\n")
	Exit(2)
}

// writeConsole is write(2) on descriptors 1 and 2.
func writeConsole(p, n uintptr) uintptr {
	for done := uintptr(0); done < n; {
		// In pieces, so that other CPUs' interrupts are not off for the whole text.
		piece := min(n-done, 64)
		console.lock()
		for i := uintptr(0); i < piece; i++ {
			putc(*bytePtr(p + done + i))
		}
		console.unlock()
		done += piece
	}
	return n
}
