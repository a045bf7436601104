package nvme

import (
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// quiet checks that the controller is disabled and off the bus.
func quiet(t *testing.T, f *fake) {
	t.Helper()
	if f.regs[regCC]&ccEnable != 0 || f.config.Master() {
		t.Errorf("left with configuration %#x, bus master %v", f.regs[regCC], f.config.Master())
	}
}

func TestRead(t *testing.T) {
	for _, mdts := range []byte{0, 1, 5, 200} {
		f := newFake()
		f.id[77] = mdts
		f.cap |= 1 << 32 // doorbells every 8 bytes
		disks, err := f.open()
		if err != nil || len(disks) != 2 {
			t.Fatalf("%d disks, %v", len(disks), err)
		}
		for i, want := range []string{"nvme3", "nvme4"} {
			d, block := disks[i], []int{512, 4096}[i]
			if d.Name() != want || d.BlockSize() != block || d.Bytes() != uint64(block)<<30 {
				t.Errorf("%s: blocks of %d, %d bytes", d.Name(), d.BlockSize(), d.Bytes())
			}
			for _, b := range [][]byte{f.m.Alloc(3<<20, 0), f.m.Alloc(4096, 1024), f.m.Alloc(1<<20, 4), f.m.Alloc(12<<10, 2), make([]byte, 3<<20)} {
				if err := d.ReadBlocks(77, b); err != nil {
					t.Fatal(err)
				}
				if i := blocktest.Wrong(b, 77*uint64(block)); i >= 0 {
					t.Errorf("byte %d of %d is wrong", i, len(b))
				}
			}
		}
		if err := disks[0].Close(); err != nil || !f.config.Master() {
			t.Errorf("a namespace closed (%v), the other is off the bus", err)
		}
		if err := disks[1].Close(); err != nil {
			t.Error(err)
		}
		quiet(t, f)
		if f.regs[regCSTS]&cstsShutMask != cstsShutDone {
			t.Error("not shut down")
		}
	}
}

func TestOldController(t *testing.T) {
	f := newFake()
	f.noList = true
	f.cap = f.cap&^0xffff | 1 // queues of two entries
	disks, err := f.open()
	if err != nil || len(disks) != 1 {
		t.Fatalf("%d disks, %v", len(disks), err)
	}
	b := f.m.Alloc(1<<20, 0)
	if err := disks[0].ReadBlocks(5, b); err != nil || blocktest.Wrong(b, 5*512) >= 0 {
		t.Errorf("%v, byte %d is wrong", err, blocktest.Wrong(b, 5*512))
	}
}

func TestOpenRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(f *fake)
		want  error
		disks int
	}{
		"gone":              {func(f *fake) { f.cap = 1<<64 - 1 }, bus.ErrDevice, 0},
		"large pages":       {func(f *fake) { f.cap |= 1 << 48 }, bus.ErrUnsupported, 0},
		"no NVM commands":   {func(f *fake) { f.cap &^= 1 << 37 }, bus.ErrUnsupported, 0},
		"queues of one":     {func(f *fake) { f.cap &^= 0xffff }, bus.ErrProtocol, 0},
		"doorbells outside": {func(f *fake) { f.cap |= 15 << 32 }, bus.ErrProtocol, 0},
		"never ready":       {func(f *fake) { f.neverReady = true; f.regs[regCSTS] = 0 }, bus.ErrTimeout, 0},
		"fatal":             {func(f *fake) { f.fatal = true; f.regs[regCC] = 0 }, bus.ErrDevice, 0},
		"never off":         {func(f *fake) { f.neverOff = true }, bus.ErrTimeout, 0},
		"silent":            {func(f *fake) { f.silent = true }, bus.ErrTimeout, 0},
		"no queues":         {func(f *fake) { f.refuse = adminCreateSQ }, bus.ErrDevice, 0},
		"no identification": {func(f *fake) { f.refuse = adminIdentify }, bus.ErrDevice, 0},
		"empty namespace":   {func(f *fake) { le.PutUint64(f.ns[1][:], 0) }, bus.ErrProtocol, 1},
		"absurd namespace":  {func(f *fake) { le.PutUint64(f.ns[7][:], 1<<63) }, bus.ErrProtocol, 1},
		"blocks of 1":       {func(f *fake) { f.ns[1][128+4*2+2] = 0 }, bus.ErrUnsupported, 1},
		"blocks of 2^200":   {func(f *fake) { f.ns[7][128+4*2+2] = 200 }, bus.ErrUnsupported, 1},
		"metadata":          {func(f *fake) { f.ns[1][128+4*2] = 8; f.ns[1][26] |= 16 }, bus.ErrUnsupported, 1},
		"no memory":         {func(f *fake) { f.m.NoDMA = true }, nil, 0},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			c.spoil(f)
			disks, err := f.open()
			if len(disks) != c.disks || err == nil || c.want != nil && !errors.Is(err, c.want) {
				t.Errorf("%d disks and %v, want %d and %v", len(disks), err, c.disks, c.want)
			}
			for _, d := range disks {
				d.Close()
			}
			if c.want != bus.ErrUnsupported && c.want != bus.ErrProtocol || c.disks > 0 {
				if f.config.Master() {
					t.Error("left on the bus")
				}
			}
			if f.m.Slept > time.Minute {
				t.Errorf("took %v", f.m.Slept)
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
		"bad block":       {func(f *fake) { f.bad[1000] = 1000 }, bus.ErrDevice, "type 2 code 0x81"},
		"never ends":      {func(f *fake) { f.silentIO = true }, bus.ErrTimeout, "does not answer"},
		"unknown request": {func(f *fake) { f.strangeID = true }, bus.ErrProtocol, "not made"},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			disks, err := f.open()
			if err != nil {
				t.Fatal(err)
			}
			c.spoil(f)
			b := f.m.Alloc(2<<20, 0)
			err = disks[0].ReadBlocks(500, b)
			if !errors.Is(err, c.want) || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v", err)
			}
			if at := (*block.ReadError)(nil); name == "bad block" && (!errors.As(err, &at) || at.Offset > 512000 || at.Offset+uint64(at.Bytes) <= 512000) {
				t.Errorf("got %v, want it around offset 512000", err)
			}
			if len(f.wait) != 0 {
				t.Errorf("%d reads still in flight into memory that is not ours", len(f.wait))
			}
			*f = fake{m: f.m, config: f.config, cap: f.cap, regs: f.regs, size: f.size, tails: f.tails, queues: f.queues, id: f.id, ns: f.ns}
			f.m.Step = f.step
			if err := disks[1].ReadBlocks(0, b[:4096]); err != nil || blocktest.Wrong(b[:4096], 0) >= 0 {
				t.Errorf("the other namespace: %v", err)
			}
			if err := disks[1].Close(); err != nil {
				t.Error(err)
			}
			quiet(t, f)
			if f.m.Slept > time.Minute {
				t.Errorf("took %v", f.m.Slept)
			}
		})
	}
}

func TestPassingError(t *testing.T) {
	f := newFake()
	disks, err := f.open()
	if err != nil {
		t.Fatal(err)
	}
	f.bad[100], f.bad[1500] = 1, 1
	b := f.m.Alloc(1<<20, 0)
	if err := disks[0].ReadBlocks(0, b); err != nil {
		t.Fatal(err)
	}
	if i := blocktest.Wrong(b, 0); i >= 0 {
		t.Errorf("byte %d is wrong", i)
	}
	if f.resets < 2 {
		t.Errorf("%d resets", f.resets)
	}
}

// FuzzIdentify: no structure of a controller or namespace leads astray.
func FuzzIdentify(f *testing.F) {
	f.Add(uint64(1023|1<<37), []byte{5}, make([]byte, 200))
	f.Fuzz(func(t *testing.T, cap uint64, mdts, ns []byte) {
		fake := newFake()
		fake.cap = cap &^ (0xff << 24)
		copy(fake.id[77:], mdts)
		copy(fake.ns[1][:], ns)
		disks, _ := fake.open()
		for _, d := range disks {
			if n := d.BlockSize(); n < 512 || n > 65536 {
				t.Errorf("blocks of %d", n)
			}
			if err := d.Close(); err != nil {
				t.Error(err)
			}
		}
		if fake.config.Master() {
			t.Error("left on the bus")
		}
	})
}
