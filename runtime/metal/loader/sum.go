package loader

import (
	"hash/crc32"
	"runtime"
)

// summer computes a CRC-32 beside the reading. The parts must stay as they are until
// finish.
type summer struct {
	parts chan []byte
	sum   chan uint32
	last  uint32
}

// sumStep is how much is summed before others may run: on a machine with one CPU the
// reader must get its turn to give the disk more work.
const sumStep = 256 << 10

// newSummer starts a summer; with on = false it does nothing.
func newSummer(on bool) *summer {
	s := &summer{}
	if !on {
		return s
	}
	parts := make(chan []byte, 2)
	s.parts, s.sum = parts, make(chan uint32, 1)
	go func() {
		var sum uint32
		for b := range parts {
			for len(b) > 0 {
				n := min(len(b), sumStep)
				sum = crc32.Update(sum, crc32.IEEETable, b[:n])
				b = b[n:]
				runtime.Gosched()
			}
		}
		s.sum <- sum
	}()
	return s
}

// add appends b to what is summed.
func (s *summer) add(b []byte) {
	if s.parts != nil {
		s.parts <- b
	}
}

// finish waits for the sum of all parts and ends the summer; a second call returns the
// same.
func (s *summer) finish() uint32 {
	if s.parts != nil {
		close(s.parts)
		s.parts = nil
		s.last = <-s.sum
	}
	return s.last
}
