package acpi

import (
	"encoding/binary"
	"errors"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/metal/acpi/acpitest"
)

// machine is fake physical memory: tables at fixed addresses.
type machine map[uint64][]byte

func (m machine) read(addr uint64, n int) []byte {
	for base, b := range m {
		if addr >= base && addr+uint64(n) <= base+uint64(len(b)) {
			return b[addr-base:][:n]
		}
	}
	return nil
}

func table(signature string, body []byte) []byte {
	t := append(make([]byte, headerSize), body...)
	copy(t, signature)
	binary.LittleEndian.PutUint32(t[4:], uint32(len(t)))
	return seal(t)
}

func seal(t []byte) []byte {
	t[9] = 0
	var sum byte
	for _, c := range t {
		sum += c
	}
	t[9] = -sum
	return t
}

const rootAt, listAt, fadtAt, dsdtAt = 0xf0000, 0x1000, 0x2000, 0x3000

func pc(aml []byte) machine {
	le := binary.LittleEndian
	root := make([]byte, 36)
	copy(root, "RSD PTR ")
	le.PutUint32(root[16:], listAt)
	fadt := make([]byte, 244-headerSize)
	le.PutUint32(fadt[fadtDSDT-headerSize:], dsdtAt)
	le.PutUint32(fadt[fadtSMICommand-headerSize:], 0xb2)
	fadt[fadtACPIEnable-headerSize] = 0xf1
	le.PutUint32(fadt[fadtPM1a-headerSize:], 0x604)
	le.PutUint32(fadt[fadtFlags-headerSize:], flagReset)
	fadt[fadtReset-headerSize] = spaceIO
	le.PutUint64(fadt[fadtReset+4-headerSize:], 0xcf9)
	fadt[fadtResetValue-headerSize] = 0x0f
	list := make([]byte, 8)
	le.PutUint32(list, dsdtAt) // some other table first
	le.PutUint32(list[4:], fadtAt)
	return machine{rootAt: root, listAt: table("RSDT", list), fadtAt: table("FACP", fadt), dsdtAt: table("DSDT", aml)}
}

// s5AML is Name(_S5, Package(){5, 5, 0, 0}) behind a use of the name.
var s5AML = []byte{'x', '_', 'S', '5', '_', 0, 0x08, '_', 'S', '5', '_', 0x12, 8, 4, 0x0a, 5, 0x0a, 6, 0, 0}

func TestFindPower(t *testing.T) {
	m := pc(s5AML)
	got, err := FindPower(m.read, rootAt)
	if err != nil {
		t.Fatal(err)
	}
	want := Power{PM1a: 0x604, S5a: 5<<10 | sleepOn, S5b: 6<<10 | sleepOn, SMICommand: 0xb2, ACPIEnable: 0xf1, ResetPort: 0xcf9, ResetValue: 0x0f}
	if *got != want {
		t.Errorf("got %+v, want %+v", *got, want)
	}
}

func TestFindPowerBad(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(m machine)
		want   error
	}{
		{"no root pointer", func(m machine) { delete(m, rootAt) }, ErrDamaged},
		{"checksum", func(m machine) { m[fadtAt][70]++ }, ErrDamaged},
		{"length", func(m machine) { m[listAt][7] = 0xff }, ErrDamaged},
		{"no FADT", func(m machine) { m[fadtAt][0] = 'X' }, ErrNoTable},
		{"no DSDT", func(m machine) { delete(m, dsdtAt) }, ErrDamaged},
		{"no _S5", func(m machine) { m[dsdtAt] = table("DSDT", s5AML[:6]) }, ErrNoS5},
		{"cut _S5", func(m machine) { m[dsdtAt] = table("DSDT", s5AML[:15]) }, ErrNoS5},
	} {
		m := pc(s5AML)
		c.damage(m)
		if _, err := FindPower(m.read, rootAt); !errors.Is(err, c.want) {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestMachines reads the tables package kern reads too.
func TestMachines(t *testing.T) {
	machines := acpitest.Broken()
	for _, m := range acpitest.Recorded() {
		machines = append(machines, &m)
	}
	for _, m := range machines {
		for signature, addr := range m.Tables {
			got, err := Table(m.Read, m.RSDP, signature)
			if addr == 0 {
				if !errors.Is(err, ErrNoTable) && !errors.Is(err, ErrDamaged) {
					t.Errorf("%s: %s: error %v, want ErrNoTable or ErrDamaged", m.Name, signature, err)
				}
				continue
			}
			if err != nil {
				t.Errorf("%s: %s: %v", m.Name, signature, err)
			} else if want := m.Read(addr, len(got)); len(want) == 0 || &got[0] != &want[0] {
				t.Errorf("%s: another %s was found", m.Name, signature)
			}
		}
	}
}

// TestRecordedPower checks what QEMU documents: PM1a control at 0x604, \_S5 of all zeros,
// on q35 the reset register at 0xcf9.
func TestRecordedPower(t *testing.T) {
	for _, m := range acpitest.Recorded() {
		p, err := FindPower(m.Read, m.RSDP)
		switch m.Name {
		case "q35-x2apic": // recorded without DSDT
			if !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: error %v, want ErrDamaged", m.Name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", m.Name, err)
			continue
		}
		if p.PM1a != 0x604 || p.S5a != sleepOn || p.SMICommand != 0xb2 {
			t.Errorf("%s: %+v", m.Name, *p)
		}
		if m.Name == "q35-ovmf" && (p.ResetPort != 0xcf9 || p.ResetValue != 0x0f) {
			t.Errorf("%s: reset by %#x at port %#x", m.Name, p.ResetValue, p.ResetPort)
		}
	}
}

func FuzzTable(f *testing.F) {
	for _, m := range acpitest.Broken() {
		f.Add(m.Read(m.RSDP, 36), m.Read(m.Memory[1].Addr, 44), m.Read(m.Memory[2].Addr, 52))
	}
	f.Fuzz(func(t *testing.T, root, rsdt, xsdt []byte) {
		m := acpitest.Broken()[0]
		m.Memory[0].Bytes, m.Memory[1].Bytes, m.Memory[2].Bytes = root, rsdt, xsdt
		if got, err := Table(m.Read, m.RSDP, "APIC"); err == nil && (len(got) < headerSize || string(got[:4]) != "APIC") {
			t.Errorf("returned %x", got)
		}
	})
}

func FuzzS5(f *testing.F) {
	f.Add(s5AML)
	f.Fuzz(func(t *testing.T, aml []byte) {
		if a, b, err := s5(aml); err == nil && (a > 7 || b > 7) {
			t.Errorf("sleep types %d, %d", a, b)
		}
	})
}
