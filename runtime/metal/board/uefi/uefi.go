// Package uefi is a machine that UEFI firmware has started and whose boot services are
// alive: the firmware's display and keyboards, boot disk by our drivers or Block I/O, power
// by the firmware.
//
// The firmware and the machine are behind interfaces, so all of it runs under `go test`
// against fakes.
package uefi

import (
	"time"
	"unicode/utf8"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/ps2"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
)

// Board is the machine. It must not be copied. ShowEarly and ShowMapped allocate nothing
// and may run before Go's runtime does.
type Board struct {
	Firmware *efi.Firmware
	Hardware drivers.Hardware
	Console  *screen.Console
	Power    acpi.Machine // when the firmware does not switch the machine off
	// MapFramebuffer makes a framebuffer accessible, before Go's runtime.
	MapFramebuffer func(addr, size uint64) []byte

	bounce bus.Memory  // of all disks: reads are sequential
	boot   *block.Disk // the boot disk, if one of our drivers reads it
}

// ShowEarly has nothing to show: a framebuffer must be mapped first.
func (b *Board) ShowEarly() {}

// ShowMapped shows text on the Graphics Output Protocol's display as the firmware set it up
// (UEFI 2.10 section 12.9), when it has a linear framebuffer.
func (b *Board) ShowMapped() {
	p, status := b.Firmware.LocateProtocol(efi.GraphicsOutputProtocol)
	if status != efi.Success || p == 0 {
		return
	}
	mode := efi.Ptr[efi.GraphicsOutput](p).At().Mode.At()
	info := mode.Info.At()
	width, height, stride := info.HorizontalResolution, info.VerticalResolution, info.PixelsPerScanLine
	const pixel = 4 // bytes
	size := uint64(stride) * uint64(height) * pixel
	if mode.FrameBufferBase == 0 || size == 0 || width > stride || size > uint64(mode.FrameBufferSize) {
		return
	}
	red, green, blue, ok := channels(info)
	if !ok {
		return
	}
	memory := b.MapFramebuffer(mode.FrameBufferBase, uint64(mode.FrameBufferSize))
	m := screen.Mode{Width: int(width), Height: int(height), Stride: int(stride), Red: red, Green: green, Blue: blue}
	m.Pix32 = unsafe.Slice((*uint32)(unsafe.Pointer(&memory[0])), size/pixel)
	b.Console.ShowFramebuffer(m)
}

// channels returns where the colours of a pixel are; false when pixels do not have 32
// bits, or can be copied by the firmware only.
func channels(info *efi.GraphicsInfo) (red, green, blue screen.Channel, ok bool) {
	masks := info.PixelInformation
	switch info.PixelFormat {
	case efi.PixelRedGreenBlueReserved8Bit:
		masks = efi.PixelBitmask{Red: 0xff, Green: 0xff00, Blue: 0xff0000, Reserved: 0xff000000}
	case efi.PixelBlueGreenRedReserved8Bit:
		masks = efi.PixelBitmask{Red: 0xff0000, Green: 0xff00, Blue: 0xff, Reserved: 0xff000000}
	case efi.PixelBitMask:
	default:
		return
	}
	red, ok1 := screen.MaskChannel(masks.Red)
	green, ok2 := screen.MaskChannel(masks.Green)
	blue, ok3 := screen.MaskChannel(masks.Blue)
	wide := (masks.Red|masks.Green|masks.Blue|masks.Reserved)>>24 != 0
	return red, green, blue, ok1 && ok2 && ok3 && wide
}

// SetConsole checks what pc.Board.SetConsole takes: here the firmware has set up picture
// and keyboard.
func (b *Board) SetConsole(layout, video string) error {
	if _, err := ps2.New(layout); err != nil {
		return err
	}
	_, err := vbe.ParseRequest(video)
	return err
}

// escapeOf gives the terminal's sequences of the keys that are not characters.
var escapeOf = map[uint16]string{
	efi.ScanUp: "\x1b[A", efi.ScanDown: "\x1b[B", efi.ScanRight: "\x1b[C", efi.ScanLeft: "\x1b[D",
	efi.ScanHome: "\x1b[H", efi.ScanEnd: "\x1b[F", efi.ScanDelete: "\x1b[3~",
}

// ReadKeys appends what was typed on the firmware's console.
func (b *Board) ReadKeys(to []byte) []byte {
	const longest = 8 // bytes of a key
	for cap(to)-len(to) >= longest {
		key, ok := b.Firmware.ReadKey()
		switch {
		case !ok:
			return to
		case key.UnicodeChar != 0:
			to = utf8.AppendRune(to, rune(key.UnicodeChar))
		default:
			to = append(to, escapeOf[key.ScanCode]...)
		}
	}
	return to
}

// PowerOff switches the machine off. It returns when the machine does not let itself be
// switched off.
func (b *Board) PowerOff() {
	b.stopDisk()
	b.Firmware.ResetSystem(efi.ResetShutdown)
	b.Power.PowerOff()
}

// Reboot starts the machine again: firmware, ACPI reset register, keyboard controller, in
// this order. It returns when none of them works.
func (b *Board) Reboot() {
	b.stopDisk()
	b.Firmware.ResetSystem(efi.ResetCold)
	b.Power.Reset()
	ps2.ResetProcessor(b.Power.IO)
	b.Power.Sleep(time.Second)
}

// stopDisk leaves the device quiet, which must not reach memory after a reset.
func (b *Board) stopDisk() {
	if b.boot != nil {
		_ = b.boot.Close() // there is nobody left to tell about an error
		b.boot = nil
	}
}
