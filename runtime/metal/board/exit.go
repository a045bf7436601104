//go:build metal

package board

import (
	_ "unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// QEMU's isa-debug-exit device ends the emulator with status 2v+1. Elsewhere nothing
// listens at this port.
const (
	debugExit   = 0xf4
	exitSuccess = 0x10
	exitFailure = 0x11
)

// ReportExit ends an emulator that has the debug exit device; elsewhere it returns.
func ReportExit(status int32) { exit(status) }

// exit tells an emulator how the program ended. It may run in kernel context.
func exit(status int32) {
	v := uint8(exitSuccess)
	if status != 0 {
		v = exitFailure
	}
	kern.Out8(debugExit, v)
}
