package pci

import (
	"encoding/binary"
	"errors"
	"slices"
	"strings"
	"testing"
)

// fakeFunction is the configuration space of one function.
type fakeFunction struct {
	space [256]byte
	ones  map[uint8]uint32 // what a BAR reads after all ones were written
}

// fakeConfig is a machine's configuration space.
type fakeConfig map[Address]*fakeFunction

func (c fakeConfig) Read(a Address, off uint8) uint32 {
	if f := c[a]; f != nil {
		return binary.LittleEndian.Uint32(f.space[off:])
	}
	return 0xffffffff
}

func (c fakeConfig) Write(a Address, off uint8, v uint32) {
	f := c[a]
	if f == nil {
		return
	}
	if mask, ok := f.ones[off]; ok && v == 0xffffffff {
		if cmd := f.space[regCommand]; cmd&(cmdIO|cmdMemory) != 0 {
			panic("base address changed while the function answers")
		}
		v = mask
	}
	binary.LittleEndian.PutUint32(f.space[off:], v)
}

func (c fakeConfig) add(bus, dev, fn uint8, id, class uint32, header uint8) *fakeFunction {
	f := &fakeFunction{ones: map[uint8]uint32{}}
	binary.LittleEndian.PutUint32(f.space[regID:], id)
	binary.LittleEndian.PutUint32(f.space[regClass:], class<<8|7)
	f.space[regHeader+2] = header
	c[Address{bus, dev, fn}] = f
	return f
}

func (f *fakeFunction) bar(n int, value, ones uint32) {
	binary.LittleEndian.PutUint32(f.space[regBAR+4*n:], value)
	f.ones[uint8(regBAR+4*n)] = ones
}

func TestScan(t *testing.T) {
	c := fakeConfig{}
	c.add(0, 0, 0, 0x29c08086, 0x060000, 0)
	c.add(0, 1, 0, 0x000c1b36, 0x060400, 1) // bridge to bus 1
	c.add(0, 31, 0, 0x29188086, 0x060100, 0x80)
	c.add(0, 31, 2, 0x29228086, 0x010601, 0x80) // function 1 is missing
	c.add(1, 0, 0, 0x10421af4, 0x010000, 0)
	c.add(0, 2, 0, 0x12341234, 0x020000, 0)
	c.add(0, 2, 1, 0x12341234, 0x020000, 0) // ghost of a single-function device
	c.add(200, 3, 0, 0x00101b36, 0x010802, 0)
	c.add(0, 4, 1, 0x12341234, 0x020000, 0) // no function 0
	var got []string
	for _, f := range Scan(c) {
		got = append(got, f.String())
	}
	want := []string{"00:00.0", "00:02.0", "00:1f.0", "00:1f.2", "01:00.0", "c8:03.0"}
	if !slices.Equal(got, want) {
		t.Errorf("found %v, want %v", got, want)
	}
	if f := Scan(c)[3]; f.Vendor != 0x8086 || f.Device != 0x2922 || f.Class != 0x010601 {
		t.Errorf("%v: %04x:%04x class %06x", f, f.Vendor, f.Device, f.Class)
	}
}

func TestBAR(t *testing.T) {
	c := fakeConfig{}
	f := c.add(0, 0, 0, 1, 0x010802, 0)
	f.space[regCommand] = cmdMemory | cmdIO
	f.bar(0, 0x4, 0xffffc004) // 64 bits, above 4 GiB
	f.bar(1, 0x80, 0xffffffff)
	f.bar(2, 0xc001, 0xffffff81)
	f.bar(3, 0xfebf0000, 0xfffff000)
	f.bar(4, 0, 0xfffff000)
	f.bar(5, 0xfeb00004, 0xfffff004)
	fn := Scan(c)[0]
	for n, want := range map[int]BAR{
		0: {Addr: 0x80_0000_0000, Size: 0x4000},
		2: {IO: true, Addr: 0xc000, Size: 128},
		3: {Addr: 0xfebf0000, Size: 0x1000},
	} {
		if got, err := fn.BAR(n); err != nil || got != want {
			t.Errorf("BAR %d: %+v, %v; want %+v", n, got, err, want)
		}
	}
	for _, n := range []int{-1, 4, 5, 6} {
		if got, err := fn.BAR(n); !errors.Is(err, ErrNoBAR) {
			t.Errorf("BAR %d: %+v, %v; want an error", n, got, err)
		}
	}
	if got := binary.LittleEndian.Uint32(f.space[regBAR:]); got != 4 {
		t.Errorf("probing left %#x in register 0", got)
	}
	if f.space[regCommand] != cmdMemory|cmdIO {
		t.Errorf("probing left command %#x", f.space[regCommand])
	}
}

func TestEnableQuietRestore(t *testing.T) {
	c := fakeConfig{}
	f := c.add(0, 0, 0, 1, 0x010802, 0)
	command := func() uint32 { return binary.LittleEndian.Uint32(f.space[regCommand:]) }
	binary.LittleEndian.PutUint32(f.space[regCommand:], 0xf9000003)
	fn := Scan(c)[0]
	fn.Enable()
	fn.Enable()
	if got := command(); got != cmdIO|cmdMemory|cmdMaster|cmdNoINTx {
		t.Errorf("enabled: command %#x; writing status bits back would clear them", got)
	}
	fn.Quiet()
	if command()&cmdMaster != 0 {
		t.Error("still master when quiet")
	}
	fn.Restore()
	if got := command(); got != 3 {
		t.Errorf("restored: command %#x, want 3", got)
	}
}

func TestCapabilities(t *testing.T) {
	c := fakeConfig{}
	f := c.add(0, 0, 0, 1, 0, 0)
	put := func(off, id, next uint8) { f.space[off], f.space[off+1] = id, next }
	f.space[regCapability] = 0x40
	put(0x40, 9, 0x52) // the low two bits are reserved
	put(0x50, 17, 0x60)
	put(0x60, 9, 0x40) // a circle
	fn := Scan(c)[0]
	if got := fn.Capabilities(9); got != nil {
		t.Errorf("capabilities %x without the status bit", got)
	}
	f.space[regCommand+2] = statusCaps >> 16
	got := fn.Capabilities(9)
	if len(got) < 2 || got[0] != 0x40 || got[1] != 0x60 || len(got) > maxCapabilities {
		t.Errorf("capabilities %x", got)
	}
	put(0x60, 9, 0x10) // into the header
	if got := fn.Capabilities(9); !slices.Equal(got, []uint8{0x40, 0x60}) {
		t.Errorf("capabilities %x", got)
	}
}

// FuzzFunction: whatever configuration space says, nothing runs away.
func FuzzFunction(f *testing.F) {
	f.Add([]byte(strings.Repeat("\x40", 256)))
	f.Add(make([]byte, 256))
	f.Fuzz(func(t *testing.T, b []byte) {
		c := fakeConfig{}
		fake := c.add(0, 0, 0, 1, 0, 0)
		copy(fake.space[regCommand:], b)
		fake.space[regHeader+2] = 0
		for _, fn := range Scan(c) {
			fn.Enable()
			for n := range 6 {
				if bar, err := fn.BAR(n); err == nil && (bar.Size == 0 || bar.Addr == 0) {
					t.Errorf("BAR %d: %+v", n, bar)
				}
			}
			if len(fn.Capabilities(9)) > maxCapabilities {
				t.Error("too many capabilities")
			}
			fn.Restore()
		}
	})
}
