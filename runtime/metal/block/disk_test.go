package block_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/block/blocktest"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
)

// fake is a controller that ends the youngest request first, one at every step.
type fake struct {
	m          *bustest.Machine
	block      uint64
	limits     block.Limits
	flying     []flight
	ended      []int
	most       int // requests in flight at one time
	requests   int
	recoveries int
	closed     bool

	// What goes wrong.
	silent    bool
	lost      int // a request that never ends, by count
	bad       map[uint64]int
	blameless bool // errors do not say which request
	wrongSlot bool
	noCure    bool
}

type flight struct {
	slot, number int
	lba          uint64
	to           []bus.Segment
}

func newFake() *fake {
	f := &fake{m: bustest.New(16 << 20), block: 512, bad: map[uint64]int{}, lost: -1, limits: block.Limits{Slots: 4, Bytes: 64 << 10}}
	f.m.Step = f.step
	return f
}

func (f *fake) disk(t testing.TB) *block.Disk {
	t.Helper()
	d, err := block.NewDisk(block.Geometry{Name: "fake0", Block: int(f.block), Blocks: 1 << 20}, f.m, f, f.limits)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func (f *fake) Submit(slot int, lba uint64, blocks int, to []bus.Segment) error {
	n := 0
	for _, s := range to {
		n += s.N
		if f.limits.SegmentBytes != 0 && s.N > f.limits.SegmentBytes || f.limits.Align != 0 && s.Addr%f.limits.Align != 0 ||
			f.limits.MaxAddr != 0 && s.Addr+uint64(s.N)-1 > f.limits.MaxAddr || s.N == 0 {
			panic(fmt.Sprintf("segment %+v against limits %+v", s, f.limits))
		}
	}
	if n != blocks*int(f.block) || n > f.limits.Bytes || f.limits.Segments != 0 && len(to) > f.limits.Segments {
		panic(fmt.Sprintf("%d bytes in %d segments for %d blocks", n, len(to), blocks))
	}
	for _, x := range f.flying {
		if x.slot == slot {
			panic("slot in use")
		}
	}
	f.flying = append(f.flying, flight{slot, f.requests, lba, append([]bus.Segment(nil), to...)})
	f.requests++
	f.most = max(f.most, len(f.flying))
	return nil
}

func (f *fake) step() {
	if f.silent {
		return
	}
	for i := len(f.flying) - 1; i >= 0; i-- {
		x := f.flying[i]
		if x.number == f.lost {
			continue
		}
		f.flying = append(f.flying[:i], f.flying[i+1:]...)
		f.ended = append(f.ended, x.slot)
		off := x.lba * f.block
		for _, s := range x.to {
			for k := off / f.block; k <= (off+uint64(s.N)-1)/f.block; k++ {
				if f.bad[k] > 0 {
					f.bad[k]--
					f.ended[len(f.ended)-1] = -2 - x.slot
					return
				}
			}
			b := make([]byte, s.N)
			blocktest.Fill(b, off)
			f.m.Put(s.Addr, b)
			off += uint64(s.N)
		}
		return
	}
}

func (f *fake) Poll() (int, error) {
	if len(f.ended) == 0 {
		return -1, nil
	}
	slot := f.ended[0]
	f.ended = f.ended[1:]
	if slot <= -2 {
		slot = -2 - slot
		if f.blameless {
			slot = -1
		}
		return slot, bus.ErrDevice
	}
	if f.wrongSlot {
		slot += 100
	}
	return slot, nil
}

func (f *fake) Recover() error {
	f.recoveries++
	f.flying, f.ended = nil, nil
	if f.noCure {
		return errors.New("beyond recovery")
	}
	return nil
}

func (f *fake) Close() error {
	f.closed = true
	f.flying = nil
	return nil
}

var (
	_ block.Device = (*block.Disk)(nil)
	_ block.Device = (*blocktest.Memory)(nil)
)

func TestReadBlocks(t *testing.T) {
	for name, l := range map[string]block.Limits{
		"plain":          {Slots: 4, Bytes: 64 << 10},
		"one at a time":  {Slots: 1, Bytes: 4096},
		"few segments":   {Slots: 4, Bytes: 64 << 10, Segments: 2},
		"small segments": {Slots: 3, Bytes: 64 << 10, Segments: 9, SegmentBytes: 512},
		"odd segments":   {Slots: 3, Bytes: 64 << 10, Segments: 7, SegmentBytes: 700},
		"aligned":        {Slots: 16, Bytes: 64 << 10, Align: 64},
		"below 4 GiB":    {Slots: 16, Bytes: 1 << 20, MaxAddr: 1<<32 - 1},
		"many":           {Slots: 32, Bytes: 4096},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			f.limits = l
			d := f.disk(t)
			for _, b := range [][]byte{f.m.Alloc(1<<20, 0), f.m.Alloc(512, 100), f.m.Alloc(100<<10, 512), f.m.Alloc(64<<10, 4095), make([]byte, 300<<10), nil} {
				guard := append([]byte(nil), b...)
				if err := d.ReadBlocks(33, b); err != nil {
					t.Fatal(err)
				}
				if i := blocktest.Wrong(b, 33*512); i >= 0 {
					t.Fatalf("byte %d of %d is wrong (was %d)", i, len(b), guard[i])
				}
			}
			if f.most < min(l.Slots, 4) {
				t.Errorf("at most %d requests in flight", f.most)
			}
		})
	}
}

func TestEnds(t *testing.T) {
	f := newFake()
	d := f.disk(t)
	b := f.m.Alloc(4096, 0)
	if err := d.ReadBlocks(1<<20-8, b); err != nil || blocktest.Wrong(b, (1<<20-8)*512) >= 0 {
		t.Errorf("the last blocks: %v", err)
	}
	for _, c := range []struct {
		lba uint64
		n   int
	}{{1<<20 - 7, 4096}, {1 << 20, 512}, {1<<64 - 1, 1024}, {0, 511}} {
		if err := d.ReadBlocks(c.lba, b[:c.n]); err == nil {
			t.Errorf("%d bytes at block %d: no error", c.n, c.lba)
		}
	}
	if f.closed || f.requests != 1 {
		t.Errorf("closed %v after %d requests: a mistake of ours is no reason", f.closed, f.requests)
	}
}

func TestErrors(t *testing.T) {
	for name, c := range map[string]struct {
		spoil  func(f *fake)
		want   error
		offset uint64 // a byte the error must cover
	}{
		"bad block":            {func(f *fake) { f.bad[700] = 99 }, bus.ErrDevice, 700 * 512},
		"bad block, not named": {func(f *fake) { f.bad[700], f.blameless = 99, true }, bus.ErrDevice, 700 * 512},
		"silent":               {func(f *fake) { f.silent = true }, bus.ErrTimeout, 100 * 512},
		"one lost":             {func(f *fake) { f.lost = 9 }, bus.ErrTimeout, 100*512 + 9*64<<10},
		"wrong slot":           {func(f *fake) { f.wrongSlot = true }, bus.ErrProtocol, 0},
		"no cure":              {func(f *fake) { f.bad[200], f.noCure = 1, true }, bus.ErrDevice, 200 * 512},
	} {
		t.Run(name, func(t *testing.T) {
			f := newFake()
			c.spoil(f)
			d := f.disk(t)
			err := d.ReadBlocks(100, f.m.Alloc(2<<20, 0))
			if !errors.Is(err, c.want) {
				t.Fatalf("got %v, want %v", err, c.want)
			}
			if at := (*block.ReadError)(nil); c.offset != 0 && (!errors.As(err, &at) || c.offset < at.Offset || c.offset >= at.Offset+uint64(at.Bytes)) {
				t.Errorf("%v: does not name offset %d", err, c.offset)
			}
			if !f.closed {
				t.Error("the device was not stopped")
			}
			touched := f.m.Touched
			if err := d.ReadBlocks(0, f.m.Alloc(512, 0)); err == nil || f.m.Touched != touched {
				t.Errorf("a closed disk reads: %v", err)
			}
			if f.m.Slept > time.Minute {
				t.Errorf("took %v", f.m.Slept)
			}
		})
	}
}

// TestPassingErrors: what the second try reads is no error, and the bytes are
// right.
func TestPassingErrors(t *testing.T) {
	for _, blameless := range []bool{false, true} {
		f := newFake()
		f.blameless = blameless
		f.bad[0], f.bad[150], f.bad[1000] = 1, 1, 1
		b := f.m.Alloc(1<<20, 0)
		if err := f.disk(t).ReadBlocks(0, b); err != nil {
			t.Fatal(err)
		}
		if i := blocktest.Wrong(b, 0); i >= 0 {
			t.Errorf("byte %d is wrong", i)
		}
		if f.recoveries == 0 || f.closed {
			t.Errorf("%d recoveries, closed %v", f.recoveries, f.closed)
		}
	}
}

func TestNewDiskRefuses(t *testing.T) {
	good := block.Geometry{Name: "x", Block: 512, Blocks: 8}
	limits := block.Limits{Slots: 1, Bytes: 4096}
	for name, c := range map[string]struct {
		g    block.Geometry
		l    block.Limits
		want error
	}{
		"no blocks":        {block.Geometry{Block: 512}, limits, bus.ErrProtocol},
		"too many blocks":  {block.Geometry{Block: 512, Blocks: 1 << 60}, limits, bus.ErrProtocol},
		"block of 0":       {block.Geometry{Blocks: 8}, limits, bus.ErrUnsupported},
		"block of 520":     {block.Geometry{Block: 520, Blocks: 8}, limits, bus.ErrUnsupported},
		"block of 128 KiB": {block.Geometry{Block: 128 << 10, Blocks: 8}, limits, bus.ErrUnsupported},
		"no slots":         {good, block.Limits{Bytes: 4096}, bus.ErrUnsupported},
		"no bytes":         {good, block.Limits{Slots: 1, Bytes: 511}, bus.ErrUnsupported},
		"no segments":      {good, block.Limits{Slots: 1, Bytes: 4096, Segments: -1}, bus.ErrUnsupported},
		"tiny segments":    {good, block.Limits{Slots: 1, Bytes: 4096, Segments: 3, SegmentBytes: 100}, bus.ErrUnsupported},
	} {
		if _, err := block.NewDisk(c.g, nil, nil, c.l); !errors.Is(err, c.want) {
			t.Errorf("%s: got %v, want %v", name, err, c.want)
		}
	}
}

func TestNoBuffer(t *testing.T) {
	f := newFake()
	f.m.NoDMA = true
	if err := f.disk(t).ReadBlocks(0, make([]byte, 512)); err == nil || !strings.Contains(err.Error(), "no memory") {
		t.Errorf("got %v", err)
	}
}
