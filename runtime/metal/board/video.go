//go:build metal

package board

import (
	"errors"
	"sync/atomic"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
	"github.com/llamaboot/llamaboot/runtime/metal/ps2"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
)

// videoBIOS calls INT 10h through stage 2.
type videoBIOS struct {
	low  []byte
	addr uintptr
}

func (v *videoBIOS) Buffer() []byte { return v.low[:vbe.BufferSize] }

func (v *videoBIOS) Call(ax, bx, cx uint16) uint16 {
	const video = 0x10
	r := kern.Registers{EAX: uint32(ax), EBX: uint32(bx), ECX: uint32(cx), ES: uint16(v.addr >> 4), Int: video}
	kern.BIOS(&r)
	return uint16(r.EAX)
}

// Memory reads low memory; page 0 is not mapped.
func (v *videoBIOS) Memory(addr uint32, n int) []byte {
	const pageSize, end = 4096, 1 << 20
	if addr < pageSize || int(addr)+n > end {
		return nil
	}
	return unsafe.Slice((*byte)(unsafe.Pointer(uintptr(addr))), n)
}

// keyboard decodes the PS/2 keyboard of BIOS machines; their SMM code makes USB
// keyboards look like one.
var keyboard atomic.Pointer[ps2.Decoder]

// SetConsole chooses the PS/2 keyboard's layout (see ps2.New) and, on BIOS machines,
// the picture (see vbe.ParseRequest). Under UEFI the firmware has done both.
func SetConsole(layout, video string) error {
	k, err := ps2.New(layout)
	if err != nil {
		return err
	}
	keyboard.Store(k)
	request, err := vbe.ParseRequest(video)
	if err != nil || request.Text || kern.UEFI() {
		return err
	}
	err = setGraphics(request)
	if request.Width == 0 && (errors.Is(err, vbe.ErrAbsent) || errors.Is(err, vbe.ErrNoMode)) {
		return nil // text is what such a machine has
	}
	return err
}

// setGraphics switches from VGA text to the best graphics mode.
func setGraphics(request vbe.Request) error {
	addr, low := kern.LowBuffer()
	if len(low) < vbe.BufferSize {
		return vbe.ErrAbsent
	}
	bios := &videoBIOS{low, addr}
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
	screenLock.Lock()
	defer screenLock.Unlock()
	if err := vbe.Set(bios, mode); err != nil {
		return err
	}
	size := uintptr(mode.Pitch) * uintptr(mode.Height)
	kern.MapFramebuffer(uintptr(mode.Base), size)
	if showFramebuffer(screenMode(mode, size)) {
		return nil
	}
	const setText, colour80x25 = 0x0000, 0x03
	bios.Call(setText|colour80x25, 0, 0)
	vgaTerminal.Repaint()
	vgaTerminal.Flush()
	return vbe.ErrNoMode
}

// screenMode describes m for package screen.
func screenMode(m vbe.Mode, size uintptr) screen.Mode {
	s := screen.Mode{Width: m.Width, Height: m.Height,
		Red: screen.Channel(m.Red), Green: screen.Channel(m.Green), Blue: screen.Channel(m.Blue)}
	p := unsafe.Pointer(uintptr(m.Base))
	switch m.Bits {
	case 32:
		s.Stride, s.Pix32 = m.Pitch/4, unsafe.Slice((*uint32)(p), size/4)
	case 16:
		s.Stride, s.Pix16 = m.Pitch/2, unsafe.Slice((*uint16)(p), size/2)
	default:
		s.Stride, s.Pix8 = m.Pitch, unsafe.Slice((*uint8)(p), size)
	}
	return s
}
