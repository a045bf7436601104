//go:build amd64 && metal

package kern

import _ "unsafe" // for go:linkname

// The hardware behind the kernel is reached through four functions of the board
// package that is linked in. They are linked by name because board imports kern.

// putc writes one byte to the console at once.
//
//go:linkname putc github.com/llamaboot/llamaboot/runtime/metal/board.putc
func putc(c byte)

// hardwareInit is called first, on the first processor.
//
//go:linkname hardwareInit github.com/llamaboot/llamaboot/runtime/metal/board.hardwareInit
func hardwareInit()

// hardwareReady is called once memory can be mapped, before other processors start.
//
//go:linkname hardwareReady github.com/llamaboot/llamaboot/runtime/metal/board.hardwareReady
func hardwareReady()

// hardwareExit ends the machine with a status; it does not return.
//
//go:linkname hardwareExit github.com/llamaboot/llamaboot/runtime/metal/board.exit
func hardwareExit(status int32)
