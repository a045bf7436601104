package block

import "github.com/llamaboot/llamaboot/runtime/metal/bus"

// Geometry is what a disk says about itself.
type Geometry struct {
	Name   string // for messages: nvme0
	Unit   int    // which one of its controller: AHCI port, NVMe namespace
	Block  int    // bytes of a logical block
	Blocks uint64
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
	Submit(slot int, lba uint64, blocks int, to []bus.Segment) error
	// Poll returns a slot whose request has ended and how, or -1. An error with slot -1
	// concerns all requests.
	Poll() (slot int, err error)
	// Recover makes the controller ready again after an error; whatever was in flight is
	// given up and touches memory no more.
	Recover() error
	// Close stops the device: it touches memory no more.
	Close() error
}
