package pc

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers/driverstest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
	"github.com/llamaboot/llamaboot/runtime/metal/vbe"
)

// fakeBIOS is a BIOS with one drive, a VGA text screen, and a card with one graphics mode.
type fakeBIOS struct {
	low    []byte // the first MiB
	drive  []byte // image of the drive
	guid   gpt.GUID
	bits   int // of the graphics mode, 0: no VESA extensions
	width  int
	height int
	modes  []uint16 // set one after another, AX or the mode number
}

const (
	bufferAt  = 0x8000
	buffer    = 64 << 10
	modeList  = 0x3000
	frameBase = 0xe0000000
)

func newBIOS() *fakeBIOS {
	f := &fakeBIOS{low: make([]byte, 1<<20), guid: gpt.GUID{1}, bits: 32, width: 1024, height: 768}
	for i, c := range []byte("loading") {
		f.low[0xb8000+2*i] = c
	}
	copy(f.low[0x450:], []byte{7, 0}) // cursor behind it
	return f
}

func (f *fakeBIOS) Buffer() (uintptr, []byte)             { return bufferAt, f.low[bufferAt:][:buffer] }
func (f *fakeBIOS) Memory(addr uint32, n int) []byte      { return f.low[addr:][:n] }
func (f *fakeBIOS) Drive() (drive uint8, extensions bool) { return 0x80, true }
func (f *fakeBIOS) DiskGUID() gpt.GUID                    { return f.guid }

func (f *fakeBIOS) Interrupt(n uint8, r *disk.Regs) {
	switch n {
	case 0x10:
		f.video(r)
	case 0x13:
		f.disk(r)
	}
}

func (f *fakeBIOS) disk(r *disk.Regs) {
	const extendedRead = 0x4200
	if r.EAX != extendedRead || r.EDX != 0x80 {
		r.Carry = true
		return
	}
	le := binary.LittleEndian
	packet := f.low[uint32(r.DS)*16+r.ESI:]
	n, at := int(le.Uint16(packet[2:]))*512, int(le.Uint64(packet[8:]))*512
	to := int(le.Uint16(packet[6:]))*16 + int(le.Uint16(packet[4:]))
	if at+n > len(f.drive) {
		r.Carry = true
		return
	}
	copy(f.low[to:], f.drive[at:at+n])
}

func (f *fakeBIOS) video(r *disk.Regs) {
	const getController, getMode, setMode, supported, number = 0x4f00, 0x4f01, 0x4f02, 0x004f, 0x118
	le := binary.LittleEndian
	b := f.low[uint32(r.ES)*16+r.EDI:]
	switch {
	case r.EAX < 0x100: // set a text mode
		f.modes = append(f.modes, uint16(r.EAX))
		return
	case f.bits == 0:
		return
	case r.EAX == getController:
		copy(b, "VESA\x00\x03")
		le.PutUint32(b[14:], modeList)
		le.PutUint16(f.low[modeList:], number)
		le.PutUint16(f.low[modeList+2:], 0xffff)
	case r.EAX == getMode:
		le.PutUint16(b, 0x91) // hardware, graphics, linear framebuffer
		le.PutUint16(b[0x10:], uint16(f.width*f.bits/8))
		le.PutUint16(b[0x12:], uint16(f.width))
		le.PutUint16(b[0x14:], uint16(f.height))
		b[0x19], b[0x1b] = byte(f.bits), 6
		le.PutUint32(b[0x28:], frameBase)
	case r.EAX == setMode:
		f.modes = append(f.modes, uint16(r.EBX))
	default:
		return
	}
	r.EAX = supported
}

// machine is a board and what is around it.
type machine struct {
	*Board
	bios    *fakeBIOS
	ports   *porttest.Space
	devices *driverstest.Machine
	frame   []byte
	slept   time.Duration
}

func newMachine() *machine {
	m := &machine{bios: newBIOS(), ports: porttest.New(), devices: driverstest.New()}
	m.Board = &Board{BIOS: m.bios, IO: m.ports, Console: new(screen.Console),
		Hardware: m.devices.Hardware(m.devices.Driver("sata", 1), final(m.devices.Driver("virtio", 2)))}
	m.Power = acpi.Machine{Memory: func(uint64, int) []byte { return nil }, IO: m.ports, Sleep: func(d time.Duration) { m.slept += d }}
	m.MapFramebuffer = func(addr, size uint64) []byte {
		if addr != frameBase {
			panic("not the framebuffer")
		}
		m.frame = make([]byte, size)
		return m.frame
	}
	return m
}

func final(d drivers.Driver) drivers.Driver {
	d.Final = true
	return d
}

// attach adds a controller with disks.
func (m *machine) attach(device uint8, kind uint16, disks ...*driverstest.Disk) *driverstest.Controller {
	c := &driverstest.Controller{Device: kind, Disks: disks}
	m.devices.Controllers[pci.Address{Device: device}] = c
	return c
}

func TestTextScreen(t *testing.T) {
	m := newMachine()
	m.ShowEarly()
	m.ShowMapped()
	for _, c := range []byte(" more\n") {
		m.Console.Put(c)
	}
	got := ""
	for x := range 12 {
		got += string(m.text.Text(x, 0))
	}
	if got != "loading more" {
		t.Errorf("the screen shows %q", got)
	}
	// The cursor is at the start of the second line: cell 80.
	if want := []string{"out8 0x3d4 = 0xe", "out8 0x3d5 = 0x0", "out8 0x3d4 = 0xf", "out8 0x3d5 = 0x50"}; !slices.Equal(m.ports.Log[len(m.ports.Log)-4:], want) {
		t.Errorf("cursor moved by %q, want %q", m.ports.Log[len(m.ports.Log)-4:], want)
	}
	m.IO = nothing{}
	if n := testing.AllocsPerRun(3, m.ShowEarly); n != 0 {
		t.Errorf("ShowEarly allocates %v times", n)
	}
}

// nothing is an I/O address space without devices.
type nothing struct{ port.IO }

func (nothing) Out8(uint16, uint8) {}

func TestGraphics(t *testing.T) {
	const linear = 1 << 14
	for _, c := range []struct {
		name   string
		bits   int
		height int
		video  string
		want   error
		modes  []uint16
		lit    bool
	}{
		{"32 bits", 32, 768, "", nil, []uint16{linear | 0x118}, true},
		{"24 bits", 24, 768, "", nil, []uint16{linear | 0x118}, true},
		{"16 bits", 16, 768, "auto", nil, []uint16{linear | 0x118}, true},
		{"no VESA", 0, 768, "", nil, nil, false},
		{"no VESA, and a size is asked for", 0, 768, "1024x768", vbe.ErrAbsent, nil, false},
		{"text is asked for", 32, 768, "text", nil, nil, false},
		{"larger than asked for", 32, 768, "800x600", vbe.ErrNoMode, nil, false},
		{"larger than can be drawn", 32, 20000, "1024x16000", vbe.ErrNoMode, nil, false},
		{"not a size", 32, 768, "wide", vbe.ErrRequest, nil, false},
	} {
		m := newMachine()
		m.bios.bits, m.bios.height = c.bits, c.height
		m.ShowEarly()
		err := m.SetConsole("", c.video)
		if !errors.Is(err, c.want) || c.want == nil && err != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
		lit := slices.ContainsFunc(m.frame, func(b byte) bool { return b != 0 })
		if !slices.Equal(m.bios.modes, c.modes) || lit != c.lit {
			t.Errorf("%s: modes %#x, want %#x; text on the framebuffer: %v", c.name, m.bios.modes, c.modes, lit)
		}
	}
	m := newMachine()
	if err := m.SetConsole("klingon", ""); err == nil || len(m.bios.modes) != 0 {
		t.Errorf("unknown layout: %v", err)
	}
}

// TestBackToText: the framebuffer of a mode that was set cannot be drawn on.
func TestBackToText(t *testing.T) {
	m := newMachine()
	m.ShowEarly()
	m.MapFramebuffer = func(addr, size uint64) []byte { return make([]byte, size/2) }
	if err := m.SetConsole("", ""); err != nil {
		t.Errorf("%v", err)
	}
	if want := []uint16{1<<14 | 0x118, 0x03}; !slices.Equal(m.bios.modes, want) {
		t.Errorf("modes %#x, want %#x", m.bios.modes, want)
	}
	if got := m.text.Text(0, 0); got != 'l' {
		t.Errorf("the text screen begins with %q", got)
	}
}

func TestLowMemory(t *testing.T) {
	v := &videoBIOS{bios: newBIOS()}
	for _, c := range []struct {
		addr uint32
		n    int
		ok   bool
	}{{4096, 2, true}, {4095, 2, false}, {0, 2, false}, {1<<20 - 2, 2, true}, {1<<20 - 1, 2, false}, {1<<32 - 1, 2, false}, {4096, 2 << 20, false}} {
		if got := v.Memory(c.addr, c.n); (got != nil) != c.ok {
			t.Errorf("%d bytes at %#x: %v, want %v", c.n, c.addr, got != nil, c.ok)
		}
	}
}

func TestKeys(t *testing.T) {
	m := newMachine()
	const keyY = 0x15
	waiting := []uint32{keyY, keyY | 0x80}
	m.ports.Devices[0x64] = porttest.Device{In: func(int) uint32 { return uint32(min(len(waiting), 1)) }}
	m.ports.Devices[0x60] = porttest.Device{In: func(int) uint32 {
		c := waiting[0]
		waiting = waiting[1:]
		return c
	}}
	if got := m.ReadKeys(make([]byte, 0, 64)); string(got) != "y" {
		t.Errorf("typed %q", got)
	}
	if err := m.SetConsole("de", "text"); err != nil {
		t.Fatal(err)
	}
	waiting = []uint32{keyY, keyY | 0x80}
	if got := m.ReadKeys(make([]byte, 0, 64)); string(got) != "z" {
		t.Errorf("typed %q on a German keyboard", got)
	}
}

func TestPower(t *testing.T) {
	m := newMachine()
	d := &driverstest.Disk{Image: driverstest.Image(m.bios.guid)}
	m.attach(1, 1, d)
	if _, err := m.BootDisk(func(err error) { t.Error(err) }); err != nil || d.Closed {
		t.Fatalf("%v, closed: %v", err, d.Closed)
	}
	m.Reboot()
	if !d.Closed || !slices.Equal(m.ports.Log, []string{"out8 0x64 = 0xfe"}) || m.slept == 0 {
		t.Errorf("disk stopped: %v; wrote %q; waited %v", d.Closed, m.ports.Log, m.slept)
	}
	m.PowerOff() // a second stop of the disk does no harm
}

func TestBootDisk(t *testing.T) {
	right, other := gpt.GUID{1}, gpt.GUID{2}
	image := func(g gpt.GUID) *driverstest.Disk { return &driverstest.Disk{Image: driverstest.Image(g)} }
	broken := func() *driverstest.Disk { return &driverstest.Disk{Image: driverstest.Image(right), Broken: true} }
	empty := func() *driverstest.Disk { return &driverstest.Disk{Image: make([]byte, 100*512)} }
	for _, c := range []struct {
		name   string
		attach func(m *machine)
		drive  []byte // what the BIOS reads
		want   string // name of the disk, "": error
		warns  string
		err    string
	}{
		{"our driver", func(m *machine) { m.attach(1, 1, image(other), image(right)) }, nil, "sata1, 0.0 MiB", "", ""},
		{"two controllers", func(m *machine) { m.attach(1, 1, empty()); m.attach(2, 1, image(right)) }, nil, "sata1, 0.0 MiB", "", ""},
		{"virtio", func(m *machine) { m.attach(1, 2, image(right)) }, nil, "virtio0, 0.0 MiB", "", ""},
		{"the first right virtio disk ends the search", func(m *machine) { m.attach(1, 2, image(right)); m.attach(2, 1, image(right)) }, nil, "virtio0, 0.0 MiB", "", ""},
		{"virtio is left alone once found", func(m *machine) { m.attach(1, 1, image(right)); m.attach(2, 2, broken()) }, nil, "sata0, 0.0 MiB", "", ""},
		{"BIOS", func(m *machine) { m.attach(1, 1, image(other)) }, driverstest.Image(right), "BIOS drive 0x80, 0.0 MiB", "", ""},
		{"copies", func(m *machine) { m.attach(1, 1, image(right), image(right)) }, driverstest.Image(right), "BIOS drive 0x80, 0.0 MiB", "sata0 and sata1 hold the same llamafile", ""},
		{"copies, one does not stop", func(m *machine) {
			m.attach(1, 1, image(right), &driverstest.Disk{Image: driverstest.Image(right), NoStop: true})
		},
			driverstest.Image(right), "", "sata0 and sata1 hold", "does not stop"},
		{"unreadable, the BIOS reads it", func(m *machine) { m.attach(1, 1, broken()) }, driverstest.Image(right), "BIOS drive 0x80, 0.0 MiB", "medium error", ""},
		{"unreadable virtio disk", func(m *machine) { m.attach(1, 2, broken()) }, driverstest.Image(right), "", "", "detach it"},
		{"half of a controller is broken", func(m *machine) { m.attach(1, 1, image(right)).Err = errors.New("port 3 is dead") }, nil, "sata0, 0.0 MiB", "port 3 is dead", ""},
		{"the BIOS reads another disk", func(m *machine) {}, driverstest.Image(other), "", "", "was not found: BIOS drive 0x80 has GUID 00000002-"},
		{"no disk", func(m *machine) { m.attach(1, 1, empty()) }, make([]byte, 100*512), "", "", "on sata0"},
	} {
		m := newMachine()
		m.bios.drive = c.drive
		c.attach(m)
		var warnings []string
		r, err := m.BootDisk(func(err error) { warnings = append(warnings, err.Error()) })
		got := ""
		if err == nil {
			got = r.String()
		}
		if got != c.want || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v, want %q, %q", c.name, got, err, c.want, c.err)
		}
		if all := strings.Join(warnings, "\n"); (all == "") != (c.warns == "") || !strings.Contains(all, c.warns) {
			t.Errorf("%s: warnings %q, want %q", c.name, all, c.warns)
		}
	}
}

// TestScreenMode: lengths and strides of all pixel sizes.
func TestScreenMode(t *testing.T) {
	b := make([]byte, 4096)
	p := unsafe.Pointer(&b[0])
	for _, bits := range []int{16, 24, 32} {
		s := screenMode(vbe.Mode{Width: 16, Height: 16, Bits: bits, Pitch: 256}, b)
		switch {
		case bits == 32 && (s.Stride != 64 || len(s.Pix32) != 1024 || unsafe.Pointer(&s.Pix32[0]) != p),
			bits == 16 && (s.Stride != 128 || len(s.Pix16) != 2048 || unsafe.Pointer(&s.Pix16[0]) != p),
			bits == 24 && (s.Stride != 256 || len(s.Pix8) != 4096):
			t.Errorf("%d bits: %d, %d, %d, %d", bits, s.Stride, len(s.Pix8), len(s.Pix16), len(s.Pix32))
		}
	}
}
