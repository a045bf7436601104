// Package vbe finds and sets a graphics mode through the BIOS of the video card: VESA
// BIOS Extension Core Functions Standard, version 3.0, and the display's preferred
// size through VESA BIOS Extensions/Display Data Channel (VBE/DDC) 1.1 and EDID 1.4.
//
// Wanted is a linear framebuffer with direct colours of 32, 24 or 16 bits.
//
// Not supported: banked modes, palettes, refresh rates, more than one display.
package vbe

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// BIOS calls the video BIOS (INT 10h).
type BIOS interface {
	// Call performs INT 10h with AX, BX, CX and DX = 0, ES:DI at the start of the
	// buffer, and returns AX.
	Call(ax, bx, cx uint16) uint16
	// Buffer is memory below 1 MiB, at least BufferSize bytes.
	Buffer() []byte
	// Memory returns n bytes at a physical address below 1 MiB; nil when it cannot.
	Memory(addr uint32, n int) []byte
}

// BufferSize is what the largest answer takes, the controller's information.
const BufferSize = 512

// Errors for errors.Is.
var (
	ErrAbsent = errors.New("the video BIOS has no VESA extensions of version 2.0 or later")
	ErrNoMode = errors.New("no suitable graphics mode")
)

// Functions and their status (section 4.1, 4.2).
const (
	getController = 0x4f00
	getMode       = 0x4f01
	setMode       = 0x4f02
	getEDID       = 0x4f15
	supported     = 0x004f

	linear = 1 << 14 // of the mode number: use the linear framebuffer
)

// Mode is a mode of the card.
type Mode struct {
	Number        uint16
	Width, Height int
	Bits          int // a pixel: 16, 24 or 32
	Pitch         int // bytes a line
	Base          uint32
	Red           Channel
	Green         Channel
	Blue          Channel
}

// Channel is the place of a colour in a pixel.
type Channel struct{ Shift, Bits uint8 }

func (m Mode) String() string { return fmt.Sprintf("%dx%d, %d bits", m.Width, m.Height, m.Bits) }

// maxModes bounds a list without an end.
const maxModes = 512

// Modes lists the usable modes of the card (functions 00h and 01h).
func Modes(b BIOS) ([]Mode, error) {
	buf := b.Buffer()[:BufferSize]
	clear(buf)
	copy(buf, "VBE2") // asks for the long answer
	if b.Call(getController, 0, 0) != supported || string(buf[:4]) != "VESA" || binary.LittleEndian.Uint16(buf[4:]) < 0x200 {
		return nil, ErrAbsent
	}
	list := binary.LittleEndian.Uint32(buf[14:])
	// The list may lie in the buffer: all of it is read before the next call.
	addr := list>>16<<4 + list&0xffff
	var numbers []uint16
	for len(numbers) < maxModes {
		w := b.Memory(addr, 2)
		if w == nil {
			break
		}
		n := binary.LittleEndian.Uint16(w)
		if n == 0xffff {
			break
		}
		numbers = append(numbers, n)
		addr += 2
	}
	var modes []Mode
	for _, n := range numbers {
		if m, ok := mode(b, n); ok {
			modes = append(modes, m)
		}
	}
	if len(modes) == 0 {
		return nil, fmt.Errorf("%w: none of %d has a linear framebuffer with direct colours", ErrNoMode, len(numbers))
	}
	return modes, nil
}

// mode reads one mode's ModeInfoBlock (section 4.4).
func mode(b BIOS, number uint16) (Mode, bool) {
	const hardware, graphics, framebuffer = 1 << 0, 1 << 4, 1 << 7
	const directColour, packed = 6, 4
	buf := b.Buffer()[:256]
	clear(buf)
	if b.Call(getMode, 0, number) != supported {
		return Mode{}, false
	}
	le := binary.LittleEndian
	m := Mode{
		Number: number,
		Pitch:  int(le.Uint16(buf[0x10:])),
		Width:  int(le.Uint16(buf[0x12:])),
		Height: int(le.Uint16(buf[0x14:])),
		Bits:   int(buf[0x19]),
		Base:   le.Uint32(buf[0x28:]),
		Red:    Channel{buf[0x20], buf[0x1f]},
		Green:  Channel{buf[0x22], buf[0x21]},
		Blue:   Channel{buf[0x24], buf[0x23]},
	}
	if m.Bits == 15 {
		m.Bits = 16
	}
	if linearPitch := int(le.Uint16(buf[0x32:])); linearPitch != 0 { // version 3.0
		m.Pitch = linearPitch
		m.Red, m.Green, m.Blue = Channel{buf[0x37], buf[0x36]}, Channel{buf[0x39], buf[0x38]}, Channel{buf[0x3b], buf[0x3a]}
	}
	if m.Red.Bits == 0 { // older cards leave the masks to the mode
		m.Red, m.Green, m.Blue = Channel{16, 8}, Channel{8, 8}, Channel{0, 8}
		if m.Bits == 16 {
			m.Red, m.Green, m.Blue = Channel{11, 5}, Channel{5, 6}, Channel{0, 5}
		}
	}
	const need = hardware | graphics | framebuffer
	ok := le.Uint16(buf)&need == need && (buf[0x1b] == directColour || buf[0x1b] == packed && m.Bits >= 24) &&
		(m.Bits == 32 || m.Bits == 24 || m.Bits == 16) && m.Base != 0 &&
		m.Width >= 640 && m.Height >= 480 && m.Pitch >= m.Width*m.Bits/8 &&
		m.Red.Shift < 32 && m.Green.Shift < 32 && m.Blue.Shift < 32
	return m, ok
}

// Preferred returns the size the display itself prefers: the first detailed timing of
// its EDID (section 3.10.2); false when it does not say.
func Preferred(b BIOS) (width, height int, ok bool) {
	const readEDID, size = 0x01, 128
	buf := b.Buffer()[:size]
	clear(buf)
	if b.Call(getEDID, readEDID, 0) != supported || string(buf[:8]) != "\x00\xff\xff\xff\xff\xff\xff\x00" {
		return 0, 0, false
	}
	t := buf[0x36:]
	if t[0] == 0 && t[1] == 0 { // no pixel clock: another kind of descriptor
		return 0, 0, false
	}
	width = int(t[2]) | int(t[4]&0xf0)<<4
	height = int(t[5]) | int(t[7]&0xf0)<<4
	return width, height, width >= 640 && height >= 480
}

// Limits of what is chosen for a display that does not say what it can show: every
// monitor shows this.
const (
	safeWidth  = 1024
	safeHeight = 768
)

// Choose picks the mode for a display of width x height: this size, else the largest
// that is not larger; of one size the one with most bits. 0 x 0: not known.
func Choose(modes []Mode, width, height int) (Mode, error) {
	if width == 0 {
		width, height = safeWidth, safeHeight
	}
	var best Mode
	for _, m := range modes {
		if m.Width > width || m.Height > height {
			continue
		}
		area, most := m.Width*m.Height, best.Width*best.Height
		if area > most || area == most && m.Bits > best.Bits {
			best = m
		}
	}
	if best.Width == 0 {
		return Mode{}, fmt.Errorf("%w: %d modes, the smallest larger than %dx%d", ErrNoMode, len(modes), width, height)
	}
	return best, nil
}

// Set switches to m (function 02h), which clears the screen.
func Set(b BIOS, m Mode) error {
	if ax := b.Call(setMode, m.Number|linear, 0); ax != supported {
		return fmt.Errorf("setting mode %#x (%v): status %#04x, want %#04x", m.Number, m, ax, supported)
	}
	return nil
}

// Request is what the user wants on the screen.
type Request struct {
	Text          bool // stay in text mode
	Width, Height int  // 0: what suits the display
}

// ErrRequest reports a request nobody understands.
var ErrRequest = errors.New("unknown video mode")

// ParseRequest reads "auto" or "", "text", or a size such as "1280x1024".
func ParseRequest(s string) (Request, error) {
	switch s {
	case "", "auto":
		return Request{}, nil
	case "text":
		return Request{Text: true}, nil
	}
	var r Request
	if _, err := fmt.Sscanf(s, "%dx%d", &r.Width, &r.Height); err != nil || fmt.Sprintf("%dx%d", r.Width, r.Height) != s ||
		r.Width < 640 || r.Height < 480 || r.Width > 1<<14 || r.Height > 1<<14 {
		return Request{}, fmt.Errorf("%w %q, want auto, text, or a size such as 1280x1024", ErrRequest, s)
	}
	return r, nil
}
