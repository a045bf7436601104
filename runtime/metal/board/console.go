//go:build metal

package board

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
)

var (
	vga = screen.VGA{MoveCursor: moveVGACursor}
	// terminal is the screen; nil until there is one. early keeps what was printed
	// before.
	terminal *screen.Terminal
	early    [8 << 10]byte
	earlyLen int
)

const vgaMemory = 0xb8000

// initVGA takes the text screen over from the BIOS. It runs before Go's runtime.
func initVGA() {
	vga.Cells = unsafe.Slice((*uint16)(unsafe.Pointer(uintptr(vgaMemory))), screen.VGACells)
}

// moveVGACursor sets the CRT controller's cursor location (registers 0Eh, 0Fh).
func moveVGACursor(cell int) {
	const index, data = 0x3d4, 0x3d5
	kern.Out8(index, 0x0e)
	kern.Out8(data, uint8(cell>>8))
	kern.Out8(index, 0x0f)
	kern.Out8(data, uint8(cell))
}

// showByte prints on the screen, in kernel context.
func showByte(c byte) {
	if terminal != nil {
		terminal.Put(c)
		return
	}
	if earlyLen < len(early) {
		early[earlyLen] = c
		earlyLen++
	}
}

// attach makes dev the screen and shows what was printed so far.
func attach(dev screen.Device) {
	t := screen.NewTerminal(dev)
	for _, c := range early[:earlyLen] {
		t.Put(c)
	}
	terminal = t
}

// initScreen finds the display. It runs with Go's runtime up.
func initScreen() {
	if !kern.UEFI() {
		vga.Clear()
		attach(&vga)
		return
	}
	if fb := framebuffer(); fb != nil {
		attach(fb)
	}
}
