package uefi

import (
	"errors"
	"slices"
	"strings"
	"testing"
	"time"
	"unsafe"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/acpi"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers/driverstest"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/efi/efitest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
	"github.com/llamaboot/llamaboot/runtime/metal/screen"
)

// machine is a board and what is around it.
type machine struct {
	*Board
	firmware *efitest.Firmware
	devices  *driverstest.Machine
	ports    *porttest.Space
	mapped   [][2]uint64
	slept    time.Duration
}

func newMachine() *machine {
	m := &machine{firmware: efitest.New(), devices: driverstest.New(), ports: porttest.New()}
	sata := m.devices.Driver("sata", 1)
	sata.Faster = true
	m.Board = &Board{Firmware: m.firmware.Firmware, Console: new(screen.Console), Hardware: m.devices.Hardware(m.devices.Driver("virtio", 2), sata)}
	m.Power = acpi.Machine{Memory: func(uint64, int) []byte { return nil }, IO: m.ports, Sleep: func(d time.Duration) { m.slept += d }}
	m.MapFramebuffer = func(addr, size uint64) []byte {
		m.mapped = append(m.mapped, [2]uint64{addr, size})
		return unsafe.Slice(efi.Ptr[byte](addr).At(), size)
	}
	return m
}

// display gives the firmware a display of 640 x 480 pixels.
func (m *machine) display() (*efi.GraphicsMode, *efi.GraphicsInfo, []uint32) {
	pixels := make([]uint32, 656*480)
	info := &efi.GraphicsInfo{HorizontalResolution: 640, VerticalResolution: 480, PixelsPerScanLine: 656, PixelFormat: efi.PixelBlueGreenRedReserved8Bit}
	mode := &efi.GraphicsMode{Info: efitest.Address(info), FrameBufferBase: uint64(efitest.Address(&pixels[0])), FrameBufferSize: uintptr(4 * len(pixels))}
	efitest.Install(m.firmware, m.firmware.Handle(nil), efi.GraphicsOutputProtocol, &efi.GraphicsOutput{Mode: efitest.Address(mode)})
	return mode, info, pixels
}

func TestDisplay(t *testing.T) {
	for _, c := range []struct {
		name   string
		change func(mode *efi.GraphicsMode, info *efi.GraphicsInfo)
		colour uint32 // of bright letters, 0: nothing is shown
	}{
		{"BGRX", func(*efi.GraphicsMode, *efi.GraphicsInfo) {}, 0xffffff},
		{"RGBX", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) { i.PixelFormat = efi.PixelRedGreenBlueReserved8Bit }, 0xffffff},
		{"masks", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) {
			i.PixelFormat = efi.PixelBitMask
			i.PixelInformation = efi.PixelBitmask{Red: 0x3ff00000, Green: 0xffc00, Blue: 0x3ff, Reserved: 0xc0000000}
		}, 0x3fffffff},
		{"masks of 16 bits", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) {
			i.PixelFormat = efi.PixelBitMask
			i.PixelInformation = efi.PixelBitmask{Red: 0xf800, Green: 0x7e0, Blue: 0x1f}
		}, 0},
		{"mask with a hole", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) {
			i.PixelFormat = efi.PixelBitMask
			i.PixelInformation = efi.PixelBitmask{Red: 0xff00ff00, Green: 0xff0000, Blue: 0xff}
		}, 0},
		{"no framebuffer", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) { i.PixelFormat = efi.PixelBltOnly }, 0},
		{"unknown format", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) { i.PixelFormat = 99 }, 0},
		{"no address", func(m *efi.GraphicsMode, _ *efi.GraphicsInfo) { m.FrameBufferBase = 0 }, 0},
		{"short memory", func(m *efi.GraphicsMode, _ *efi.GraphicsInfo) { m.FrameBufferSize-- }, 0},
		{"lines shorter than the picture", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) { i.PixelsPerScanLine = 639 }, 0},
		{"2^32-1 lines", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) { i.VerticalResolution = 1<<32 - 1 }, 0},
		{"no pixels", func(_ *efi.GraphicsMode, i *efi.GraphicsInfo) {
			i.HorizontalResolution, i.PixelsPerScanLine = 0, 0
		}, 0},
	} {
		m := newMachine()
		mode, info, pixels := m.display()
		c.change(mode, info)
		m.ShowEarly()
		m.Console.Put('#')
		m.ShowMapped()
		if shown := slices.ContainsFunc(pixels, func(p uint32) bool { return p != 0 }); shown != (c.colour != 0) || len(m.mapped) != 0 != shown {
			t.Errorf("%s: text is shown: %v; mapped %#x", c.name, shown, m.mapped)
		}
		if c.colour != 0 && slices.Max(pixels)&^c.colour != 0 {
			t.Errorf("%s: pixel %#x, want none outside %#x", c.name, slices.Max(pixels), c.colour)
		}
	}
	m := newMachine()
	if m.ShowMapped(); m.Console.Columns() != 0 {
		t.Error("a screen without a display")
	}
}

func TestKeys(t *testing.T) {
	m := newMachine()
	m.firmware.Keys = []efi.InputKey{{UnicodeChar: 'h'}, {UnicodeChar: 'é'}, {ScanCode: efi.ScanUp}, {ScanCode: 0x17}, {ScanCode: efi.ScanDelete}, {UnicodeChar: '\r'}}
	if got, want := string(m.ReadKeys(make([]byte, 0, 64))), "hé\x1b[A\x1b[3~\r"; got != want {
		t.Errorf("typed %q, want %q", got, want)
	}
	m.firmware.Keys = slices.Repeat([]efi.InputKey{{ScanCode: efi.ScanDelete}}, 100)
	if got := m.ReadKeys(make([]byte, 0, 16)); len(got) != 12 || len(m.firmware.Keys) != 97 {
		t.Errorf("typed %q, %d keys left", got, len(m.firmware.Keys))
	}
	for scan, text := range escapeOf {
		if len(text) > 8 {
			t.Errorf("scan code %d is %q, longer than the room that is looked for", scan, text)
		}
	}
}

func TestSetConsole(t *testing.T) {
	m := newMachine()
	for _, c := range []struct {
		layout, video string
		ok            bool
	}{{"de", "1024x768", true}, {"", "", true}, {"klingon", "", false}, {"", "wide", false}} {
		if err := m.SetConsole(c.layout, c.video); (err == nil) != c.ok {
			t.Errorf("layout %q, video %q: %v", c.layout, c.video, err)
		}
	}
}

func TestPower(t *testing.T) {
	m := newMachine()
	m.PowerOff()
	m.Reboot()
	if want := []uintptr{efi.ResetShutdown, efi.ResetCold}; !slices.Equal(m.firmware.Reset, want) {
		t.Errorf("ResetSystem %v, want %v", m.firmware.Reset, want)
	}
	if !slices.Equal(m.ports.Log, []string{"out8 0x64 = 0xfe"}) {
		t.Errorf("the firmware did nothing: wrote %q", m.ports.Log)
	}
}

var esp = gpt.MustGUID("01234567-89AB-CDEF-0123-456789ABCDEF")

// llamafile is the image of a disk with one.
func llamafile(esp gpt.GUID) []byte {
	return driverstest.Image(gpt.GUID{1}, gpt.Partition{Type: gpt.TypeESP, ID: esp}, gpt.Partition{Type: format.TypeWeights, ID: gpt.GUID{9}})
}

func stranger() []byte {
	return driverstest.Image(gpt.GUID{2}, gpt.Partition{Type: gpt.TypeESP, ID: gpt.GUID{8}})
}

// disk attaches a disk for the firmware; status, if not success, is that of its reads.
func (m *machine) disk(path efi.Path, image []byte, status efi.Status) (efi.Handle, *efi.BlockIOMedia) {
	return m.firmware.Disk(path, driverstest.Block, uint64(len(image)/driverstest.Block), func(lba uint64, addr, n uintptr) efi.Status {
		if status == efi.Success {
			m.devices.Put(uint64(addr), image[lba*driverstest.Block:][:n])
		}
		return status
	})
}

func TestFirmwareDisks(t *testing.T) {
	usb := func(port uint8) efi.Path { return efitest.Path(efitest.PCINode(20, 0), efitest.USBNode(port)) }
	partition := func(disk efi.Path) efi.Path { return efitest.Path(disk, efitest.PartitionNode(1, esp)) }
	for _, c := range []struct {
		name   string
		attach func(m *machine)
		want   string // "": error
		err    string
	}{
		{"the partition's disk", func(m *machine) {
			m.disk(usb(1), stranger(), efi.Success)
			m.disk(usb(2), llamafile(esp), efi.Success)
			m.firmware.LoadedFrom(m.firmware.Handle(partition(usb(2))))
		}, "firmware disk 1, 0.0 MiB", ""},
		{"of two copies the one it was loaded from", func(m *machine) {
			m.disk(usb(1), llamafile(esp), efi.Success)
			m.disk(usb(2), llamafile(esp), efi.Success)
			m.firmware.LoadedFrom(m.firmware.Handle(partition(usb(2))))
		}, "firmware disk 1, 0.0 MiB", ""},
		{"no device path, one disk with weights", func(m *machine) {
			m.disk(usb(1), stranger(), efi.Success)
			m.disk(usb(2), llamafile(esp), efi.Success)
		}, "firmware disk 1, 0.0 MiB", ""},
		{"no device path, two disks with weights", func(m *machine) {
			m.disk(usb(1), llamafile(esp), efi.Success)
			m.disk(usb(2), llamafile(gpt.GUID{7}), efi.Success)
		}, "", "2 disks hold llamafiles; leave one plugged in"},
		{"partitions, empty drives and strange blocks are no disks", func(m *machine) {
			_, a := m.disk(usb(1), llamafile(esp), efi.Success)
			_, b := m.disk(usb(2), llamafile(esp), efi.Success)
			_, c := m.disk(usb(3), llamafile(esp), efi.Success)
			_, d := m.disk(usb(4), llamafile(esp), efi.Success)
			a.LogicalPartition, b.MediaPresent, c.BlockSize, d.BlockSize = 1, 0, 256, 4<<20
		}, "", "none of 0 disks holds a llamafile"},
		{"no disk at all", func(*machine) {}, "", "offers no disks: the firmware reports an item that was not found (EFI_NOT_FOUND)"},
		{"none right", func(m *machine) { m.disk(usb(1), stranger(), efi.Success) }, "", "none of 1 disks holds a llamafile"},
		{"unreadable", func(m *machine) { m.disk(usb(1), llamafile(esp), efi.DeviceError) }, "", "EFI_DEVICE_ERROR"},
	} {
		m := newMachine()
		c.attach(m)
		r, err := m.BootDisk(func(err error) { t.Errorf("%s: warning: %v", c.name, err) })
		got := ""
		if err == nil {
			got = r.String()
		}
		if got != c.want || (err == nil) != (c.want != "") || err != nil && !strings.Contains(err.Error(), c.err) {
			t.Errorf("%s: %q, %v, want %q, %q", c.name, got, err, c.want, c.err)
		}
		if m.firmware.Pool() != 0 {
			t.Errorf("%s: %d buffers kept", c.name, m.firmware.Pool())
		}
	}
	m := newMachine()
	m.disk(usb(1), llamafile(esp), efi.Success)
	m.devices.NoDMA = true
	if _, err := m.BootDisk(nil); err == nil || !strings.Contains(err.Error(), "no memory for the disk buffer") {
		t.Errorf("without memory: %v", err)
	}
}

// TestPlacement: reads go straight to where the bytes are wanted if the firmware can.
func TestPlacement(t *testing.T) {
	image := make([]byte, 64*driverstest.Block)
	for i := range image {
		image[i] = byte(i >> 9)
	}
	m := newMachine()
	var to []uintptr
	_, media := m.firmware.Disk(efitest.USBNode(1), driverstest.Block, 64, func(lba uint64, addr, n uintptr) efi.Status {
		to = append(to, addr)
		m.devices.Put(uint64(addr), image[lba*driverstest.Block:][:n])
		return efi.Success
	})
	disks, err := m.firmwareDisks()
	if err != nil || len(disks) != 1 {
		t.Fatalf("%d disks, %v", len(disks), err)
	}
	d := disks[0]
	bounce := uintptr(m.bounce.Addr)
	for _, c := range []struct {
		name   string
		n      int
		skew   int
		align  uint32
		bounce bool
	}{
		{"one run", 4096, 0, 0, false},
		{"aligned", 512, 512, 512, false},
		{"not aligned", 512, 512, 4096, true},
		{"scattered", 3 * 4096, 0, 0, true},
	} {
		media.IOAlign = c.align
		d.align = max(uint64(c.align), 1)
		b := m.devices.Alloc(c.n, c.skew)
		to = nil
		if err := d.ReadBlocks(8, b); err != nil || string(b) != string(image[8*512:][:c.n]) {
			t.Errorf("%s: %v, or wrong bytes", c.name, err)
		}
		if len(to) != 1 || (to[0] == bounce) != c.bounce {
			t.Errorf("%s: read to %#x, through the buffer at %#x: want %v", c.name, to, bounce, c.bounce)
		}
	}
	if err := d.ReadBlocks(0, make([]byte, bounceSize+512)); err == nil {
		t.Error("a read of more than the buffer holds was made")
	}
}

// TestNativeDisk: the controller is taken from the firmware, and given back if that fails.
func TestNativeDisk(t *testing.T) {
	node := efitest.PCINode(31, 2)
	at := pci.Address{Device: 31, Function: 2}
	image := func() *driverstest.Disk { return &driverstest.Disk{Image: llamafile(esp), Unit: 3} }
	for _, c := range []struct {
		name      string
		kind      uint16 // of the controller
		disks     []*driverstest.Disk
		prepare   func(m *machine)
		want      string
		connected bool // the firmware has the controller in the end
		warns     string
	}{
		{"SATA", 1, []*driverstest.Disk{{Image: stranger(), Unit: 1}, image()}, nil, "sata1, 0.0 MiB", false, ""},
		{"the firmware's driver is as fast", 2, []*driverstest.Disk{image()}, nil, "firmware disk 0, 0.0 MiB", true, ""},
		{"no driver", 9, nil, nil, "firmware disk 0, 0.0 MiB", true, ""},
		{"a copy on another port", 1, []*driverstest.Disk{{Image: llamafile(esp), Unit: 1}, image()}, nil, "sata1, 0.0 MiB", false, ""},
		{"none on that port", 1, []*driverstest.Disk{{Image: llamafile(esp), Unit: 1}}, nil, "firmware disk 0, 0.0 MiB", true, ""},
		{"unreadable by us", 1, []*driverstest.Disk{{Image: llamafile(esp), Unit: 3, Broken: true}}, nil, "firmware disk 0, 0.0 MiB", true, "medium error"},
		{"the firmware keeps it", 1, []*driverstest.Disk{image()}, func(m *machine) { m.firmware.Fail["DisconnectController"] = efi.AccessDenied },
			"firmware disk 0, 0.0 MiB", true, "does not let go of the disk: the firmware reports denied access"},
		{"our driver fails, and the firmware too", 1, nil, func(m *machine) {
			m.devices.Controllers[at].Err = errors.New("no answer")
			m.firmware.Fail["ConnectController"] = efi.DeviceError
		}, "firmware disk 0, 0.0 MiB", false, "no answer\nthe firmware reports a device error"},
		{"a location out of range", 1, []*driverstest.Disk{image()}, func(m *machine) { m.firmware.Fail["GetLocation"] = efi.InvalidParameter },
			"firmware disk 0, 0.0 MiB", true, ""},
	} {
		m := newMachine()
		m.devices.Controllers[at] = &driverstest.Controller{Device: c.kind, Disks: c.disks}
		controller := m.firmware.PCI(node, 0, 0, 31, 2)
		disk := efitest.Path(node, efitest.SATANode(3))
		m.disk(disk, llamafile(esp), efi.Success)
		m.firmware.LoadedFrom(m.firmware.Handle(efitest.Path(disk, efitest.PartitionNode(1, esp))))
		if c.prepare != nil {
			c.prepare(m)
		}
		var warnings []string
		r, err := m.BootDisk(func(err error) { warnings = append(warnings, err.Error()) })
		if err != nil || r.String() != c.want {
			t.Errorf("%s: %v, %v, want %s", c.name, r, err, c.want)
		}
		if m.firmware.Connected[controller] != c.connected {
			t.Errorf("%s: the firmware has the controller: %v", c.name, m.firmware.Connected[controller])
		}
		all := strings.Join(warnings, "\n")
		if (all == "") != (c.warns == "") || !strings.Contains(all, c.warns) || all != "" && !strings.HasSuffix(all, "; reading through the firmware") {
			t.Errorf("%s: warnings %q, want %q", c.name, all, c.warns)
		}
		taken, returned := strings.HasPrefix(c.want, "sata"), slices.Contains(m.firmware.Calls, "ConnectController")
		for i, d := range c.disks {
			if taken && d.Closed != (d.Unit != 3) || returned && !d.Closed {
				t.Errorf("%s: disk %d is closed: %v", c.name, i, d.Closed)
			}
		}
		m.PowerOff()
		for i, d := range c.disks {
			if taken && !d.Closed {
				t.Errorf("%s: disk %d runs after the machine's end", c.name, i)
			}
		}
	}
}
