//go:build linux && amd64

package kern

import "unsafe"

// Stacks lie back to back, each with its lowest page unmapped (guardStacks), so that
// an overflow is a page fault and not silent damage to a neighbour.
const (
	stackSize     = 24 << 10 // kernel stack of a thread, guard page included
	istSize       = 20 << 10 // interrupt stack, likewise
	userStackSize = 512 << 10
	stackCount    = maxThread + maxCPU
	istTotal      = maxCPU * istCount
	stackSpace    = stackCount*stackSize + istTotal*istSize + userStackSize
)

var stackMemory [stackSpace + pageSize]byte

// stackBase is the page-aligned start: thread stacks, interrupt stacks, the stack
// Go's runtime starts on.
func stackBase() uintptr { return alignUp(uintptr(unsafe.Pointer(&stackMemory)), pageSize) }

func stackStart(i int) uintptr { return stackBase() + uintptr(i)*stackSize }
func istStart(cpu, ist int) uintptr {
	return stackStart(stackCount) + uintptr(cpu*istCount+ist)*istSize
}
func userStackStart() uintptr { return istStart(maxCPU, 0) }

// stackTop is where thread stack i begins to grow down: threads, then one idle
// thread for each CPU.
func stackTop(i int) uintptr { return stackStart(i+1) - 64 }

// istTop is the same for interrupt stack ist (from 0) of a CPU.
func istTop(cpu, ist int) uintptr { return istStart(cpu, ist) + istSize - 16 }

// guardStacks unmaps the guard pages.
func guardStacks() {
	for i := range stackCount {
		unmapPage(stackStart(i))
	}
	for c := range maxCPU {
		for k := range istCount {
			unmapPage(istStart(c, k))
		}
	}
	unmapPage(userStackStart())
}

// guarded reports whether a lies in a guard page.
func guarded(a uintptr) bool {
	off := a - stackBase()
	switch {
	case off < stackCount*stackSize:
		return off%stackSize < pageSize
	case off < stackSpace-userStackSize:
		return (off-stackCount*stackSize)%istSize < pageSize
	}
	return a-userStackStart() < pageSize
}
