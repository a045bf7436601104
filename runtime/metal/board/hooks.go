//go:build metal

package board

import _ "unsafe" // for go:linkname: each gives the symbol its usual name, and marks it as used from elsewhere

// Package kern links to these functions, and to exit, by name: see kern/hooks_metal.go.

// hardwareInit brings up the consoles that need no mapped memory.
//
//go:linkname hardwareInit github.com/llamaboot/llamaboot/runtime/metal/board.hardwareInit
func hardwareInit() { initEarly() }

// hardwareReady brings up the consoles that need mapped memory.
//
//go:linkname hardwareReady github.com/llamaboot/llamaboot/runtime/metal/board.hardwareReady
func hardwareReady() { board.ShowMapped() }

// putc writes one byte to all consoles at once, past the output queue of kern.
//
//go:linkname putc github.com/llamaboot/llamaboot/runtime/metal/board.putc
func putc(c byte) {
	serial.Put(c)
	console.Put(c)
}
