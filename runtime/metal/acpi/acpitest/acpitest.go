// Package acpitest has the ACPI tables of machines, recorded and damaged, for the two
// readers of such tables: package acpi, which runs as ordinary Go, and package kern,
// which reads them before there is Go.
package acpitest

import (
	"embed"
	"encoding/binary"
	"fmt"
)

// Record is a stretch of physical memory.
type Record struct {
	Addr  uint64
	Bytes []byte
}

// Machine is the memory of a machine that holds ACPI tables, and what is to be found.
type Machine struct {
	Name   string
	RSDP   uint64
	Memory []Record
	// Tables are the addresses of the tables a reader must find; 0: none may be found.
	Tables map[string]uint64
	CPUs   []uint32 // APIC IDs of the processors that can be started
	Timer  uint16   // port of the ACPI timer, 0: none
	Bits   uint     // it counts with so many
	HPET   uint64   // address, 0: none
}

// Read returns n bytes at addr, nil where there is nothing.
func (m *Machine) Read(addr uint64, n int) []byte {
	for _, r := range m.Memory {
		if addr >= r.Addr && addr-r.Addr <= uint64(len(r.Bytes)) && uint64(n) <= uint64(len(r.Bytes))-(addr-r.Addr) {
			return r.Bytes[addr-r.Addr:][:n]
		}
	}
	return nil
}

// testdata/*.bin were read from the memory of QEMU's machines (128 MiB) after the
// firmware's work: records of address (8 bytes), size (4 bytes), bytes, the root
// pointer first. q35-x2apic is without its DSDT.
//
//go:embed testdata/*.bin
var recorded embed.FS

func load(name string) (list []Record) {
	b, err := recorded.ReadFile("testdata/" + name + ".bin")
	if err != nil {
		panic(err)
	}
	for len(b) > 0 {
		n := binary.LittleEndian.Uint32(b[8:])
		list = append(list, Record{binary.LittleEndian.Uint64(b), b[12:][:n:n]})
		b = b[12+n:]
	}
	return list
}

// find returns the address of a recorded table.
func find(list []Record, signature string) uint64 {
	for _, r := range list {
		if string(r.Bytes[:4]) == signature {
			return r.Addr
		}
	}
	panic(fmt.Sprintf("acpitest: no %s", signature))
}

// Recorded returns QEMU's machines.
func Recorded() (list []Machine) {
	for _, m := range []Machine{
		{Name: "pc-seabios", CPUs: []uint32{0, 1}, Timer: 0x608, Bits: 24, HPET: 0xfed00000}, // 2 of 4 CPUs, the others can be plugged in
		{Name: "q35-ovmf", CPUs: []uint32{0, 1, 2}, Timer: 0x608, Bits: 24, HPET: 0xfed00000},
		{Name: "q35-x2apic", CPUs: []uint32{0, 1, 256}, Timer: 0x608, Bits: 24, HPET: 0xfed00000}, // APIC IDs up to 385
	} {
		m.Memory = load(m.Name)
		m.RSDP = m.Memory[0].Addr
		m.Tables = map[string]uint64{"XXXX": 0}
		for _, s := range []string{"APIC", "FACP", "HPET"} {
			m.Tables[s] = find(m.Memory, s)
		}
		list = append(list, m)
	}
	return list
}

// Seal returns t with a correct checksum.
func Seal(t []byte) []byte {
	const at = 9
	t[at] = 0
	t[at] = -sum(t)
	return t
}

func sum(b []byte) (s byte) {
	for _, c := range b {
		s += c
	}
	return s
}

const headerSize = 36

// Table builds a table.
func Table(signature string, body []byte) []byte {
	t := append(make([]byte, headerSize), body...)
	copy(t, signature)
	binary.LittleEndian.PutUint32(t[4:], uint32(len(t)))
	return Seal(t)
}

// Local and X2 are MADT entries (ACPI 6.5 sections 5.2.12.2 and 5.2.12.12) of a
// processor; flags: 1 enabled, 2 can be plugged in.
func Local(id, flags byte) []byte { return []byte{0, 8, id, id, flags, 0, 0, 0} }

func X2(id uint32, flags byte) []byte {
	e := []byte{9, 16, 0, 0, 0, 0, 0, 0, flags, 0, 0, 0, 0, 0, 0, 0}
	binary.LittleEndian.PutUint32(e[4:], id)
	return e
}

// MADT builds one of entries.
func MADT(entries ...[]byte) []byte {
	body := make([]byte, 8)
	for _, e := range entries {
		body = append(body, e...)
	}
	return Table("APIC", body)
}
