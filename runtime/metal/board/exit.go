//go:build metal

package board

import (
	_ "unsafe"

	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// ReportExit ends an emulator that has the debug exit device; elsewhere it returns.
func ReportExit(status int32) {
	kern.FlushOutput()
	exit(status)
}

// exit tells an emulator how the program ended; elsewhere nothing listens at the port.
// It may run in kernel context.
func exit(status int32) {
	v := uint8(guest.ExitSuccess)
	if status != 0 {
		v = guest.ExitFailure
	}
	drainSerial()
	kern.Out8(guest.ExitPort, v)
}
