//go:build tamago && amd64

package microvm

import (
	"fmt"
	"time"
	"unsafe"

	tamagodma "github.com/usbarmory/tamago/dma"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
)

// dma implements bus.Machine: all memory is mapped at its own address.
type dma struct {
	weights []byte // RAM that nobody has yet
}

// DMA implements bus.Machine.
func (*dma) DMA(n int) (bus.Memory, error) {
	n = (n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	if n > freeDMA() {
		return bus.Memory{}, fmt.Errorf("no %d bytes of memory left for devices", n)
	}
	addr, b := tamagodma.Reserve(n, bus.PageSize)
	clear(b)
	return bus.Memory{Bytes: b[:n:n], Addr: uint64(addr)}, nil
}

// freeDMA is the largest block that Reserve, which panics beyond it, can give at any
// alignment.
func freeDMA() int {
	most := 0
	for _, n := range tamagodma.Default().FreeBlocks() {
		most = max(most, int(n)-bus.PageSize)
	}
	return most
}

// Physical implements bus.Machine.
func (*dma) Physical(b []byte) (uint64, int) {
	if len(b) == 0 {
		return 0, 0
	}
	return uint64(uintptr(unsafe.Pointer(&b[0]))), len(b)
}

// Now implements bus.Machine.
func (*dma) Now() time.Duration { return time.Duration(nanotime()) }

// Sleep implements bus.Machine.
func (*dma) Sleep(d time.Duration) { time.Sleep(d) }

// Free is how many bytes of RAM Reserve has.
func Free() int64 { return int64(len(memory.weights)) }

// Reserve returns n zeroed bytes outside Go's heap, which are never given back.
func Reserve(n int) ([]byte, error) {
	whole := (n + bus.PageSize - 1) &^ (bus.PageSize - 1)
	if n < 0 || whole > len(memory.weights) {
		return nil, fmt.Errorf("%d bytes of RAM are left", len(memory.weights))
	}
	b := memory.weights[:n:n]
	memory.weights = memory.weights[whole:]
	clear(b)
	return b, nil
}

// findRAM returns the RAM from weightsStart on, without a gap. Its size is found by writing:
// where there is no memory nothing is kept. (The PVH start information has a memory map;
// TamaGo's entry point does not keep its address.)
func findRAM() []byte {
	const step = 16 << 20
	end := uintptr(weightsStart)
	for ; end < weightsEnd; end += step {
		if !isRAM(end) || !isRAM(end+step-8) {
			break
		}
	}
	if end == weightsStart {
		return nil
	}
	return bytesAt(weightsStart, end-weightsStart)
}

//go:noinline
func isRAM(addr uintptr) bool {
	p := (*uint64)(pointer(addr))
	const pattern = 0x55aa33cc0ff09669
	old := *p
	store(p, pattern)
	first := load(p) == pattern
	store(p, ^uint64(pattern))
	second := load(p) == ^uint64(pattern)
	store(p, old)
	return first && second
}

//go:noinline
func load(p *uint64) uint64 { return *p }

//go:noinline
func store(p *uint64, v uint64) { *p = v }

// pointer makes an address outside Go's heap a pointer.
func pointer(addr uintptr) unsafe.Pointer { return *(*unsafe.Pointer)(unsafe.Pointer(&addr)) }

func bytesAt(addr, n uintptr) []byte { return unsafe.Slice((*byte)(pointer(addr)), n) }

// mapBAR returns registers; those in memory must lie where package amd64 maps devices.
func mapBAR(b pci.BAR) (bus.Registers, error) {
	const devicesEnd = 0x180000000 // package amd64 maps 6 GiB
	switch {
	case b.IO:
		return port.Map(ports{}, b)
	case b.Addr < weightsEnd || b.Size > devicesEnd || b.Addr > devicesEnd-b.Size:
		return nil, fmt.Errorf("registers at %#x, %d bytes, out of reach", b.Addr, b.Size)
	}
	return registers{b}, nil
}

// registers are registers in memory. Every access is one instruction: the functions are
// not inlined, so that none is left out or moved.
type registers struct{ bar pci.BAR }

func (r registers) Size() uint64                 { return r.bar.Size }
func (r registers) at(off uint32) unsafe.Pointer { return pointer(uintptr(r.bar.Addr) + uintptr(off)) }

//go:noinline
func (r registers) Read8(off uint32) uint8 { return *(*uint8)(r.at(off)) }

//go:noinline
func (r registers) Read16(off uint32) uint16 { return *(*uint16)(r.at(off)) }

//go:noinline
func (r registers) Read32(off uint32) uint32 { return *(*uint32)(r.at(off)) }

//go:noinline
func (r registers) Write8(off uint32, v uint8) { *(*uint8)(r.at(off)) = v }

//go:noinline
func (r registers) Write16(off uint32, v uint16) { *(*uint16)(r.at(off)) = v }

//go:noinline
func (r registers) Write32(off uint32, v uint32) { *(*uint32)(r.at(off)) = v }
