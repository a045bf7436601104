// Package linktest fakes network interfaces: two of them at the ends of a cable that loses,
// repeats, reorders and corrupts frames, the same ones in every run with the same seed.
package linktest

import (
	"errors"
	"math/rand/v2"
	"slices"
	"sync"

	"github.com/llamaboot/llamaboot/runtime/metal/link"
)

// Faults are the probabilities, from 0 to 1, of what happens to a frame on its way. Each
// frame is judged for each of them, in this order.
type Faults struct {
	Lose    float64 // it does not arrive
	Repeat  float64 // it arrives twice
	Corrupt float64 // one of its bits is inverted, and no checksum of the wire notices
	Cut     float64 // it arrives without its end
	Reorder float64 // it overtakes some of the frames before it that have not been received
}

// Cable connects two interfaces. It is safe for concurrent use; runs repeat exactly when
// the calls come in the same order.
type Cable struct {
	Faults
	// Queue is the number of frames on their way in each direction; Send returns
	// link.ErrFull beyond it. 0 means 64.
	Queue int

	mu     sync.Mutex
	random *rand.Rand
	pulled bool
	ends   [2]end
	stats  Stats
}

// Stats counts frames.
type Stats struct {
	Sent, Received                             int
	Lost, Repeated, Corrupted, Cuts, Reordered int
}

const defaultQueue = 64

// New returns a cable and the interfaces at its ends, with the given MTU.
func New(seed uint64, mtu int, f Faults) (c *Cable, a, b link.Link) {
	c = &Cable{Faults: f, random: rand.New(rand.NewPCG(seed, 0))}
	for i := range c.ends {
		e := &c.ends[i]
		*e = end{cable: c, other: &c.ends[1-i], mtu: mtu, name: []string{"fake0", "fake1"}[i], mac: link.MAC{2, 0, 0, 0, 0, byte(i + 1)}}
	}
	return c, &c.ends[0], &c.ends[1]
}

// Pull takes the cable out; frames on their way are lost.
func (c *Cable) Pull() { c.set(true) }

// Plug puts the cable back.
func (c *Cable) Plug() { c.set(false) }

func (c *Cable) set(pulled bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.pulled = pulled
	for i := range c.ends {
		c.stats.Lost += len(c.ends[i].arriving)
		c.ends[i].arriving = nil
	}
}

// Stats returns what happened so far.
func (c *Cable) Stats() Stats {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.stats
}

// end is one of the interfaces; the cable's lock guards it.
type end struct {
	cable    *Cable
	other    *end
	name     string
	mac      link.MAC
	mtu      int
	arriving [][]byte
	closed   bool
}

var errClosed = errors.New("the interface is closed")

func (e *end) Name() string  { return e.name }
func (e *end) MAC() link.MAC { return e.mac }
func (e *end) MTU() int      { return e.mtu }

func (e *end) Carrier() bool {
	e.cable.mu.Lock()
	defer e.cable.mu.Unlock()
	return !e.cable.pulled && !e.closed && !e.other.closed
}

func (e *end) Send(frame []byte) error {
	if err := link.CheckFrame(frame, e.mtu); err != nil {
		return err
	}
	c := e.cable
	c.mu.Lock()
	defer c.mu.Unlock()
	if e.closed {
		return errClosed
	}
	limit := c.Queue
	if limit == 0 {
		limit = defaultQueue
	}
	if len(e.other.arriving) >= limit {
		return link.ErrFull
	}
	c.stats.Sent++
	if c.pulled || e.other.closed || c.happens(c.Lose, &c.stats.Lost) {
		return nil
	}
	copies := 1
	if c.happens(c.Repeat, &c.stats.Repeated) {
		copies = 2
	}
	for range copies {
		e.other.arrive(slices.Clone(frame))
	}
	return nil
}

// happens draws for one of the faults.
func (c *Cable) happens(probability float64, count *int) bool {
	if c.random.Float64() >= probability {
		return false
	}
	*count++
	return true
}

// arrive puts a frame among those to be received. Padding is that of a wire.
func (e *end) arrive(frame []byte) {
	c := e.cable
	if pad := link.MinFrame - len(frame); pad > 0 {
		frame = append(frame, make([]byte, pad)...)
	}
	if c.happens(c.Corrupt, &c.stats.Corrupted) {
		frame[c.random.IntN(len(frame))] ^= 1 << c.random.IntN(8)
	}
	if c.happens(c.Cut, &c.stats.Cuts) {
		frame = frame[:1+c.random.IntN(len(frame)-1)]
	}
	at := len(e.arriving)
	if at > 0 && c.happens(c.Reorder, &c.stats.Reordered) {
		at = c.random.IntN(at)
	}
	e.arriving = slices.Insert(e.arriving, at, frame)
}

func (e *end) Receive(b []byte) (int, error) {
	e.cable.mu.Lock()
	defer e.cable.mu.Unlock()
	if e.closed {
		return 0, errClosed
	}
	for len(e.arriving) > 0 {
		frame := e.arriving[0]
		e.arriving = e.arriving[1:]
		if len(frame) > len(b) {
			continue
		}
		e.cable.stats.Received++
		return copy(b, frame), nil
	}
	return 0, nil
}

func (e *end) Close() error {
	e.cable.mu.Lock()
	defer e.cable.mu.Unlock()
	e.closed, e.arriving = true, nil
	return nil
}
