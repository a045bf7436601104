package kern

import "unsafe"

// Memory by address. Kernel context keeps addresses as uintptr: a pointer stored to
// memory would run the write barrier.

func word(a uintptr) *uintptr   { return (*uintptr)(unsafe.Pointer(a)) }
func bytePtr(a uintptr) *byte   { return (*byte)(unsafe.Pointer(a)) }
func put32(a uintptr, v uint32) { *(*uint32)(unsafe.Pointer(a)) = v }
func get32(a uintptr) uint32    { return *(*uint32)(unsafe.Pointer(a)) }
func get16(a uintptr) uint16    { return *(*uint16)(unsafe.Pointer(a)) }
func get64(a uintptr) uint64    { return *(*uint64)(unsafe.Pointer(a)) }

// within reports whether a lies in [base, base+size).
func within(a, base, size uintptr) bool { return a-base < size }

// touch makes the page of a present, so that it does not fault under a lock:
// that would hold up others for the time it takes to clear it.
func touch(a uintptr) { _ = loadByte(bytePtr(a)) }

//go:noinline
func loadByte(p *byte) byte { return *p }
