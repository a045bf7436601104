//go:build linux && amd64

package kern

import "sync/atomic"

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

// beginPanic stops the other CPUs, so that the report stays whole and stays on the
// screen. The console lock is not waited for: its owner may be stopped, or be us.
func beginPanic() {
	if !atomic.CompareAndSwapUint32(&panicked, 0, 1) {
		stopCPU()
	}
	me := currentCPU()
	for k := range ncpu {
		if c := &cpus[k]; c != me {
			message(c, icrNMI)
		}
	}
	showQueued()
}

// fatalMemory reports that RAM is used up.
func fatalMemory() {
	beginPanic()
	puts("\nllamaboot: kernel panic: out of memory: all ")
	putNumber(phys.total >> 20)
	puts(" MiB of RAM are in use\nhint: a smaller model or context, or more RAM\n")
	Exit(2)
}

// putNumber writes v in decimal.
func putNumber(v uintptr) {
	if v >= 10 {
		putNumber(v / 10)
	}
	putc("0123456789"[v%10])
}

// fatal reports that the kernel cannot go on.
func fatal(reason string) {
	beginPanic()
	puts("\nllamaboot: kernel panic: ")
	puts(reason)
	puts("\n")
	Exit(2)
}
