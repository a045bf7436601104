package virtio

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Sizes of the parts of a split virtqueue (sections 2.7.5, 2.7.6, 2.7.8).
const (
	descSize = 16
	usedSize = 8
	ringHead = 4 // flags, index
	maxSize  = 32768

	descNext  = 1
	descWrite = 2
	// noInterrupt is VIRTQ_AVAIL_F_NO_INTERRUPT, noNotify VIRTQ_USED_F_NO_NOTIFY.
	noInterrupt = 1
	noNotify    = 1
)

// Queue is a split virtqueue whose descriptors belong to slots: slot s has descriptors
// s*each to (s+1)*each-1, so none needs to be searched for. A slot carries one request at a
// time.
//
// The parts lie one after another as legacy devices want (section 2.7.2):
//
//	descriptors 16 * size | available 6 + 2 * size | to a page | used 6 + 8 * size
//
// A queue is not safe for concurrent use.
type Queue struct {
	t        transport
	index    uint16
	doorbell uint32
	size     int
	slots    int
	each     int // descriptors of a slot
	desc     bus.Memory
	avail    bus.Memory
	used     bus.Memory
	next     uint16 // available index
	seen     uint16 // used index
	flying   int    // requests the device has
	room     []int  // bytes that the device may write for a slot's request; -1: the slot is free
}

// Queue sets up the device's queue of that index, between Start and Ready, for up to slots
// requests of up to each segments, or of more where there is room: both are powers of two.
// A device with a smaller queue gets fewer slots, but a slot never has fewer than least
// segments.
func (d *Device) Queue(index uint16, slots, each, least int) (*Queue, error) {
	q, err := d.queue(index, slots, each, least)
	if err != nil {
		d.t.setStatus(statusFailed)
	}
	return q, err
}

func (d *Device) queue(index uint16, slots, each, least int) (*Queue, error) {
	size, fixed := d.t.queueSize(index)
	if size < least || size > maxSize || size&(size-1) != 0 { // section 2.7
		return nil, fmt.Errorf("%w: queue %d has %d entries, want a power of two from %d to %d", bus.ErrProtocol, index, size, least, maxSize)
	}
	if !fixed {
		size = min(size, slots*each)
	}
	slots = max(1, min(slots, size/each))
	q := d.queues[index]
	if q == nil || q.size != size || q.slots != slots {
		var err error
		if q, err = newQueue(d.machine, size, slots); err != nil {
			return nil, err
		}
		q.t, q.index = d.t, index
		d.queues[index] = q
	}
	q.clear()
	var err error
	q.doorbell, err = d.t.setQueue(index, size, q.desc.Addr, q.avail.Addr, q.used.Addr)
	return q, err
}

func newQueue(m bus.Machine, size, slots int) (*Queue, error) {
	descBytes := size * descSize
	availBytes := ringHead + 2*size + 2
	usedAt := (descBytes + availBytes + bus.PageSize - 1) &^ (bus.PageSize - 1)
	usedBytes := ringHead + usedSize*size + 2
	mem, err := m.DMA(usedAt + usedBytes)
	if err != nil {
		return nil, fmt.Errorf("no memory for a queue of %d entries: %w", size, err)
	}
	return &Queue{
		size: size, slots: slots, each: size / slots,
		desc:  mem.At(0, descBytes),
		avail: mem.At(descBytes, availBytes),
		used:  mem.At(usedAt, usedBytes),
		room:  make([]int, slots),
	}, nil
}

// clear makes the queue as a device expects it after a reset.
func (q *Queue) clear() {
	clear(q.desc.Bytes)
	clear(q.avail.Bytes)
	clear(q.used.Bytes)
	q.next, q.seen, q.flying = 0, 0, 0
	for i := range q.room {
		q.room[i] = -1
	}
	q.avail.Store32(0, noInterrupt)
}

// Slots is the number of requests the queue takes at a time; they are numbered from 0 on.
func (q *Queue) Slots() int { return q.slots }

// Segments is the number of segments a request may have.
func (q *Queue) Segments() int { return q.each }

// Put makes a request available to the device, as that of a slot that has none: memory the
// device reads, then memory it writes. Notify tells the device.
func (q *Queue) Put(slot int, read, write []bus.Segment) error {
	n := len(read) + len(write)
	if slot < 0 || slot >= q.slots || q.room[slot] >= 0 || n == 0 || n > q.each {
		return fmt.Errorf("%w: %d segments in slot %d of queue %d, want 1 to %d in a free one of %d", bus.ErrUnsupported, n, slot, q.index, q.each, q.slots)
	}
	first, room := slot*q.each, 0
	for i := range n {
		var s bus.Segment
		var flags uint16
		if i < len(read) {
			s = read[i]
		} else {
			s, flags = write[i-len(read)], descWrite
			room += s.N
		}
		if i < n-1 {
			flags |= descNext
		}
		d := q.desc.Bytes[(first+i)*descSize:][:descSize]
		le.PutUint64(d[0:], s.Addr)
		le.PutUint32(d[8:], uint32(s.N))
		le.PutUint16(d[12:], flags)
		le.PutUint16(d[14:], uint16(first+i+1))
	}
	le.PutUint16(q.avail.Bytes[ringHead+2*(int(q.next)%q.size):], uint16(first))
	q.next++
	q.flying++
	q.room[slot] = room
	// Flags and index are one word: the index becomes visible after all of the above.
	q.avail.Store32(0, noInterrupt|uint32(q.next)<<16)
	return nil
}

// Notify tells the device of new requests, unless it is looking anyway (section 2.7.10).
// The store of the index before and the load of the flags here are sequentially consistent,
// as section 2.7.13.3.1 asks.
func (q *Queue) Notify() {
	if q.used.Load32(0)&noNotify == 0 {
		q.t.notify(q.index, q.doorbell)
	}
}

// Done returns the slot of a request that the device has ended, which is free from then on,
// and how many bytes the device says it wrote, at most the memory it was given; slot -1:
// none has ended. After an error the queue is of no use until the device is started again.
func (q *Queue) Done() (slot, written int, err error) {
	used := uint16(q.used.Load32(0) >> 16)
	if used == q.seen {
		return -1, 0, nil
	}
	if n := used - q.seen; int(n) > q.flying {
		return -1, 0, fmt.Errorf("%w: %d requests ended, %d are in flight", bus.ErrProtocol, n, q.flying)
	}
	at := ringHead + usedSize*(int(q.seen)%q.size)
	id, length := q.used.Load32(at), q.used.Load32(at+4)
	slot = int(id) / q.each
	if int(id)%q.each != 0 || slot >= q.slots || q.room[slot] < 0 {
		return -1, 0, fmt.Errorf("%w: descriptor %d ended, which starts no request", bus.ErrProtocol, id)
	}
	q.seen++
	q.flying--
	// Legacy devices may say more than they wrote, and more than there is room for
	// (section 2.7.8.1).
	written = int(min(int64(length), int64(q.room[slot])))
	q.room[slot] = -1
	return slot, written, nil
}
