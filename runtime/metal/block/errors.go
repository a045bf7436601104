package block

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

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
	if errors.Is(cause, bus.ErrProtocol) {
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
			if try == tries || errors.Is(cause, bus.ErrTimeout) || errors.Is(cause, bus.ErrProtocol) {
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
