package pc

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
)

// videoBIOS calls INT 10h. It implements vbe.BIOS.
type videoBIOS struct {
	bios BIOS
	low  []byte
	addr uintptr
}

func (v *videoBIOS) Buffer() []byte { return v.low[:vbe.BufferSize] }

func (v *videoBIOS) Call(ax, bx, cx uint16) uint16 {
	const video = 0x10
	r := disk.Regs{EAX: uint32(ax), EBX: uint32(bx), ECX: uint32(cx), ES: uint16(v.addr >> 4)}
	v.bios.Interrupt(video, &r)
	return uint16(r.EAX)
}

// Memory reads low memory; page 0 is not mapped.
func (v *videoBIOS) Memory(addr uint32, n int) []byte {
	const pageSize, end = 4096, 1 << 20
	if addr < pageSize || n > end || addr > uint32(end-n) {
		return nil
	}
	return v.bios.Memory(addr, n)
}

// setGraphics switches from VGA text to the best graphics mode.
func (b *Board) setGraphics(request vbe.Request) error {
	addr, low := b.BIOS.Buffer()
	if len(low) < vbe.BufferSize {
		return vbe.ErrAbsent
	}
	bios := &videoBIOS{b.BIOS, low, addr}
	modes, err := vbe.Modes(bios)
	if err != nil {
		return err
	}
	width, height := request.Width, request.Height
	if width == 0 {
		width, height, _ = vbe.Preferred(bios)
	}
	mode, err := vbe.Choose(modes, width, height)
	if err != nil {
		return err
	}
	return b.Console.Change(func() error { return b.show(bios, mode) })
}

// show sets a graphics mode, or VGA text where nothing can be drawn in that mode.
func (b *Board) show(bios *videoBIOS, mode vbe.Mode) error {
	if err := vbe.Set(bios, mode); err != nil {
		return err
	}
	pixels := b.MapFramebuffer(uint64(mode.Base), uint64(mode.Pitch)*uint64(mode.Height))
	if b.Console.ShowFramebuffer(screenMode(mode, pixels)) {
		return nil
	}
	const setText, colour80x25 = 0x0000, 0x03
	bios.Call(setText|colour80x25, 0, 0)
	b.textTerminal.Repaint()
	b.textTerminal.Flush()
	return vbe.ErrNoMode
}

// screenMode describes m for package screen.
func screenMode(m vbe.Mode, pixels []byte) screen.Mode {
	s := screen.Mode{Width: m.Width, Height: m.Height,
		Red: screen.Channel(m.Red), Green: screen.Channel(m.Green), Blue: screen.Channel(m.Blue)}
	p := unsafe.Pointer(&pixels[0])
	switch m.Bits {
	case 32:
		s.Stride, s.Pix32 = m.Pitch/4, unsafe.Slice((*uint32)(p), len(pixels)/4)
	case 16:
		s.Stride, s.Pix16 = m.Pitch/2, unsafe.Slice((*uint16)(p), len(pixels)/2)
	default:
		s.Stride, s.Pix8 = m.Pitch, pixels
	}
	return s
}
