package bus

import (
	"errors"
	"fmt"
	"time"
)

// Segment is a run of physical memory.
type Segment struct {
	Addr uint64
	N    int // bytes
}

// Limits says what one request may be. Zero means no limit unless said otherwise.
type Limits struct {
	Slots        int    // requests in flight, at least 1
	Bytes        int    // of one request, at least one block
	Segments     int    // of one request
	SegmentBytes int    // of one segment
	Align        uint64 // of every address; 0 and 1: any
	MaxAddr      uint64 // largest address
}

// Controller carries out reads.
type Controller interface {
	// Submit starts reading blocks blocks from lba on into the segments, as the request
	// of that slot, which is free.
	Submit(slot int, lba uint64, blocks int, to []Segment) error
	// Poll returns a slot whose request has ended and how, or -1. An error with slot -1
	// concerns all requests.
	Poll() (slot int, err error)
	// Recover makes the controller ready again after an error; whatever was in flight is
	// given up and touches memory no more.
	Recover() error
	// Close stops the device: it touches memory no more.
	Close() error
}

const (
	// requestTime bounds the wait for any one request of a full queue; a hard disk that
	// has to reread a weak sector may take several seconds.
	requestTime = 20 * time.Second
	// tries is how often a request is made alone before its error counts.
	tries = 2
	// callBytes is the most that ReadBlocks takes: enough for any queue.
	callBytes = 64 << 20
	// bounceBytes is the memory for destinations that the device cannot reach.
	bounceBytes = 2 << 20
)

// Geometry is what a disk says about itself.
type Geometry struct {
	Name   string // for messages: nvme0
	Unit   int    // which one of its controller: AHCI port, NVMe namespace
	Block  int    // bytes of a logical block
	Blocks uint64
}

// Disk reads a disk through its controller with a full queue. It implements
// disk.Blocks; it is not safe for concurrent use.
type Disk struct {
	geometry   Geometry
	machine    Machine
	controller Controller
	limits     Limits
	requests   []request
	bounce     Memory
	closed     error // why the disk can be used no more
}

// request is a request in flight.
type request struct {
	busy   bool
	lba    uint64
	to     []byte
	bounce bool
	start  time.Duration
	segs   []Segment
}

var errClosed = errors.New("the disk is closed")

// NewDisk returns a disk; the geometry is the device's word and is checked here.
func NewDisk(g Geometry, m Machine, c Controller, l Limits) (*Disk, error) {
	if g.Block < 512 || g.Block > 64<<10 || g.Block&(g.Block-1) != 0 {
		return nil, fmt.Errorf("%s: %w: blocks of %d bytes, want a power of two from 512 to 65536", g.Name, ErrUnsupported, g.Block)
	}
	if g.Blocks == 0 || g.Blocks > 1<<62/uint64(g.Block) {
		return nil, fmt.Errorf("%s: %w: %d blocks of %d bytes", g.Name, ErrProtocol, g.Blocks, g.Block)
	}
	if l.Slots < 1 || l.Bytes < g.Block {
		return nil, fmt.Errorf("%s: %w: %d requests of %d bytes for blocks of %d", g.Name, ErrUnsupported, l.Slots, l.Bytes, g.Block)
	}
	if l.Segments == 0 {
		l.Segments = l.Bytes/PageSize + 2
	}
	if l.SegmentBytes == 0 {
		l.SegmentBytes = l.Bytes
	}
	if l.SegmentBytes < 1 || l.Segments < 1 || l.Segments < (g.Block-1)/l.SegmentBytes+1 {
		return nil, fmt.Errorf("%s: %w: %d segments of %d bytes hold no block of %d", g.Name, ErrUnsupported, l.Segments, l.SegmentBytes, g.Block)
	}
	if l.MaxAddr == 0 {
		l.MaxAddr = 1<<64 - 1
	}
	l.Align = max(l.Align, 1)
	return &Disk{geometry: g, machine: m, controller: c, limits: l, requests: make([]request, l.Slots)}, nil
}

// Name, BlockSize and MaxBlocks are those of disk.Blocks.
func (d *Disk) Name() string   { return d.geometry.Name }
func (d *Disk) BlockSize() int { return d.geometry.Block }
func (d *Disk) MaxBlocks() int { return callBytes / d.geometry.Block }

// Unit says which disk of its controller it is, as firmware numbers them.
func (d *Disk) Unit() int { return d.geometry.Unit }

// Bytes is the size of the disk.
func (d *Disk) Bytes() uint64 { return d.geometry.Blocks * uint64(d.geometry.Block) }

// Close stops the device; reads fail from then on.
func (d *Disk) Close() error {
	if d.closed != nil {
		return nil
	}
	d.closed = errClosed
	return d.controller.Close()
}

// ReadBlocks fills b, whole blocks, from block lba on. After an error that is not
// cured by trying again the device is closed, so that it never writes into b later.
func (d *Disk) ReadBlocks(lba uint64, b []byte) error {
	if d.closed != nil {
		return d.closed
	}
	block := uint64(d.geometry.Block)
	n := uint64(len(b)) / block
	if uint64(len(b))%block != 0 || lba > d.geometry.Blocks || n > d.geometry.Blocks-lba {
		return fmt.Errorf("%d bytes at block %d: outside the disk of %d blocks of %d bytes", len(b), lba, d.geometry.Blocks, block)
	}
	if err := d.read(lba, b); err != nil {
		d.closed = fmt.Errorf("%w after an earlier error: %w", errClosed, err)
		return errors.Join(err, d.controller.Close())
	}
	return nil
}

// read keeps the queue full until b is.
func (d *Disk) read(lba uint64, b []byte) error {
	clear(d.requests)
	for busy := 0; len(b) > 0 || busy > 0; {
		for slot := range d.requests {
			if len(b) == 0 {
				break
			}
			r := &d.requests[slot]
			if r.busy {
				continue
			}
			n, err := d.plan(r, slot, lba, b)
			if err != nil {
				return err
			}
			if err := d.submit(r, slot); err != nil {
				return err
			}
			lba, b = lba+uint64(n/d.geometry.Block), b[n:]
			busy++
		}
		n, err := d.reap()
		if err != nil {
			return err
		}
		busy -= n
	}
	return nil
}

// plan makes r the request for as much of b as it may hold and returns how much that is.
func (d *Disk) plan(r *request, slot int, lba uint64, b []byte) (int, error) {
	*r = request{busy: true, lba: lba}
	limit := min(len(b), d.limits.Bytes)
	n := 0
	for n < limit && len(r.segs) < d.limits.Segments {
		addr, run := d.machine.Physical(b[n:limit])
		run = min(run, limit-n, d.limits.SegmentBytes)
		if run <= 0 || addr%d.limits.Align != 0 || addr > d.limits.MaxAddr || uint64(run-1) > d.limits.MaxAddr-addr {
			break
		}
		if k := len(r.segs) - 1; k >= 0 && r.segs[k].Addr+uint64(r.segs[k].N) == addr && r.segs[k].N+run <= d.limits.SegmentBytes {
			r.segs[k].N += run
		} else {
			r.segs = append(r.segs, Segment{addr, run})
		}
		n += run
	}
	if whole := n - n%d.geometry.Block; whole > 0 {
		r.segs = shorten(r.segs, n-whole)
		r.to = b[:whole]
		return whole, nil
	}
	return d.planBounce(r, slot, b)
}

// shorten takes n bytes off the end.
func shorten(segs []Segment, n int) []Segment {
	for n > 0 {
		last := &segs[len(segs)-1]
		k := min(n, last.N)
		last.N -= k
		n -= k
		if last.N == 0 {
			segs = segs[:len(segs)-1]
		}
	}
	return segs
}

// planBounce is plan through memory of ours.
func (d *Disk) planBounce(r *request, slot int, b []byte) (int, error) {
	if d.bounce.Bytes == nil {
		m, err := d.machine.DMA(bounceBytes)
		if err != nil {
			return 0, fmt.Errorf("no memory for the disk buffer: %w", err)
		}
		if m.Addr > d.limits.MaxAddr || uint64(len(m.Bytes)-1) > d.limits.MaxAddr-m.Addr {
			return 0, fmt.Errorf("%w: the disk buffer at %#x lies above %#x", ErrUnsupported, m.Addr, d.limits.MaxAddr)
		}
		d.bounce = m
	}
	share := bounceBytes / d.limits.Slots &^ (PageSize - 1)
	n := min(len(b), share, d.limits.Bytes, d.limits.Segments*d.limits.SegmentBytes)
	n -= n % d.geometry.Block
	if n == 0 {
		return 0, fmt.Errorf("%w: no buffer for blocks of %d bytes", ErrUnsupported, d.geometry.Block)
	}
	r.to, r.bounce, r.segs = b[:n], true, nil
	for off := 0; off < n; off += d.limits.SegmentBytes {
		r.segs = append(r.segs, Segment{d.bounce.Addr + uint64(slot*share+off), min(n-off, d.limits.SegmentBytes)})
	}
	return n, nil
}

func (d *Disk) submit(r *request, slot int) error {
	r.start = d.machine.Now()
	if err := d.controller.Submit(slot, r.lba, len(r.to)/d.geometry.Block, r.segs); err != nil {
		return d.at(r, err)
	}
	return nil
}

// ReadError is a read that failed.
type ReadError struct {
	Offset uint64 // of the first byte on the disk
	Bytes  int
	Err    error
}

func (e *ReadError) Error() string {
	return fmt.Sprintf("%d bytes at disk offset %d: %v", e.Bytes, e.Offset, e.Err)
}

// DiskOffset is where the part that failed begins; it tells readers above that the
// message has the place.
func (e *ReadError) DiskOffset() uint64 { return e.Offset }

func (e *ReadError) Unwrap() error { return e.Err }

// at adds where the disk was read, unless that is known.
func (d *Disk) at(r *request, err error) error {
	if known := (*ReadError)(nil); errors.As(err, &known) {
		return err
	}
	return &ReadError{r.lba * uint64(d.geometry.Block), len(r.to), err}
}

// reap waits for at least one request to end and returns how many did.
func (d *Disk) reap() (n int, err error) {
	for {
		for {
			slot, err := d.controller.Poll()
			if err != nil {
				k, err := d.oneByOne(slot, err)
				return n + k, err
			}
			if slot < 0 {
				break
			}
			if err := d.finish(slot); err != nil {
				return n, err
			}
			n++
		}
		if n > 0 {
			return n, nil
		}
		if err := d.pause(); err != nil {
			return 0, err
		}
	}
}

// pause lets time pass and looks for requests that took too much of it.
func (d *Disk) pause() error {
	d.machine.Sleep(pollEvery)
	now := d.machine.Now()
	for slot := range d.requests {
		if r := &d.requests[slot]; r.busy && now-r.start > requestTime {
			return d.at(r, fmt.Errorf("%w within %v", ErrTimeout, requestTime))
		}
	}
	return nil
}

// finish ends the request of a slot.
func (d *Disk) finish(slot int) error {
	if slot >= len(d.requests) || !d.requests[slot].busy {
		return fmt.Errorf("%w: it finished request %d, which was not made", ErrProtocol, slot)
	}
	r := &d.requests[slot]
	if r.bounce {
		copy(r.to, d.bounce.Bytes[r.segs[0].Addr-d.bounce.Addr:])
	}
	r.busy = false
	return nil
}

// oneByOne repeats all requests after an error, each alone: what else was in flight had
// to be given up, and a controller need not know which request failed. It returns how
// many it finished. slot is the one blamed, or -1.
func (d *Disk) oneByOne(slot int, cause error) (n int, err error) {
	waiting := make([]int, 0, len(d.requests))
	for i := range d.requests {
		if d.requests[i].busy {
			waiting = append(waiting, i)
		}
	}
	if len(waiting) == 0 {
		return 0, cause
	}
	if slot < 0 || slot >= len(d.requests) || !d.requests[slot].busy {
		slot = waiting[0]
	}
	if errors.Is(cause, ErrProtocol) {
		return 0, d.at(&d.requests[slot], cause)
	}
	for i := range d.requests {
		d.requests[i].busy = false
	}
	for _, slot := range waiting {
		r := &d.requests[slot]
		for try := 1; ; try++ {
			if cause != nil {
				if err := d.controller.Recover(); err != nil {
					return n, d.at(r, errors.Join(cause, err))
				}
			}
			if cause = d.alone(r, slot); cause == nil {
				break
			}
			if try == tries || errors.Is(cause, ErrTimeout) || errors.Is(cause, ErrProtocol) {
				return n, d.at(r, cause)
			}
		}
		n++
	}
	return n, nil
}

// alone carries out a single request.
func (d *Disk) alone(r *request, slot int) error {
	r.busy = true
	if err := d.submit(r, slot); err != nil {
		return err
	}
	for {
		ended, err := d.controller.Poll()
		if err != nil {
			r.busy = false
			return err
		}
		if ended >= 0 {
			return d.finish(ended)
		}
		if err := d.pause(); err != nil {
			return err
		}
	}
}
