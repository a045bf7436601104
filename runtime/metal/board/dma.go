//go:build metal

package board

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/internal/address"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// dma implements bus.Machine. Its memory is cut from chunks and never given back.
type dma struct{ chunk []byte }

const (
	dmaChunk = 2 << 20
	// programSpace is where Go's memory starts, which kern backs with 2 MiB pages. Below
	// lie the core, page by page, and memory at its own address.
	programSpace = 4 << 40
	hugePage     = 2 << 20
)

var errNoDMA = errors.New("no contiguous memory")

func (m *dma) DMA(n int) (bus.Memory, error) {
	n = (n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	if n > len(m.chunk) {
		b := kern.Contiguous(max(n, dmaChunk))
		if b == nil {
			return bus.Memory{}, fmt.Errorf("%w of %d bytes", errNoDMA, n)
		}
		if n == len(b) {
			return bus.Memory{Bytes: b, Addr: uint64(uintptr(unsafe.Pointer(&b[0])))}, nil
		}
		m.chunk = b
	}
	b := m.chunk[:n:n]
	m.chunk = m.chunk[n:]
	return bus.Memory{Bytes: b, Addr: uint64(uintptr(unsafe.Pointer(&b[0])))}, nil
}

// Physical relies on b being no goroutine's stack, which could move: bytes that go
// through an interface, as these do, are on the heap.
func (m *dma) Physical(b []byte) (uint64, int) {
	if len(b) == 0 {
		return 0, 0
	}
	p := unsafe.Pointer(&b[0])
	a := uintptr(p)
	page := uintptr(bus.PageSize)
	switch {
	case a < address.IdentityEnd:
		return uint64(a), len(b)
	case a >= programSpace:
		page = hugePage
	}
	pa := kern.PhysicalAddress(p)
	if pa == 0 {
		return 0, 0
	}
	return uint64(pa), min(len(b), int(page-a&(page-1)))
}

func (m *dma) Now() time.Duration { return time.Duration(kern.Nanotime()) }

func (m *dma) Sleep(d time.Duration) { time.Sleep(d) }
