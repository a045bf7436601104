//go:build metal

package board

import (
	"sync"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
)

// The screen is used before Go's runtime starts and when it has died: everything it
// needs is static.
var (
	// terminal is the screen, nil when there is none. screenLock guards what it
	// shows; the kernel's own last words take no lock.
	terminal   *screen.Terminal
	screenLock sync.Mutex

	vga         = screen.VGA{MoveCursor: moveVGACursor}
	vgaTerminal screen.Terminal
	vgaCells    [2 * screen.VGACells]screen.Cell

	display         screen.Framebuffer
	displayTerminal screen.Terminal
	displayCells    [2 * screen.MaxCells]screen.Cell

	// early keeps what was printed before there was a screen.
	early    [4 << 10]byte
	earlyLen int
)

const vgaMemory = 0xb8000

// initVGA takes the text screen over from the BIOS, with what stands on it. It runs
// before Go's runtime, while page 0 is still mapped.
func initVGA() {
	const cursorAt = 0x450 // BIOS data area: column and row of the cursor on page 0
	vga.Cells = unsafe.Slice((*uint16)(unsafe.Pointer(uintptr(vgaMemory))), screen.VGACells)
	vgaTerminal.Init(&vga, vgaCells[:])
	cursor := (*[2]uint8)(unsafe.Pointer(uintptr(cursorAt)))
	row := min(int(cursor[1]), screen.VGARows-1)
	for y := range row + 1 {
		for x := range screen.VGAColumns {
			vgaTerminal.Preset(x, y, vga.Text(x, y))
		}
	}
	vgaTerminal.SetCursor(int(cursor[0]), row)
	terminal = &vgaTerminal
}

// moveVGACursor sets the CRT controller's cursor location (registers 0Eh, 0Fh).
func moveVGACursor(cell int) {
	const index, data = 0x3d4, 0x3d5
	kern.Out8(index, 0x0e)
	kern.Out8(data, uint8(cell>>8))
	kern.Out8(index, 0x0f)
	kern.Out8(data, uint8(cell))
}

// showByte prints on the screen at once, in kernel context.
func showByte(c byte) {
	if terminal == nil {
		if earlyLen < len(early) {
			early[earlyLen] = c
			earlyLen++
		}
		return
	}
	terminal.Put(c)
	if c == '\n' {
		terminal.Flush()
	}
}

// showFramebuffer makes mode the screen, with the text of the one before. It may run
// before Go's runtime.
func showFramebuffer(mode screen.Mode) bool {
	if !display.Init(mode) {
		return false
	}
	display.Clear()
	t := &displayTerminal
	t.Init(&display, displayCells[:])
	if old := terminal; old != nil {
		t.Adopt(old)
	}
	for _, c := range early[:earlyLen] {
		t.Put(c)
	}
	earlyLen = 0
	t.Flush()
	terminal = t
	return true
}

// showOutput shows the program's text, forever.
func showOutput() {
	buf := make([]byte, 16<<10)
	for {
		text := buf[:kern.TakeOutput(buf)]
		screenLock.Lock()
		if terminal != nil {
			for _, c := range text {
				terminal.Put(c)
			}
			terminal.Flush()
		}
		screenLock.Unlock()
		queueSerial(text)
	}
}

// SetStatus shows text in a line of its own at the bottom of the screen.
func SetStatus(text string) {
	screenLock.Lock()
	defer screenLock.Unlock()
	if terminal != nil {
		terminal.SetStatus(text)
		terminal.Flush()
	}
}

// Columns is the width for typed lines: of the screen, but no more than the terminal
// has that may listen on the serial line.
func Columns() int {
	const serialColumns = 80
	screenLock.Lock()
	defer screenLock.Unlock()
	if terminal == nil {
		return serialColumns
	}
	columns, _ := terminal.Size()
	return min(columns, serialColumns)
}
