package block

import (
	"errors"
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

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

// Disk reads a disk through its controller with a full queue. It implements
// Device; it is not safe for concurrent use.
type Disk struct {
	geometry   Geometry
	machine    bus.Machine
	controller Controller
	limits     Limits
	requests   []request
	bounce     bus.Memory
	closed     error // why the disk can be used no more
}

// request is a request in flight.
type request struct {
	busy   bool
	lba    uint64
	to     []byte
	bounce bool
	start  time.Duration
	segs   []bus.Segment
}

var errClosed = errors.New("the disk is closed")

// NewDisk returns a disk; the geometry is the device's word and is checked here.
func NewDisk(g Geometry, m bus.Machine, c Controller, l Limits) (*Disk, error) {
	if g.Block < 512 || g.Block > 64<<10 || g.Block&(g.Block-1) != 0 {
		return nil, fmt.Errorf("%s: %w: blocks of %d bytes, want a power of two from 512 to 65536", g.Name, bus.ErrUnsupported, g.Block)
	}
	if g.Blocks == 0 || g.Blocks > 1<<62/uint64(g.Block) {
		return nil, fmt.Errorf("%s: %w: %d blocks of %d bytes", g.Name, bus.ErrProtocol, g.Blocks, g.Block)
	}
	if l.Slots < 1 || l.Bytes < g.Block {
		return nil, fmt.Errorf("%s: %w: %d requests of %d bytes for blocks of %d", g.Name, bus.ErrUnsupported, l.Slots, l.Bytes, g.Block)
	}
	if l.Segments == 0 {
		l.Segments = l.Bytes/bus.PageSize + 2
	}
	if l.SegmentBytes == 0 {
		l.SegmentBytes = l.Bytes
	}
	if l.SegmentBytes < 1 || l.Segments < 1 || l.Segments < (g.Block-1)/l.SegmentBytes+1 {
		return nil, fmt.Errorf("%s: %w: %d segments of %d bytes hold no block of %d", g.Name, bus.ErrUnsupported, l.Segments, l.SegmentBytes, g.Block)
	}
	if l.MaxAddr == 0 {
		l.MaxAddr = 1<<64 - 1
	}
	l.Align = max(l.Align, 1)
	return &Disk{geometry: g, machine: m, controller: c, limits: l, requests: make([]request, l.Slots)}, nil
}

// Name, BlockSize and MaxBlocks are those of Device.
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

func (d *Disk) submit(r *request, slot int) error {
	r.start = d.machine.Now()
	if err := d.controller.Submit(slot, r.lba, len(r.to)/d.geometry.Block, r.segs); err != nil {
		return d.at(r, err)
	}
	return nil
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
	d.machine.Sleep(bus.PollEvery)
	now := d.machine.Now()
	for slot := range d.requests {
		if r := &d.requests[slot]; r.busy && now-r.start > requestTime {
			return d.at(r, fmt.Errorf("%w within %v", bus.ErrTimeout, requestTime))
		}
	}
	return nil
}

// finish ends the request of a slot.
func (d *Disk) finish(slot int) error {
	if slot >= len(d.requests) || !d.requests[slot].busy {
		return fmt.Errorf("%w: it finished request %d, which was not made", bus.ErrProtocol, slot)
	}
	r := &d.requests[slot]
	if r.bounce {
		copy(r.to, d.bounce.Bytes[r.segs[0].Addr-d.bounce.Addr:])
	}
	r.busy = false
	return nil
}
