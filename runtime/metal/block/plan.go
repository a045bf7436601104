package block

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

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
			r.segs = append(r.segs, bus.Segment{Addr: addr, N: run})
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
func shorten(segs []bus.Segment, n int) []bus.Segment {
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
			return 0, fmt.Errorf("%w: the disk buffer at %#x lies above %#x", bus.ErrUnsupported, m.Addr, d.limits.MaxAddr)
		}
		d.bounce = m
	}
	share := bounceBytes / d.limits.Slots &^ (bus.PageSize - 1)
	n := min(len(b), share, d.limits.Bytes, d.limits.Segments*d.limits.SegmentBytes)
	n -= n % d.geometry.Block
	if n == 0 {
		return 0, fmt.Errorf("%w: no buffer for blocks of %d bytes", bus.ErrUnsupported, d.geometry.Block)
	}
	r.to, r.bounce, r.segs = b[:n], true, nil
	for off := 0; off < n; off += d.limits.SegmentBytes {
		r.segs = append(r.segs, bus.Segment{Addr: d.bounce.Addr + uint64(slot*share+off), N: min(n-off, d.limits.SegmentBytes)})
	}
	return n, nil
}
