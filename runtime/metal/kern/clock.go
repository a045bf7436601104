package kern

import "math/bits"

// Time is the machine's counter: nanoseconds = (counter - clockBase) * clockMult >> 32.
var (
	clockBase uint64
	clockMult uint64 = 1 << 32
	wallBase  uint64 // ns since 1970 at clockBase
)

func nanotime() int64 { return ticksToNano(counter() - clockBase) }

func ticksToNano(d uint64) int64 {
	hi, lo := bits.Mul64(d, clockMult)
	return int64(hi<<32 | lo>>32)
}

// scale returns a*b/c without losing bits in between.
func scale(a, b, c uint64) uint64 {
	hi, lo := bits.Mul64(a, b)
	q, _ := bits.Div64(hi%c, lo, c)
	return q
}

// delay spins for ns nanoseconds.
func delay(ns int64) {
	for end := nanotime() + ns; nanotime() < end; {
		pause()
	}
}

var rngState uint64

// random returns 64 bits: from the CPU where it can, else from the clock's jitter,
// which is enough for hash seeds and not for keys.
func random() uint64 {
	if v, ok := hardwareRandom(); ok {
		return v
	}
	rngState = rngState*6364136223846793005 + counter() | 1
	return rngState ^ rngState>>29
}
