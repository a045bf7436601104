package virtioblk

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio"
	"github.com/llamaboot/llamaboot/runtime/metal/virtio/virtiotest"
)

// transports runs a test with each transport.
func transports(t *testing.T, test func(t *testing.T, f *fake)) {
	for _, kind := range virtiotest.Transports {
		t.Run(kind.String(), func(t *testing.T) { test(t, newFake(kind)) })
	}
}

func TestMatch(t *testing.T) {
	if !Match(newFake(virtiotest.Modern).PCI.Function()) || !Match(newFake(virtiotest.Legacy).PCI.Function()) {
		t.Error("block devices not recognised")
	}
	if Match(virtiotest.New(virtiotest.Modern, virtio.Network.ID, 0, 0).PCI.Function()) {
		t.Error("a network card matches")
	}
	f := newFake(virtiotest.MMIO)
	f.ID = virtio.Network.ID
	if _, err := f.open(); !errors.Is(err, virtio.ErrOtherType) {
		t.Errorf("a network card: %v", err)
	}
}

func TestRead(t *testing.T) {
	transports(t, func(t *testing.T, f *fake) {
		d, err := f.open()
		if err != nil {
			t.Fatal(err)
		}
		if d.BlockSize() != 512 || d.Bytes() != 1<<29 || d.Name() != "virtio0" {
			t.Errorf("%s: %d bytes in blocks of %d", d.Name(), d.Bytes(), d.BlockSize())
		}
		for _, b := range [][]byte{f.Machine.Alloc(3<<20+512, 0), f.Machine.Alloc(512, 1024), f.Machine.Alloc(1<<20, 512), make([]byte, 1<<20+1024)} {
			if err := d.ReadBlocks(77, b); err != nil {
				t.Fatal(err)
			}
			if i := blocktest.Wrong(b, 77*512); i >= 0 {
				t.Errorf("byte %d of %d is wrong", i, len(b))
			}
		}
		if err := d.Close(); err != nil || f.Status != 0 || f.onBus() {
			t.Errorf("close: %v, status %#x, bus master %v", err, f.Status, f.onBus())
		}
		if err := d.ReadBlocks(0, make([]byte, 512)); err == nil {
			t.Error("a closed disk reads")
		}
	})
}

// TestRing: the indices run over 65536.
func TestRing(t *testing.T) {
	transports(t, func(t *testing.T, f *fake) {
		d, err := f.open()
		if err != nil {
			t.Fatal(err)
		}
		b := f.Machine.Alloc(512, 0)
		for i := range 66000 {
			if err := d.ReadBlocks(uint64(i), b); err != nil {
				t.Fatal(i, err)
			}
		}
		if i := blocktest.Wrong(b, 65999*512); i >= 0 {
			t.Errorf("byte %d is wrong", i)
		}
	})
}

func TestGeometries(t *testing.T) {
	transports(t, func(t *testing.T, f *fake) {
		for _, g := range []struct {
			block, sizeMax, segMax uint32
			queue                  uint16
		}{{4096, 0, 254, 256}, {512, 4096, 3, 128}, {0, 512, 0, 64}, {512, 0, 1, 4}, {4096, 4096, 1, 8}, {4096, 2048, 2, 1024}} {
			f.block, f.sizeMax, f.segMax, f.Sizes[0] = g.block, g.sizeMax, g.segMax, g.queue
			d, err := f.open()
			if err != nil {
				t.Fatal(g, err)
			}
			b := f.Machine.Alloc(256<<10, 0)
			if err := d.ReadBlocks(3, b); err != nil {
				t.Fatal(g, err)
			}
			if i := blocktest.Wrong(b, 3*uint64(max(g.block, 512))); i >= 0 {
				t.Errorf("%+v: byte %d is wrong", g, i)
			}
			d.Close()
		}
	})
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		legacy bool
		spoil  func(f *fake)
		want   error
	}{
		"no reset":           {false, func(f *fake) { f.NoReset, f.Status = true, 7 }, bus.ErrTimeout},
		"no VERSION_1":       {false, func(f *fake) { f.NoVersion1 = true }, bus.ErrProtocol},
		"features refused":   {false, func(f *fake) { f.Refuse = true }, bus.ErrDevice},
		"no queue":           {true, func(f *fake) { f.Sizes[0] = 0 }, bus.ErrProtocol},
		"odd queue":          {false, func(f *fake) { f.Sizes[0] = 100 }, bus.ErrProtocol},
		"empty disk":         {true, func(f *fake) { f.sectors = 0 }, bus.ErrProtocol},
		"absurd disk":        {false, func(f *fake) { f.sectors = 1<<64 - 1 }, bus.ErrProtocol},
		"absurd blocks":      {false, func(f *fake) { f.block = 1 << 31 }, bus.ErrUnsupported},
		"tiny blocks":        {true, func(f *fake) { f.block = 1 }, bus.ErrUnsupported},
		"blocks too large":   {false, func(f *fake) { f.block, f.sizeMax, f.segMax = 65536, 512, 1 }, bus.ErrUnsupported},
		"segments of 0":      {false, func(f *fake) { f.sizeMax = 1; f.block = 4096 }, bus.ErrUnsupported},
		"capability outside": {false, func(f *fake) { f.Lying = true; le.PutUint32(f.PCI.Space[0x44+8:], 0xfff0) }, nil},
		"common missing":     {false, func(f *fake) { f.PCI.Space[0x44+3] = 9 }, bus.ErrProtocol},
		"short capability":   {false, func(f *fake) { le.PutUint32(f.PCI.Space[0x44+12:], 8) }, bus.ErrProtocol},
		"doorbell outside":   {false, func(f *fake) { f.PCI.Space[0x64+16+2] = 1 }, bus.ErrProtocol},
		"no memory":          {false, func(f *fake) { f.Machine.NoDMA = true }, nil},
		"no address":         {true, func(f *fake) { le.PutUint32(f.PCI.Space[0x10:], 1) }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			kind := virtiotest.Modern
			if c.legacy {
				kind = virtiotest.Legacy
			}
			f := newFake(kind)
			c.spoil(f)
			_, err := f.open()
			if err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("got %v, want %v", err, c.want)
			}
			if f.onBus() {
				t.Error("left on the bus")
			}
			if f.Machine.Slept > time.Minute {
				t.Errorf("took %v", f.Machine.Slept)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(f *fake)
		want  error
		text  string
	}{
		"bad sector":      {func(f *fake) { f.badSectors[1000] = 1000 }, bus.ErrDevice, "IOERR"},
		"never ends":      {func(f *fake) { f.Silent = true }, bus.ErrTimeout, "offset 256000"},
		"unknown request": {func(f *fake) { f.StrangeID = 0xfffffff1 }, bus.ErrProtocol, "descriptor"},
		"too many end":    {func(f *fake) { f.TooMany = true }, bus.ErrProtocol, "requests ended"},
		"strange status":  {func(f *fake) { f.strangeState = 77 }, bus.ErrProtocol, "status 0x4d"},
	} {
		transports(t, func(t *testing.T, f *fake) {
			d, err := f.open()
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(f)
			err = d.ReadBlocks(500, f.Machine.Alloc(1<<20, 0))
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) || !strings.Contains(err.Error(), "disk offset") {
				t.Errorf("%s: got %v", name, err)
			}
			if f.Status != 0 || f.onBus() {
				t.Errorf("%s: left with status %#x, bus master %v", name, f.Status, f.onBus())
			}
			if f.Machine.Slept > time.Minute {
				t.Errorf("%s: took %v", name, f.Machine.Slept)
			}
		})
	}
}

// TestPassingError: an error that goes away when the read is tried again is none.
func TestPassingError(t *testing.T) {
	transports(t, func(t *testing.T, f *fake) {
		d, err := f.open()
		if err != nil {
			t.Fatal(err)
		}
		f.badSectors[100], f.badSectors[1500] = 1, 2
		b := f.Machine.Alloc(1<<20, 0)
		if err := d.ReadBlocks(0, b); err != nil {
			t.Fatal(err)
		}
		if i := blocktest.Wrong(b, 0); i >= 0 {
			t.Errorf("byte %d is wrong", i)
		}
		if f.Resets < 4 {
			t.Errorf("%d resets", f.Resets)
		}
	})
}

// FuzzConfig: whatever a device says about itself, opening and reading end.
func FuzzConfig(f *testing.F) {
	f.Add(uint8(virtiotest.Modern), uint32(512), uint32(0), uint32(254), uint16(256), uint64(1<<20), []byte{})
	f.Add(uint8(virtiotest.Legacy), uint32(4096), uint32(1), uint32(1), uint16(8), uint64(9), []byte{9, 0, 1, 2, 3})
	f.Add(uint8(virtiotest.MMIO), uint32(512), uint32(7), uint32(0), uint16(4), uint64(1<<40), []byte{})
	f.Fuzz(func(t *testing.T, kind uint8, block, sizeMax, segMax uint32, queue uint16, sectors uint64, caps []byte) {
		fake := newFake(virtiotest.Transports[int(kind)%len(virtiotest.Transports)])
		fake.block, fake.sizeMax, fake.segMax, fake.Sizes[0], fake.sectors = block, sizeMax, segMax, queue, sectors
		if fake.Transport == virtiotest.Modern {
			copy(fake.PCI.Space[0x44:], caps)
		}
		fake.Silent, fake.Lying = true, true
		d, err := fake.open()
		if err != nil {
			return
		}
		if err := d.ReadBlocks(0, make([]byte, d.BlockSize())); err == nil {
			t.Error("a silent device was read")
		}
	})
}
