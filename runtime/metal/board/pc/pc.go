// Package pc is a PC that its BIOS has started: text screen and graphics modes of the
// video BIOS, PS/2 keyboard, boot disk by our drivers or INT 13h, power by ACPI.
//
// The machine is behind interfaces, so all of it runs under `go test` against fakes.
package pc

import (
	"errors"
	"sync/atomic"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
	"github.com/llamaboot/llamaboot/runtime/metal/ps2"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
)

// BIOS is the firmware, and what stage 2 of the boot knows about it.
type BIOS interface {
	// Interrupt calls an interrupt of the BIOS.
	Interrupt(n uint8, r *disk.Regs)
	// Buffer is memory below 1 MiB for the arguments of interrupts.
	Buffer() (addr uintptr, b []byte)
	// Memory returns n bytes at a physical address below 1 MiB.
	Memory(addr uint32, n int) []byte
	// Drive is the drive that the machine was started from, and whether INT 13h has
	// extensions for it.
	Drive() (drive uint8, extensions bool)
	// DiskGUID is the GUID of the disk that stage 2 was loaded from.
	DiskGUID() gpt.GUID
}

// Board is the machine. It must not be copied. ShowEarly allocates nothing and may run
// before Go's runtime does.
type Board struct {
	BIOS     BIOS
	IO       port.IO
	Hardware drivers.Hardware
	Console  *screen.Console
	Power    acpi.Machine
	// MapFramebuffer makes a framebuffer accessible.
	MapFramebuffer func(addr, size uint64) []byte

	text         screen.VGA
	textTerminal screen.Terminal
	textCells    [2 * screen.VGACells]screen.Cell

	keyboard atomic.Pointer[ps2.Decoder] // nil: plain
	plain    ps2.Decoder

	boot *block.Disk // the boot disk, if one of our drivers reads it
}

// ShowEarly takes the text screen over from the BIOS, with what stands on it. Page 0 must
// still be mapped.
func (b *Board) ShowEarly() {
	const (
		textMemory = 0xb8000
		cursorAt   = 0x450 // BIOS data area: column and row of the cursor on page 0
	)
	memory := b.BIOS.Memory(textMemory, 2*screen.VGACells)
	b.text.Cells = unsafe.Slice((*uint16)(unsafe.Pointer(&memory[0])), screen.VGACells)
	b.text.Cursor = b
	t := &b.textTerminal
	t.Init(&b.text, b.textCells[:])
	cursor := b.BIOS.Memory(cursorAt, 2)
	row := min(int(cursor[1]), screen.VGARows-1)
	for y := range row + 1 {
		for x := range screen.VGAColumns {
			t.Preset(x, y, b.text.Text(x, y))
		}
	}
	t.SetCursor(int(cursor[0]), row)
	b.Console.Show(t)
}

// ShowMapped has nothing to add: the text screen needs no mapped memory.
func (b *Board) ShowMapped() {}

// MoveCursor implements screen.Cursor: the CRT controller's cursor location (IBM VGA,
// registers 0Eh and 0Fh).
func (b *Board) MoveCursor(cell int) {
	const index, data = 0x3d4, 0x3d5
	b.IO.Out8(index, 0x0e)
	b.IO.Out8(data, uint8(cell>>8))
	b.IO.Out8(index, 0x0f)
	b.IO.Out8(data, uint8(cell))
}

// SetConsole chooses the keyboard's layout (see ps2.New) and the picture (see
// vbe.ParseRequest).
func (b *Board) SetConsole(layout, video string) error {
	k, err := ps2.New(layout)
	if err != nil {
		return err
	}
	b.keyboard.Store(k)
	request, err := vbe.ParseRequest(video)
	if err != nil || request.Text {
		return err
	}
	err = b.setGraphics(request)
	if request.Width == 0 && (errors.Is(err, vbe.ErrAbsent) || errors.Is(err, vbe.ErrNoMode)) {
		return nil // text is what such a machine has
	}
	return err
}

// ReadKeys appends what was typed: SMM code of the BIOS makes USB keyboards look like the
// PS/2 keyboard that is polled.
func (b *Board) ReadKeys(to []byte) []byte {
	k := b.keyboard.Load()
	if k == nil {
		k = &b.plain
	}
	return ps2.Poll(b.IO, k, to)
}

// PowerOff switches the machine off. It returns when the machine does not let itself be
// switched off.
func (b *Board) PowerOff() {
	b.stopDisk()
	b.Power.PowerOff()
}

// Reboot starts the machine again: ACPI reset register, keyboard controller, in this
// order. It returns when neither works.
func (b *Board) Reboot() {
	b.stopDisk()
	b.Power.Reset()
	ps2.ResetProcessor(b.IO)
	b.Power.Sleep(time.Second)
}

// stopDisk leaves the device quiet, which must not reach memory after a reset.
func (b *Board) stopDisk() {
	if b.boot != nil {
		_ = b.boot.Close() // there is nobody left to tell about an error
		b.boot = nil
	}
}
