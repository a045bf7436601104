package disk

import (
	"bytes"
	"encoding/binary"
	"errors"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
)

// fakeBIOS is INT 13h over bytes in memory.
type fakeBIOS struct {
	data         []byte
	low          []byte
	seg          uint16
	heads, track int // geometry of function 08h
	cap          int // blocks of a read above which it fails
	bad          int // block that fails
	failures     int // reads that fail before one works
	reads        []int
	resets       int
}

func (f *fakeBIOS) call(r *Regs) {
	fail := func(code uint32) { r.Carry, r.EAX = true, code<<8 }
	if r.EDX&0xff != 0x81 {
		fail(1)
		return
	}
	le := binary.LittleEndian
	switch r.EAX >> 8 & 0xff {
	case 0x00:
		f.resets++
	case 0x08:
		r.ECX, r.EDX = 0xff00|0xc0|uint32(f.track), uint32(f.heads-1)<<8
	case 0x42:
		p := f.low[:16]
		if r.DS != f.seg || p[0] != 16 || le.Uint16(p[6:]) != f.seg {
			fail(1)
			return
		}
		f.read(r, fail, int(le.Uint64(p[8:])), int(le.Uint16(p[2:])), int(le.Uint16(p[4:])))
	case 0x02:
		c, h, s := int(r.ECX>>8&0xff|r.ECX<<2&0x300), int(r.EDX>>8), int(r.ECX&0x3f)
		n := int(r.EAX & 0xff)
		if h >= f.heads || s < 1 || s-1+n > f.track || r.ES != f.seg {
			fail(4)
			return
		}
		f.read(r, fail, (c*f.heads+h)*f.track+s-1, n, int(r.EBX))
	default:
		fail(1)
	}
}

func (f *fakeBIOS) read(r *Regs, fail func(uint32), lba, n, off int) {
	f.reads = append(f.reads, n)
	const block = 512
	switch {
	case f.failures > 0:
		f.failures--
		fail(0x80)
	case f.cap != 0 && n > f.cap:
		fail(0x0c)
	case f.bad != 0 && lba <= f.bad && f.bad < lba+n, (lba+n)*block > len(f.data):
		fail(0x10)
	default:
		copy(f.low[off:], f.data[lba*block:(lba+n)*block])
	}
}

func newFakeBIOS(n int) *fakeBIOS {
	f := &fakeBIOS{data: make([]byte, n), low: make([]byte, 0x10000), seg: 0x1000, heads: 16, track: 63}
	for i := range f.data {
		f.data[i] = byte(i>>9 ^ i)
	}
	return f
}

func TestBIOS(t *testing.T) {
	for name, test := range map[string]struct {
		change func(*fakeBIOS)
		ext    bool
	}{
		"extensions":       {func(f *fakeBIOS) {}, true},
		"few at a time":    {func(f *fakeBIOS) { f.cap = 3 }, true},
		"one at a time":    {func(f *fakeBIOS) { f.cap = 1 }, true},
		"transient errors": {func(f *fakeBIOS) { f.failures = 4 }, true},
		"CHS":              {func(f *fakeBIOS) {}, false},
		"CHS, one a time":  {func(f *fakeBIOS) { f.cap = 1 }, false},
		"CHS, odd drive":   {func(f *fakeBIOS) { f.heads, f.track = 255, 17 }, false},
	} {
		f := newFakeBIOS(1 << 20)
		test.change(f)
		d, err := NewBIOS(0x81, test.ext, f.low, f.seg, f.call)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		for _, span := range [][2]int{{0, 1 << 20}, {5, 3}, {511, 66000}, {4096, 4096}} {
			got := make([]byte, span[1])
			if _, err := NewReader(block.Patient(d, d.Reset), int64(len(f.data))).ReadAt(got, int64(span[0])); err != nil || !bytes.Equal(got, f.data[span[0]:span[0]+span[1]]) {
				t.Errorf("%s: %d bytes at %d: %v, right %v", name, span[1], span[0], err, bytes.Equal(got, f.data[span[0]:span[0]+span[1]]))
			}
		}
		for _, n := range f.reads {
			if n*512 > biosBytes {
				t.Errorf("%s: a read of %d blocks", name, n)
			}
		}
	}
}

func TestBIOSErrors(t *testing.T) {
	f := newFakeBIOS(1 << 20)
	f.bad = 100
	d, err := NewBIOS(0x81, true, f.low, f.seg, f.call)
	if err != nil {
		t.Fatal(err)
	}
	got := make([]byte, 64<<10)
	n, err := NewReader(block.Patient(d, d.Reset), 1<<20).ReadAt(got, 32<<10)
	if !errors.Is(err, ErrBIOS) || !strings.Contains(err.Error(), "512 bytes at disk offset 51200: INT 13h failed with status 0x10, unreadable sector") {
		t.Errorf("%d bytes, %v", n, err)
	}
	if f.resets < 2 {
		t.Errorf("%d resets, want one between two of the three tries", f.resets)
	}
	if _, err := NewBIOS(0x80, false, f.low, f.seg, f.call); !errors.Is(err, ErrBIOS) {
		t.Errorf("a drive that is not there: %v", err)
	}
	if _, err := NewBIOS(0x81, true, make([]byte, 1024), f.seg, f.call); err == nil {
		t.Error("accepted 1024 bytes of low memory")
	}
	f.track = 0
	if _, err := NewBIOS(0x81, false, f.low, f.seg, f.call); err == nil || !strings.Contains(err.Error(), "tracks of 0 sectors") {
		t.Errorf("no sectors: %v", err)
	}
	f.track = 63
	d, err = NewBIOS(0x81, false, f.low, f.seg, f.call)
	if err != nil {
		t.Fatal(err)
	}
	if err := d.ReadBlocks(1024*16*63, make([]byte, 512)); !errors.Is(err, ErrBIOS) || !strings.Contains(err.Error(), "cylinder 1023") {
		t.Errorf("behind the last cylinder: %v", err)
	}
}
