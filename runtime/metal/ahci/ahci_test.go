package ahci

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// restored checks that everything is as the firmware left it.
func restored(t *testing.T, f *fake) {
	t.Helper()
	for n, p := range f.ports {
		if p.reg[pxCLB] != firmwareCLB || p.reg[pxFB] != firmwareFB || p.reg[pxCLBU] != 0 || p.reg[pxFBU] != 0 || p.reg[pxIE] != 0xf {
			t.Errorf("port %d: list %#x, received %#x, interrupts %#x", n, p.reg[pxCLB], p.reg[pxFB], p.reg[pxIE])
		}
		if cmd := p.reg[pxCMD]; cmd&(cmdStart|cmdReceive) != cmdStart|cmdReceive || cmd&7&^cmdStart != 6 {
			t.Errorf("port %d: command %#x", n, cmd)
		}
	}
	if f.regs[regGHC] != ghcEnable|ghcInterrupts {
		t.Errorf("host control %#x", f.regs[regGHC])
	}
	if f.config.Space[4] != 7 || f.config.Space[5] != 0 {
		t.Errorf("PCI command %x", f.config.Space[4:6])
	}
}

func TestRead(t *testing.T) {
	f := newFake()
	f.ports[4].block = 4096
	le.PutUint16(f.ports[4].id[2*106:], 1<<14|1<<12)
	le.PutUint32(f.ports[4].id[2*117:], 2048)
	f.ports[4].noCount = true
	disks, err := f.open()
	if err != nil || len(disks) != 2 {
		t.Fatalf("%d disks, %v", len(disks), err)
	}
	for i, want := range []string{"sata0", "sata1"} {
		d := disks[i]
		block := []int{512, 4096}[i]
		if d.Name() != want || d.BlockSize() != block || d.Bytes() != uint64(block)<<30 {
			t.Errorf("%s: blocks of %d, %d bytes", d.Name(), d.BlockSize(), d.Bytes())
		}
		for _, b := range [][]byte{f.m.Alloc(3<<20, 0), f.m.Alloc(4096, 1024), f.m.Alloc(1<<20, 2), f.m.Alloc(1<<20, 1), make([]byte, 5<<20)} {
			if err := d.ReadBlocks(77, b); err != nil {
				t.Fatal(err)
			}
			if i := blocktest.Wrong(b, 77*uint64(block)); i >= 0 {
				t.Errorf("byte %d of %d is wrong", i, len(b))
			}
		}
	}
	far := f.m.Alloc(4096, 0)
	if err := disks[0].ReadBlocks(1<<30-8, far); err != nil || blocktest.Wrong(far, (1<<30-8)*512) >= 0 {
		t.Errorf("far away: %v", err)
	}
	if disks[0].Close() != nil || !f.config.Master() {
		t.Error("a disk closed, the other is off the bus")
	}
	if err := disks[1].Close(); err != nil {
		t.Error(err)
	}
	restored(t, f)
}

// Test32Bit: a controller that reaches 4 GiB only reads through the buffer.
func Test32Bit(t *testing.T) {
	f := newFake()
	f.caps &^= cap64
	disks, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	b := f.m.Alloc(2<<20, 0) // the model's pages lie above
	if err := disks[0].ReadBlocks(9, b); err != nil {
		t.Fatal(err)
	}
	if i := blocktest.Wrong(b, 9*512); i >= 0 {
		t.Errorf("byte %d is wrong", i)
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(f *fake, p *fakePort)
		want  error
		disks int
	}{
		"handoff refused":   {func(f *fake, p *fakePort) { f.owner, f.firmwareHolds = bohcBIOS, true }, bus.ErrTimeout, 0},
		"no AHCI mode":      {func(f *fake, p *fakePort) { f.noAE = true }, bus.ErrTimeout, 0},
		"list runs on":      {func(f *fake, p *fakePort) { p.stuck = true }, bus.ErrTimeout, 1},
		"no answer":         {func(f *fake, p *fakePort) { p.silent = true }, bus.ErrTimeout, 1},
		"28-bit disk":       {func(f *fake, p *fakePort) { le.PutUint16(p.id[2*83:], 1<<14) }, bus.ErrUnsupported, 1},
		"empty data":        {func(f *fake, p *fakePort) { clear(p.id[:]) }, bus.ErrUnsupported, 1},
		"no sectors":        {func(f *fake, p *fakePort) { le.PutUint64(p.id[200:], 0) }, bus.ErrProtocol, 1},
		"absurd sectors":    {func(f *fake, p *fakePort) { le.PutUint64(p.id[200:], 1<<63) }, bus.ErrProtocol, 1},
		"absurd size":       {func(f *fake, p *fakePort) { le.PutUint16(p.id[212:], 1<<14|1<<12); le.PutUint32(p.id[234:], 1<<31) }, bus.ErrUnsupported, 1},
		"tiny size":         {func(f *fake, p *fakePort) { le.PutUint16(p.id[212:], 1<<14|1<<12); le.PutUint32(p.id[234:], 1) }, bus.ErrUnsupported, 1},
		"no memory":         {func(f *fake, p *fakePort) { f.m.NoDMA = true }, nil, 0},
		"registers too few": {func(f *fake, p *fakePort) { f.size = portsStart + portSize }, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			c.spoil(f, f.ports[1])
			disks, err := f.open()
			if len(disks) != c.disks || (err == nil) != (name == "registers too few") || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%d disks and %v, want %d and %v", len(disks), err, c.disks, c.want)
			}
			for _, d := range disks {
				d.Close()
			}
			if !f.noAE && !f.ports[1].stuck {
				restored(t, f)
			}
			if f.m.Slept > time.Minute {
				t.Errorf("took %v", f.m.Slept)
			}
		})
	}
}

func TestReadErrors(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(p *fakePort)
		want  error
		text  string
	}{
		"bad sector":   {func(p *fakePort) { p.bad[1000] = 1000 }, bus.ErrDevice, "ATA status 0x51, error 0x40"},
		"sticky error": {func(p *fakePort) { p.bad[600], p.stickyBusy = 1000, true }, bus.ErrDevice, "0xd1"},
		"never ends":   {func(p *fakePort) { p.silent = true }, bus.ErrTimeout, "not"},
		"half":         {func(p *fakePort) { p.half = true }, bus.ErrDevice, "bytes came"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			disks, err := f.open()
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(f.ports[1])
			err = disks[0].ReadBlocks(500, f.m.Alloc(1<<20, 0))
			var at *block.ReadError
			if !errors.Is(err, c.want) || name != "never ends" && !strings.Contains(err.Error(), c.text) || !errors.As(err, &at) {
				t.Fatalf("got %v", err)
			}
			if name == "bad sector" && (at.Offset > 1000*512 || at.Offset+uint64(at.Bytes) <= 1000*512) {
				t.Errorf("error at %d, %d bytes, want around %d", at.Offset, at.Bytes, 1000*512)
			}
			if f.m.Slept > time.Minute {
				t.Errorf("took %v", f.m.Slept)
			}
			f.ports[1].silent = false
			disks[1].Close()
			restored(t, f)
		})
	}
}

// TestPassingError: errors that go away when the read is repeated are none.
func TestPassingError(t *testing.T) {
	for _, sticky := range []bool{false, true} {
		f := newFake()
		disks, err := f.open()
		if err != nil {
			t.Fatal(err)
		}
		p := f.ports[1]
		p.bad[100], p.bad[1500], p.stickyBusy = 1, 1, sticky
		b := f.m.Alloc(1<<20, 0)
		if err := disks[0].ReadBlocks(0, b); err != nil {
			t.Fatal(err)
		}
		if i := blocktest.Wrong(b, 0); i >= 0 {
			t.Errorf("byte %d is wrong", i)
		}
	}
}

// FuzzIdentify: no IDENTIFY DEVICE data lead astray.
func FuzzIdentify(f *testing.F) {
	good := newFake().ports[1].id
	f.Add(good[:])
	f.Add(make([]byte, 512))
	f.Fuzz(func(t *testing.T, b []byte) {
		fake := newFake()
		copy(fake.ports[1].id[:], b)
		disks, _ := fake.open()
		for _, d := range disks {
			if n := d.BlockSize(); n < 512 || n > 65536 {
				t.Errorf("blocks of %d", n)
			}
			d.Close()
		}
		restored(t, fake)
	})
}
