package bench

import (
	"sync/atomic"

	"github.com/llamaboot/llamaboot/runtime/compute"
)

// readPiece is how many numbers a thread reads at a time: 1 MiB.
const readPiece = 1 << 18

// readAll reads x, a multiple of readPiece long, with every thread of the pool. How long that takes is a bound on how
// fast a product with one vector can be, which reads every weight once.
//
// The inner product of two halves is the fastest reader at hand: vectors of the pool's level, two streams, and nothing
// to compute that would take longer than memory.
func readAll(p *compute.Pool, x []float32) {
	l := p.Level()
	p.Do(len(x)/readPiece, func(_, i int) {
		piece := x[i*readPiece : (i+1)*readPiece]
		if l.Dot(piece[:readPiece/2], piece[readPiece/2:]) != 0 {
			notZero.Store(true)
		}
	})
}

// notZero keeps the compiler from leaving out the reading. It stays false: the memory is cleared.
var notZero atomic.Bool
