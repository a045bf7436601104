//go:build !metal

package kern

import (
	"encoding/binary"
	"runtime"
	"slices"
	"testing"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/acpi/acpitest"
	"github.com/llamaboot/llamaboot/runtime/metal/kern/ranges"
)

// putMemory makes the memory of m appear at its physical addresses, with some room around
// it for tables that were not recorded.
func putMemory(t *testing.T, m *acpitest.Machine) {
	t.Helper()
	const room = 16 * pageSize
	var all ranges.Set
	for _, r := range m.Memory {
		all.Add(uintptr(r.Addr)-min(room, uintptr(r.Addr)), uintptr(r.Addr)+uintptr(len(r.Bytes))+room)
	}
	for _, r := range all.List() {
		b := make([]byte, r.End-r.Start)
		hosted.memory = append(hosted.memory, hostedMemory{r.Start, r.End - r.Start, uintptr(unsafe.Pointer(&b[0]))})
		t.Cleanup(func() { hosted.memory = nil; runtime.KeepAlive(b) })
	}
	for _, r := range m.Memory {
		copy(unsafe.Slice(bytePtr(direct(uintptr(r.Addr))), len(r.Bytes)), r.Bytes)
	}
}

// TestMachines reads the tables package acpi reads too.
func TestMachines(t *testing.T) {
	machines := acpitest.Broken()
	for _, m := range acpitest.Recorded() {
		machines = append(machines, &m)
	}
	for _, m := range machines {
		t.Run(m.Name, func(t *testing.T) {
			ownTables(t, 0)
			putMemory(t, m)
			rsdp = uintptr(m.RSDP)
			defer func() { rsdp = 0 }()
			for signature, want := range m.Tables {
				if got := table(binary.LittleEndian.Uint32([]byte(signature))); got != uintptr(want) {
					t.Errorf("%s at %#x, want %#x", signature, got, want)
				}
			}
			var ids []uint32
			eachProcessor(madt(), func(id uint32) { ids = append(ids, id) })
			if !slices.Equal(ids, m.CPUs) {
				t.Errorf("processors %v, want %v", ids, m.CPUs)
			}
			if port, bits := pmTimer(); port != m.Timer || bits != m.Bits {
				t.Errorf("timer of %d bits at port %#x, want %d at %#x", bits, port, m.Bits, m.Timer)
			}
			if got := hpet(); got != uintptr(m.HPET) {
				t.Errorf("HPET at %#x, want %#x", got, m.HPET)
			}
		})
	}
}

func TestNoACPI(t *testing.T) {
	if table(sigMADT) != 0 || hpet() != 0 {
		t.Error("tables were found without a root pointer")
	}
	eachProcessor(0, func(uint32) { t.Error("a processor was found without a MADT") })
}

func TestEFIRSDP(t *testing.T) {
	type entry struct {
		guid [16]byte
		addr uintptr
	}
	acpi1 := entry{[16]byte{0x30, 0x2d, 0x9d, 0xeb, 0x88, 0x2d, 0xd3, 0x11, 0x9a, 0x16, 0x00, 0x90, 0x27, 0x3f, 0xc1, 0x4d}, 0x1000}
	acpi2 := entry{[16]byte{0x71, 0xe8, 0x68, 0x88, 0xf1, 0xe4, 0xd3, 0x11, 0xbc, 0x22, 0x00, 0x80, 0xc7, 0x3c, 0x88, 0x81}, 0x2000}
	for _, c := range []struct {
		list []entry
		want uintptr
	}{{[]entry{{}, acpi1, acpi2}, 0x2000}, {[]entry{acpi2, acpi1}, 0x2000}, {[]entry{{}, acpi1}, 0x1000}, {[]entry{{}}, 0}} {
		var system [15]uintptr // EFI_SYSTEM_TABLE
		system[13], system[14] = uintptr(len(c.list)), uintptr(unsafe.Pointer(&c.list[0]))
		if got := efiRSDP(uintptr(unsafe.Pointer(&system))); got != c.want {
			t.Errorf("%d entries: %#x, want %#x", len(c.list), got, c.want)
		}
		runtime.KeepAlive(c.list)
	}
}

func TestScanRSDP(t *testing.T) {
	area := make([]byte, 1024)
	base := (uintptr(unsafe.Pointer(&area[0])) + 15) &^ 15
	off := base - uintptr(unsafe.Pointer(&area[0]))
	put := func(at uintptr, good bool) {
		p := area[off+at:][:20]
		copy(p, "RSD PTR ")
		p[8] = 0
		if good {
			var sum byte
			for _, c := range p {
				sum += c
			}
			p[8] = -sum
		}
	}
	if got := scanRSDP(base, base+512); got != 0 {
		t.Errorf("found %#x in empty memory", got)
	}
	put(32, false)
	put(96, true)
	if got := scanRSDP(base, base+512); got != base+96 {
		t.Errorf("found at %d, want 96: bad checksums must be skipped", got-base)
	}
	runtime.KeepAlive(area)
}

// FuzzMADT: whatever the entries are, only they are read, and each processor once.
func FuzzMADT(f *testing.F) {
	for _, m := range acpitest.Broken() {
		if t := m.Read(m.Tables["APIC"], madtHead+8); t != nil {
			f.Add(t[madtHead:])
		}
	}
	f.Add([]byte{9, 16, 0, 0, 1, 0, 0, 0, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0})
	f.Fuzz(func(t *testing.T, entries []byte) {
		table := append(make([]byte, madtHead), entries...)
		binary.LittleEndian.PutUint32(table[4:], uint32(len(table)))
		n := 0
		eachProcessor(uintptr(unsafe.Pointer(&table[0])), func(uint32) { n++ })
		runtime.KeepAlive(table)
		if n > len(entries)/8 {
			t.Errorf("%d processors in %d bytes", n, len(entries))
		}
	})
}
