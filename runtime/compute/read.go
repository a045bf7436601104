package compute

import "sync/atomic"

// readPiece is what one item of Read reads.
const readPiece = 1 << 20

// Read reads all of b with every thread of the pool, for measuring how fast
// memory is: what no product with a vector can exceed.
func (p *Pool) Read(b []byte) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.job.bytes = b
	p.run(jobRead, ceilDiv(len(b), readPiece))
	p.job.bytes = nil
}

// readItem reads piece i.
func (j *job) readItem(i int) {
	b := j.bytes[i*readPiece : min(len(j.bytes), (i+1)*readPiece)]
	if n := len(b) &^ 511; n > 0 {
		cur.read(b[:n])
	}
}

// readSum keeps the compiler from leaving out genericRead.
var readSum atomic.Uint64

// genericRead adds the bytes up, eight at a time.
func genericRead(b []byte) {
	var sum uint64
	for ; len(b) >= 8; b = b[8:] {
		sum += le.Uint64(b)
	}
	readSum.Store(sum)
}
