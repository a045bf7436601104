//go:build linux && amd64 && metal

package kern

import (
	"runtime/goos"
	_ "unsafe"
)

// The hardware behind the kernel is reached through TamaGo's runtime/goos hooks,
// which the board package provides.

func putc(c byte) { goos.Printk(c) }

func hardwareInit() { goos.Hwinit0() }

// hardwareReady is called once memory can be mapped, before other processors start.
func hardwareReady() { goos.Hwinit1() }

//go:linkname hardwareExit github.com/llamaboot/llamaboot/runtime/metal/board.exit
func hardwareExit(status int32)
