package virtioblk

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Sizes of the parts of a split virtqueue (sections 2.7.5, 2.7.6, 2.7.8) and of a block
// request (section 5.2.6).
const (
	descSize   = 16
	usedSize   = 8
	ringHead   = 4 // flags, index
	headerSize = 16
	statusByte = headerSize // offset of the status in a slot's memory
	slotSize   = 32

	minQueue = 4 // header, one segment, status; a power of two

	descNext  = 1
	descWrite = 2
	// noInterrupt is VIRTQ_AVAIL_F_NO_INTERRUPT.
	noInterrupt = 1

	requestIn = 0
	unset     = 0xff
)

// queue is a split virtqueue whose descriptors belong to slots: slot s has descriptors
// s*each to (s+1)*each-1, so none needs to be searched for.
//
// The parts lie one after another as legacy devices want (section 2.7.2):
//
//	descriptors 16 * size | available 6 + 2 * size | to a page | used 6 + 8 * size
type queue struct {
	size     int
	each     int // descriptors of a slot
	segments int
	desc     bus.Memory
	avail    bus.Memory
	used     bus.Memory
	requests bus.Memory // header and status of each slot
	next     uint16     // available index
}

func newQueue(m bus.Machine, size, slots int) (queue, error) {
	descBytes := size * descSize
	availBytes := ringHead + 2*size + 2
	usedAt := (descBytes + availBytes + bus.PageSize - 1) &^ (bus.PageSize - 1)
	usedBytes := ringHead + usedSize*size + 2
	requestsAt := (usedAt + usedBytes + slotSize - 1) &^ (slotSize - 1)
	mem, err := m.DMA(requestsAt + slots*slotSize)
	if err != nil {
		return queue{}, fmt.Errorf("no memory for a queue of %d entries: %w", size, err)
	}
	each := size / slots
	return queue{
		size: size, each: each, segments: each - 2,
		desc:     mem.At(0, descBytes),
		avail:    mem.At(descBytes, availBytes),
		used:     mem.At(usedAt, usedBytes),
		requests: mem.At(requestsAt, slots*slotSize),
	}, nil
}

// clear makes the queue as a device expects it after a reset.
func (q *queue) clear() {
	clear(q.desc.Bytes)
	clear(q.avail.Bytes)
	clear(q.used.Bytes)
	q.next = 0
	q.avail.Store32(0, noInterrupt)
}

// add makes a read of slot's request available to the device.
func (q *queue) add(slot int, sector uint64, to []bus.Segment) {
	r := q.requests.At(slot*slotSize, slotSize)
	clear(r.Bytes)
	le.PutUint32(r.Bytes[0:], requestIn)
	le.PutUint64(r.Bytes[8:], sector)
	r.Bytes[statusByte] = unset
	first := slot * q.each
	n := first
	put := func(addr uint64, length int, flags uint16) {
		d := q.desc.Bytes[n*descSize:][:descSize]
		le.PutUint64(d[0:], addr)
		le.PutUint32(d[8:], uint32(length))
		le.PutUint16(d[12:], flags)
		le.PutUint16(d[14:], uint16(n+1))
		n++
	}
	put(r.Addr, headerSize, descNext)
	for _, s := range to {
		put(s.Addr, s.N, descNext|descWrite)
	}
	put(r.Addr+statusByte, 1, descWrite)
	le.PutUint16(q.avail.Bytes[ringHead+2*(int(q.next)%q.size):], uint16(first))
	q.next++
	// Flags and index are one word: the index becomes visible after all of the above.
	q.avail.Store32(0, noInterrupt|uint32(q.next)<<16)
}

// usedIndex is how many requests the device has ended, modulo 65536.
func (q *queue) usedIndex() uint16 { return uint16(q.used.Load32(0) >> 16) }

// usedID is the descriptor of an ended request.
func (q *queue) usedID(index uint16) uint32 {
	return q.used.Load32(ringHead + usedSize*(int(index)%q.size))
}

// slot returns the slot whose request starts at descriptor id.
func (q *queue) slot(id uint32) (int, bool) {
	slot := int(id) / q.each
	return slot, int(id)%q.each == 0 && slot < len(q.requests.Bytes)/slotSize
}

func (q *queue) status(slot int) byte {
	return byte(q.requests.Load32(slot*slotSize + statusByte))
}
