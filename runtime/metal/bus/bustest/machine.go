// Package bustest fakes the machine for tests of disk drivers: memory whose virtual and
// physical addresses differ page by page, a clock that only sleeping moves, and a look at
// all a device may reach.
package bustest

import (
	"errors"
	"fmt"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

const (
	dmaBase  = 0x10000000  // physical address of DMA memory
	pageBase = 0x120000000 // of the scattered pages
	dmaSize  = 8 << 20
)

// Machine is a fake machine. The device under test is stepped whenever the driver sleeps.
type Machine struct {
	// Step is called for every sleep; nil: nothing happens meanwhile.
	Step func()
	// NoDMA makes DMA fail.
	NoDMA bool
	// Function is the device's, which must be enabled while it reaches memory; nil: any.
	Function *Config
	// Slept is the time passed.
	Slept time.Duration
	// Touched is the number of bytes devices wrote.
	Touched int

	dma   []byte
	taken int
	pages []byte // memory of Alloc, page i at physical page scatter(i)
	used  int
}

// New returns a machine with n bytes for Alloc.
func New(n int) *Machine {
	const group = 4 * bus.PageSize // of scatter
	n = (n + group - 1) &^ (group - 1)
	return &Machine{dma: aligned(dmaSize), pages: aligned(n)}
}

// aligned returns n bytes at a page boundary.
func aligned(n int) []byte {
	b := make([]byte, n+bus.PageSize)
	skip := -int(uintptr(unsafe.Pointer(&b[0]))) & (bus.PageSize - 1)
	return b[skip:][:n:n]
}

// scatter swaps neighbouring pages in groups of four: 0 1 2 3 become 1 0 2 3, so that
// some runs are longer than a page.
func scatter(page int) int {
	if page%4 < 2 {
		return page ^ 1
	}
	return page
}

// Alloc returns n bytes that Physical knows, starting skew bytes into a page.
func (m *Machine) Alloc(n, skew int) []byte {
	b := m.pages[m.used+skew:][:n:n]
	m.used += (skew + n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	return b
}

// DMA implements bus.Machine.
func (m *Machine) DMA(n int) (bus.Memory, error) {
	n = (n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	if m.NoDMA || n > len(m.dma)-m.taken {
		return bus.Memory{}, errors.New("out of memory")
	}
	at := m.taken
	m.taken += n
	return bus.Memory{Bytes: m.dma[at:][:n:n], Addr: dmaBase + uint64(at)}, nil
}

// Physical implements bus.Machine: memory of Alloc only.
func (m *Machine) Physical(b []byte) (uint64, int) {
	if len(b) == 0 || len(m.pages) == 0 {
		return 0, 0
	}
	at := int(uintptr(unsafe.Pointer(&b[0])) - uintptr(unsafe.Pointer(&m.pages[0])))
	if at < 0 || at >= len(m.pages) {
		return 0, 0
	}
	page, in := at/bus.PageSize, at%bus.PageSize
	return pageBase + uint64(scatter(page)*bus.PageSize+in), min(len(b), bus.PageSize-in)
}

// Now implements bus.Machine.
func (m *Machine) Now() time.Duration { return m.Slept }

// Sleep implements bus.Machine.
func (m *Machine) Sleep(d time.Duration) {
	m.Slept += max(d, 1)
	if m.Step != nil {
		m.Step()
	}
}

// At is the memory a device reaches at a physical address: n bytes, which must lie in
// one page or in DMA memory. It panics where a device has no business.
func (m *Machine) At(addr uint64, n int) []byte {
	if m.Function != nil && !m.Function.Master() {
		panic("device reaches for memory and is not enabled")
	}
	if off := addr - dmaBase; addr >= dmaBase && off+uint64(n) <= uint64(m.taken) {
		return m.dma[off:][:n:n]
	}
	if addr >= pageBase && addr < pageBase+uint64(len(m.pages)) {
		off := int(addr - pageBase)
		page, in := off/bus.PageSize, off%bus.PageSize
		if in+n <= bus.PageSize {
			return m.pages[scatter(page)*bus.PageSize+in:][:n:n]
		}
	}
	panic(fmt.Sprintf("device reaches for %d bytes at %#x", n, addr))
}

// Put writes b where a device would, page by page.
func (m *Machine) Put(addr uint64, b []byte) {
	m.Touched += len(b)
	for len(b) > 0 {
		n := min(len(b), bus.PageSize-int(addr%bus.PageSize))
		copy(m.At(addr, n), b)
		addr, b = addr+uint64(n), b[n:]
	}
}

var _ bus.Machine = (*Machine)(nil)
