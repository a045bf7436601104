package port_test

import (
	"slices"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/port"
	"github.com/llamaboot/llamaboot/runtime/metal/port/porttest"
)

func TestPCI(t *testing.T) {
	s := porttest.New()
	var address, data uint32
	s.Register(0xcf8, &address)
	s.Register(0xcfc, &data)
	c := port.PCI{IO: s}
	data = 0x29228086
	if got := c.Read(pci.Address{Bus: 2, Device: 31, Function: 5}, 0x10); got != data || address != 0x8002fd10 {
		t.Errorf("read %#x at address %#x, want %#x at 0x8002fd10", got, address, data)
	}
	if c.Write(pci.Address{Bus: 255, Device: 1, Function: 0}, 0x04, 7); address != 0x80ff0804 || data != 7 {
		t.Errorf("wrote %#x at address %#x, want 7 at 0x80ff0804", data, address)
	}
}

func TestRegisters(t *testing.T) {
	s := porttest.New()
	r, err := port.Map(s, pci.BAR{IO: true, Addr: 0xffc0, Size: 64})
	if err != nil || r.Size() != 64 {
		t.Fatalf("%v", err)
	}
	r.Write8(0, 1)
	r.Write16(2, 0x202)
	r.Write32(60, 0x3030303)
	want := []string{"out8 0xffc0 = 0x1", "out16 0xffc2 = 0x202", "out32 0xfffc = 0x3030303"}
	if !slices.Equal(s.Log, want) {
		t.Errorf("%q, want %q", s.Log, want)
	}
	s.Devices[0xffc4] = porttest.Device{In: func(size int) uint32 { return uint32(size) }}
	if a, b, c := r.Read8(4), r.Read16(4), r.Read32(4); a != 1 || b != 2 || c != 4 {
		t.Errorf("accesses of %d, %d and %d bytes", a, b, c)
	}
	for _, b := range []pci.BAR{{IO: true, Addr: 0xffc0, Size: 65}, {IO: true, Addr: 1 << 16, Size: 1}, {IO: true, Addr: 1, Size: 1<<64 - 1}} {
		if _, err := port.Map(s, b); err == nil {
			t.Errorf("ports from %#x on, %d of them, were mapped", b.Addr, b.Size)
		}
	}
}
