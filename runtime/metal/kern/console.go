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

// putNumber writes v in decimal.
func putNumber(v uintptr) {
	if v >= 10 {
		putNumber(v / 10)
	}
	putc("0123456789"[v%10])
}
