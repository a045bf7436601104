package acpitest

import "encoding/binary"

// Places in the memory of the made-up machine.
const (
	rootAt  = 0x7000000
	rsdtAt  = 0x7001000
	xsdtAt  = 0x7002000
	madtAt  = 0x7003000
	madt2At = 0x7004000
	fadtAt  = 0x7005000
)

var le = binary.LittleEndian

// made is a machine with every table in both root tables.
func made(name string) *Machine {
	root := make([]byte, 36)
	copy(root, "RSD PTR ")
	root[15] = 2
	le.PutUint32(root[16:], rsdtAt)
	le.PutUint32(root[20:], 36)
	le.PutUint64(root[24:], xsdtAt)
	root[8] = -sum(root[:20])
	m := &Machine{
		Name: name, RSDP: rootAt, CPUs: []uint32{0, 1}, Timer: 0x408, Bits: 32,
		Tables: map[string]uint64{"APIC": madtAt, "FACP": fadtAt, "HPET": 0},
	}
	m.Memory = []Record{{rootAt, root}}
	m.put(rsdtAt, rsdt(fadtAt, madtAt))
	m.put(xsdtAt, xsdt(fadtAt, madtAt))
	m.put(madtAt, MADT(Local(0, 1), Local(1, 1)))
	m.put(madt2At, MADT(Local(0, 1), Local(4, 1)))
	m.put(fadtAt, fadt())
	return m
}

// put stores a table, in a page of its own with nothing behind it.
func (m *Machine) put(addr uint64, t []byte) {
	for i := range m.Memory {
		if m.Memory[i].Addr == addr {
			m.Memory[i].Bytes = t
			return
		}
	}
	m.Memory = append(m.Memory, Record{addr, t})
}

func (m *Machine) bytes(addr uint64) []byte {
	for _, r := range m.Memory {
		if r.Addr == addr {
			return r.Bytes
		}
	}
	return nil
}

func rsdt(list ...uint32) []byte {
	var b []byte
	for _, a := range list {
		b = le.AppendUint32(b, a)
	}
	return Table("RSDT", b)
}

func xsdt(list ...uint64) []byte {
	var b []byte
	for _, a := range list {
		b = le.AppendUint64(b, a)
	}
	return Table("XSDT", b)
}

func fadt() []byte {
	b := make([]byte, 244-headerSize)
	le.PutUint32(b[76-headerSize:], 0x408) // PM_TMR_BLK
	b[91-headerSize] = 4                   // PM_TMR_LEN
	le.PutUint32(b[112-headerSize:], 1<<8) // TMR_VAL_EXT
	return Table("FACP", b)
}

// Broken returns made-up machines whose tables have the faults of real ones.
func Broken() (list []*Machine) {
	add := func(name string, change func(m *Machine)) {
		m := made(name)
		change(m)
		list = append(list, m)
	}
	noCPU := func(m *Machine) { m.CPUs, m.Tables["APIC"] = nil, 0 }
	second := func(m *Machine) { m.CPUs, m.Tables["APIC"] = []uint32{0, 4}, madt2At }

	add("sound", func(m *Machine) {})
	add("ACPI 1.0", func(m *Machine) { // the other fields do not exist
		root := m.bytes(rootAt)[:20]
		root[15] = 0
		root[8] += 2
		m.put(rootAt, append(root, make([]byte, 16)...))
		m.put(xsdtAt, nil)
	})
	add("no XSDT", func(m *Machine) { le.PutUint64(m.bytes(rootAt)[24:], 0) })
	add("XSDT at an address nobody has", func(m *Machine) { le.PutUint64(m.bytes(rootAt)[24:], 1<<63) })
	add("XSDT at the end of the address space", func(m *Machine) { le.PutUint64(m.bytes(rootAt)[24:], ^uint64(0)) })
	add("XSDT with a wrong checksum", func(m *Machine) { m.bytes(xsdtAt)[9]++ })
	add("XSDT is something else", func(m *Machine) { m.put(xsdtAt, Table("SSDT", make([]byte, 16))) })
	add("XSDT with null entries", func(m *Machine) { m.put(xsdtAt, xsdt(0, fadtAt, 0, madtAt, 0)) })
	add("XSDT with entries out of reach", func(m *Machine) { m.put(xsdtAt, xsdt(^uint64(0), 1<<62, 5, fadtAt, madtAt)) })
	add("MADT only in the RSDT", func(m *Machine) { m.put(xsdtAt, xsdt(fadtAt)) })
	add("XSDT cut in an entry", func(m *Machine) {
		t := xsdt(fadtAt, madtAt)
		le.PutUint32(t[4:], uint32(len(t)-3))
		Seal(t[:len(t)-3])
		m.put(xsdtAt, t)
	})
	add("both root tables damaged", func(m *Machine) {
		m.bytes(xsdtAt)[20]++
		m.bytes(rsdtAt)[20]++
		noCPU(m)
		m.Timer, m.Bits, m.Tables["FACP"] = 0, 0, 0
	})
	add("root tables shorter than their header", func(m *Machine) {
		for _, a := range []uint64{xsdtAt, rsdtAt} {
			le.PutUint32(m.bytes(a)[4:], headerSize-1)
		}
		noCPU(m)
		m.Timer, m.Bits, m.Tables["FACP"] = 0, 0, 0
	})
	add("MADT with a wrong checksum", func(m *Machine) { m.bytes(madtAt)[40]++; noCPU(m) })
	add("MADT with a wrong checksum, another behind it", func(m *Machine) {
		m.bytes(madtAt)[40]++
		m.put(xsdtAt, xsdt(fadtAt, madtAt, madt2At))
		second(m)
	})
	add("two MADTs", func(m *Machine) { m.put(xsdtAt, xsdt(madt2At, madtAt)); second(m) })
	add("MADT longer than any", func(m *Machine) { le.PutUint32(m.bytes(madtAt)[4:], 1<<31); noCPU(m) })
	add("MADT shorter than its header", func(m *Machine) { le.PutUint32(m.bytes(madtAt)[4:], 8); noCPU(m) })
	add("MADT cut in an entry", func(m *Machine) {
		t := MADT(Local(0, 1), Local(1, 1), Local(2, 1))
		t = t[:len(t)-3]
		le.PutUint32(t[4:], uint32(len(t)))
		m.put(madtAt, Seal(t))
	})
	add("disabled, pluggable and unknown entries", func(m *Machine) {
		m.put(madtAt, MADT(Local(0, 1), Local(1, 0), Local(2, 2), []byte{1, 12, 0, 0, 0, 0, 0xc0, 0xfe, 0, 0, 0, 0},
			[]byte{0x80, 3, 0}, X2(3, 0), X2(4, 2), X2(300, 1), Local(255, 1), X2(^uint32(0), 1), Local(1, 3)))
		m.CPUs = []uint32{0, 300, 1}
	})
	add("an entry without length", func(m *Machine) {
		m.put(madtAt, MADT(Local(0, 1), []byte{0, 0, 0, 0}, Local(1, 1)))
		m.CPUs = []uint32{0}
	})
	add("an entry shorter than its kind", func(m *Machine) {
		m.put(madtAt, MADT(Local(0, 1), []byte{0, 4, 7, 7}, Local(1, 1)))
	})
	add("FADT of ACPI 1.0", func(m *Machine) {
		t := fadt()[:116]
		le.PutUint32(t[4:], 116)
		t[112], t[113] = 0, 0
		m.put(fadtAt, Seal(t))
		m.Bits = 24
	})
	add("FADT with an extended timer block", func(m *Machine) {
		t := fadt()
		t[208] = 1
		le.PutUint64(t[212:], 0x1808)
		m.put(fadtAt, Seal(t))
		m.Timer = 0x1808
	})
	add("FADT without timer", func(m *Machine) {
		t := fadt()
		t[91] = 0
		m.put(fadtAt, Seal(t))
		m.Timer, m.Bits = 0, 0
	})
	return list
}
