// Package bus is what a driver needs of the machine, small enough to be faked (package
// bustest): registers, memory that devices can reach, and time. Package block builds disks
// on it, package link network interfaces.
//
// Drivers are polled and used by one goroutine at a time. They need no interrupts.
package bus

import (
	"errors"
	"fmt"
	"sync/atomic"
	"time"
	"unsafe"
)

// PageSize is the granularity of physical memory: runs of Machine.Physical end at
// multiples of it, or where the bytes end.
const PageSize = 4096

var (
	// ErrTimeout says that a device did not answer in time.
	ErrTimeout = errors.New("device does not answer")
	// ErrDevice says that a device reported failure.
	ErrDevice = errors.New("device error")
	// ErrProtocol says that a device does what its specification forbids.
	ErrProtocol = errors.New("device breaks its protocol")
	// ErrUnsupported says that a device needs what this driver does not have.
	ErrUnsupported = errors.New("not supported by this driver")
)

// Registers is a block of device registers, in memory or in I/O space. Offsets are
// multiples of the access size; drivers stay below Size.
type Registers interface {
	Size() uint64 // bytes
	Read8(off uint32) uint8
	Read16(off uint32) uint16
	Read32(off uint32) uint32
	Write8(off uint32, v uint8)
	Write16(off uint32, v uint16)
	Write32(off uint32, v uint32)
}

// Machine is memory and time.
type Machine interface {
	// DMA returns n bytes of zeroed, physically contiguous memory, aligned to PageSize.
	DMA(n int) (Memory, error)
	// Physical returns the physical address of b's first byte and how many bytes from
	// there on lie one after another, at most len(b); n = 0 when devices cannot reach b.
	Physical(b []byte) (addr uint64, n int)
	// Now is the time since some moment in the past.
	Now() time.Duration
	// Sleep lets others work for about d.
	Sleep(d time.Duration)
}

// Memory is memory that a device reads or writes.
type Memory struct {
	Bytes []byte
	Addr  uint64 // physical
}

// Segment is a run of physical memory.
type Segment struct {
	Addr uint64
	N    int // bytes
}

// At returns n bytes of m from off on.
func (m Memory) At(off, n int) Memory {
	return Memory{m.Bytes[off : off+n : off+n], m.Addr + uint64(off)}
}

// Load32 reads a 32-bit word that a device may write at any time.
func (m Memory) Load32(off int) uint32 {
	_ = m.Bytes[off+3]
	return atomic.LoadUint32((*uint32)(unsafe.Pointer(&m.Bytes[off])))
}

// Store32 writes a 32-bit word that a device may read at any time, after everything
// written before it.
func (m Memory) Store32(off int, v uint32) {
	_ = m.Bytes[off+3]
	atomic.StoreUint32((*uint32)(unsafe.Pointer(&m.Bytes[off])), v)
}

// Write64 writes a 64-bit register as two aligned halves, low first.
func Write64(r Registers, off uint32, v uint64) {
	r.Write32(off, uint32(v))
	r.Write32(off+4, uint32(v>>32))
}

// Read64 reads a 64-bit register that does not change, low half first.
func Read64(r Registers, off uint32) uint64 {
	return uint64(r.Read32(off)) | uint64(r.Read32(off+4))<<32
}

// PollEvery is the pause between two looks at a device. Queues are deep enough to keep
// the device busy meanwhile.
const PollEvery = 50 * time.Microsecond

// Wait waits until ready, at most limit; what is for the error.
func Wait(m Machine, limit time.Duration, what string, ready func() bool) error {
	for end := m.Now() + limit; !ready(); m.Sleep(PollEvery) {
		if m.Now() >= end {
			return fmt.Errorf("%w: %s not within %v", ErrTimeout, what, limit)
		}
	}
	return nil
}
