package vbe

import (
	"encoding/binary"
	"errors"
	"testing"
)

// card is a fake video BIOS.
type card struct {
	memory  [1 << 20]byte
	version uint16
	modes   []Mode
	flags   uint16 // ModeAttributes of all modes
	edid    []byte
	set     uint16
	status  uint16 // of function 02h
	endless bool
}

const bufferAt = 0x10000

func (c *card) Buffer() []byte { return c.memory[bufferAt:][:BufferSize] }
func (c *card) Memory(addr uint32, n int) []byte {
	if int(addr)+n > len(c.memory) {
		return nil
	}
	return c.memory[addr:][:n]
}

func (c *card) Call(ax, bx, cx uint16) uint16 {
	le := binary.LittleEndian
	buf := c.Buffer()
	switch ax {
	case getController:
		if c.version == 0 || string(buf[:4]) != "VBE2" {
			return ax
		}
		copy(buf, "VESA")
		le.PutUint16(buf[4:], c.version)
		const listAt = 0x80 // in the buffer itself, as some cards have it
		le.PutUint32(buf[14:], bufferAt>>4<<16|listAt)
		for i, m := range c.modes {
			le.PutUint16(buf[listAt+2*i:], m.Number)
		}
		if !c.endless {
			le.PutUint16(buf[listAt+2*len(c.modes):], 0xffff)
		}
		return supported
	case getMode:
		for _, m := range c.modes {
			if m.Number != cx {
				continue
			}
			le.PutUint16(buf, c.flags)
			le.PutUint16(buf[0x10:], uint16(m.Pitch))
			le.PutUint16(buf[0x12:], uint16(m.Width))
			le.PutUint16(buf[0x14:], uint16(m.Height))
			buf[0x19], buf[0x1b] = uint8(m.Bits), 6
			buf[0x1f], buf[0x20], buf[0x21], buf[0x22], buf[0x23], buf[0x24] =
				m.Red.Bits, m.Red.Shift, m.Green.Bits, m.Green.Shift, m.Blue.Bits, m.Blue.Shift
			le.PutUint32(buf[0x28:], m.Base)
			return supported
		}
		return 0x014f
	case setMode:
		c.set = bx
		return c.status
	case getEDID:
		if c.edid == nil || bx != 1 {
			return 0x0100
		}
		copy(buf, c.edid)
		return supported
	}
	return 0
}

const usable = 0x9b

func rgb32(number uint16, w, h int) Mode {
	return Mode{Number: number, Width: w, Height: h, Bits: 32, Pitch: 4 * w, Base: 0xfd000000, Red: Channel{16, 8}, Green: Channel{8, 8}, Blue: Channel{0, 8}}
}

func edid(w, h int) []byte {
	b := make([]byte, 128)
	copy(b, "\x00\xff\xff\xff\xff\xff\xff\x00")
	t := b[0x36:]
	t[0], t[2], t[4], t[5], t[7] = 1, uint8(w), uint8(w>>8<<4), uint8(h), uint8(h>>8<<4)
	return b
}

func TestChoice(t *testing.T) {
	m24 := rgb32(0x112, 1024, 768)
	m24.Bits, m24.Pitch = 24, 3*1024
	m16 := rgb32(0x111, 800, 600)
	m16.Bits, m16.Pitch, m16.Red, m16.Green, m16.Blue = 16, 1600, Channel{11, 5}, Channel{5, 6}, Channel{0, 5}
	all := []Mode{rgb32(0x100, 640, 480), m16, m24, rgb32(0x118, 1024, 768), rgb32(0x190, 1920, 1080), rgb32(0x191, 2560, 1600), rgb32(0x13, 320, 200)}
	for _, c := range []struct {
		name  string
		modes []Mode
		edid  []byte
		want  uint16
	}{
		{"native size", all, edid(1920, 1080), 0x190},
		{"no mode of the native size", all, edid(1366, 768), 0x118},
		{"display unknown", all, nil, 0x118},
		{"no EDID header", all, make([]byte, 128), 0x118},
		{"24 bits only", []Mode{m24}, nil, 0x112},
		{"16 bits only", []Mode{m16}, edid(1920, 1200), 0x111},
	} {
		card := &card{version: 0x300, modes: c.modes, flags: usable, edid: c.edid, status: supported}
		modes, err := Modes(card)
		if err != nil {
			t.Fatal(err)
		}
		w, h, _ := Preferred(card)
		m, err := Choose(modes, w, h)
		if err != nil || m.Number != c.want {
			t.Errorf("%s: mode %#x (%v), %v; want %#x", c.name, m.Number, m, err, c.want)
			continue
		}
		if err := Set(card, m); err != nil || card.set != c.want|linear {
			t.Errorf("%s: set mode %#x, %v", c.name, card.set, err)
		}
	}
	if _, err := Choose([]Mode{rgb32(1, 1920, 1080)}, 800, 600); !errors.Is(err, ErrNoMode) {
		t.Errorf("a mode larger than the display: %v", err)
	}
}

func TestRefusals(t *testing.T) {
	if _, err := Modes(&card{}); !errors.Is(err, ErrAbsent) {
		t.Errorf("no VBE: %v", err)
	}
	if _, err := Modes(&card{version: 0x102}); !errors.Is(err, ErrAbsent) {
		t.Errorf("VBE 1.2: %v", err)
	}
	if _, err := Modes(&card{version: 0x200, modes: []Mode{rgb32(1, 800, 600)}, flags: usable &^ 0x80}); !errors.Is(err, ErrNoMode) {
		t.Errorf("no linear framebuffer: %v", err)
	}
	narrow := rgb32(1, 800, 600)
	narrow.Pitch = 800
	if _, err := Modes(&card{version: 0x200, modes: []Mode{narrow}, flags: usable}); !errors.Is(err, ErrNoMode) {
		t.Errorf("lines shorter than the picture: %v", err)
	}
	if modes, err := Modes(&card{version: 0x200, modes: []Mode{rgb32(1, 800, 600)}, flags: usable, endless: true}); err != nil || len(modes) != 1 {
		t.Errorf("a list without an end: %v, %v", modes, err)
	}
	if err := Set(&card{status: 0x014f}, rgb32(1, 800, 600)); err == nil {
		t.Error("a failed mode switch went unnoticed")
	}
}

// FuzzModes: whatever a BIOS answers, no mode leaves its own bounds.
func FuzzModes(f *testing.F) {
	c := &card{version: 0x300, modes: []Mode{rgb32(1, 800, 600)}, flags: usable}
	c.Call(getMode, 0, 1)
	f.Add(append([]byte(nil), c.Buffer()...))
	f.Fuzz(func(t *testing.T, answer []byte) {
		modes, err := Modes(&echo{answer: answer})
		if err == nil && len(modes) == 0 {
			t.Error("neither modes nor an error")
		}
		for _, m := range modes {
			if m.Pitch < m.Width*m.Bits/8 || m.Base == 0 {
				t.Errorf("mode %+v", m)
			}
		}
		Preferred(&echo{answer: answer})
	})
}

// echo answers everything with the same bytes.
type echo struct {
	answer []byte
	buf    [BufferSize]byte
}

func (e *echo) Buffer() []byte { return e.buf[:] }
func (e *echo) Memory(addr uint32, n int) []byte {
	if addr%512 > 100 {
		return []byte{0xff, 0xff}
	}
	return []byte{1, 0}
}
func (e *echo) Call(ax, _, _ uint16) uint16 {
	copy(e.buf[:], e.answer)
	if ax == getController {
		copy(e.buf[:], "VESA\x00\x03")
	}
	return supported
}

func TestParseRequest(t *testing.T) {
	for s, want := range map[string]Request{"": {}, "auto": {}, "text": {Text: true}, "1280x1024": {Width: 1280, Height: 1024}} {
		if got, err := ParseRequest(s); got != want || err != nil {
			t.Errorf("%q: %+v, %v", s, got, err)
		}
	}
	for _, s := range []string{"vga", "320x200", "1280x", "1280x1024x32", "x", "1280x01024"} {
		if _, err := ParseRequest(s); !errors.Is(err, ErrRequest) {
			t.Errorf("%q: %v", s, err)
		}
	}
}
