// Package acpi reads the few ACPI tables a machine without an operating system
// needs to switch itself off or start again: FADT, and the \_S5 object of the DSDT.
//
// Reference: ACPI 6.5, sections 4.8.3 (fixed registers), 5.2 (tables), 7.4.2 (\_Sx).
//
// Not supported: AML. The \_S5 package is found by its name, as it is a constant in
// practically every DSDT.
package acpi

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/internal/address"
)

// Memory reads physical memory; it returns nil for what cannot be read.
type Memory func(addr uint64, n int) []byte

var (
	ErrNoTable = errors.New("no such ACPI table")
	ErrDamaged = errors.New("damaged ACPI table")
	ErrNoS5    = errors.New("the ACPI table DSDT has no \\_S5 package")
)

const (
	headerSize = 36
	maxTable   = 4 << 20
	maxEntries = 256

	// Tables lie above the first page and where the kernel maps memory at its own address.
	firstAddress = 4 << 10
	lastAddress  = address.IdentityEnd - maxTable
)

// Table returns the first sound table with a signature such as "FACP", whole, checksum
// verified. rsdp is the address of the root pointer. The root table with 64-bit
// addresses comes first (section 5.2.5.3); the older one serves when that is damaged or
// does not have the table.
func Table(mem Memory, rsdp uint64, signature string) ([]byte, error) {
	const revision, rsdt, xsdt = 15, 16, 24
	p := mem(rsdp, 36)
	if len(p) < 20 {
		p = mem(rsdp, 20) // ACPI 1.0
	}
	if len(p) < 20 || string(p[:8]) != "RSD PTR " {
		return nil, fmt.Errorf("%w: no root pointer at %#x", ErrDamaged, rsdp)
	}
	le := binary.LittleEndian
	var first error
	if p[revision] >= 2 && len(p) >= 36 {
		t, err := search(mem, le.Uint64(p[xsdt:]), "XSDT", 8, signature)
		if err == nil {
			return t, nil
		}
		first = err
	}
	t, err := search(mem, uint64(le.Uint32(p[rsdt:])), "RSDT", 4, signature)
	if err != nil && first != nil {
		return nil, first
	}
	return t, err
}

// search looks for a table in the root table at root, whose addresses have width bytes.
func search(mem Memory, root uint64, rootSignature string, width int, signature string) ([]byte, error) {
	list, err := read(mem, root, rootSignature)
	if err != nil {
		return nil, err
	}
	result := fmt.Errorf("%w: %s", ErrNoTable, signature)
	for e, n := list[headerSize:], 0; len(e) >= width && n < maxEntries; e, n = e[width:], n+1 {
		addr := uint64(binary.LittleEndian.Uint32(e))
		if width == 8 {
			addr = binary.LittleEndian.Uint64(e)
		}
		h := header(mem, addr)
		if h == nil || string(h[:4]) != signature {
			continue
		}
		t, err := read(mem, addr, signature)
		if err == nil {
			return t, nil
		}
		result = err
	}
	return nil, result
}

// header returns the header of the table at addr, nil if there is no memory.
func header(mem Memory, addr uint64) []byte {
	if addr < firstAddress || addr >= lastAddress {
		return nil
	}
	if h := mem(addr, headerSize); len(h) == headerSize {
		return h
	}
	return nil
}

// read returns the table at addr.
func read(mem Memory, addr uint64, signature string) ([]byte, error) {
	h := header(mem, addr)
	if h == nil {
		return nil, fmt.Errorf("%w: no table at %#x", ErrDamaged, addr)
	}
	if string(h[:4]) != signature {
		return nil, fmt.Errorf("%w: %.4q at %#x, want %s", ErrDamaged, h[:4], addr, signature)
	}
	n := binary.LittleEndian.Uint32(h[4:])
	if n < headerSize || n > maxTable {
		return nil, fmt.Errorf("%w: %.4q at %#x has %d bytes", ErrDamaged, h[:4], addr, n)
	}
	t := mem(addr, int(n))
	if len(t) < int(n) {
		return nil, fmt.Errorf("%w: %.4q at %#x ends early", ErrDamaged, h[:4], addr)
	}
	var sum byte
	for _, c := range t {
		sum += c
	}
	if sum != 0 {
		return nil, fmt.Errorf("%w: %.4q at %#x has a wrong checksum", ErrDamaged, h[:4], addr)
	}
	return t, nil
}

// Power is how the machine is switched off and started again.
type Power struct {
	PM1a, PM1b uint16 // PM1 control registers, PM1b 0 if absent
	S5a, S5b   uint16 // values to write there: SLP_TYP and SLP_EN
	SMICommand uint16 // port and value that turn ACPI on; 0 if it is on
	ACPIEnable uint8
	ResetPort  uint16 // reset register, when it is an I/O port; 0 if not
	ResetValue uint8
}

// Offsets in the FADT (table 5.9).
const (
	fadtDSDT       = 40
	fadtSMICommand = 48
	fadtACPIEnable = 52
	fadtPM1a       = 64
	fadtPM1b       = 68
	fadtFlags      = 112
	fadtReset      = 116
	fadtResetValue = 128
	fadtXDSDT      = 140
	fadtMin        = 116

	flagReset = 1 << 10
	spaceIO   = 1
	sleepOn   = 1 << 13 // SLP_EN
)

// FindPower reads FADT and DSDT.
func FindPower(mem Memory, rsdp uint64) (*Power, error) {
	f, err := Table(mem, rsdp, "FACP")
	if err != nil {
		return nil, err
	}
	if len(f) < fadtMin {
		return nil, fmt.Errorf("%w: FADT of %d bytes, want at least %d", ErrDamaged, len(f), fadtMin)
	}
	le := binary.LittleEndian
	p := &Power{
		PM1a: uint16(le.Uint32(f[fadtPM1a:])), PM1b: uint16(le.Uint32(f[fadtPM1b:])),
		SMICommand: uint16(le.Uint32(f[fadtSMICommand:])), ACPIEnable: f[fadtACPIEnable],
	}
	if len(f) > fadtResetValue && le.Uint32(f[fadtFlags:])&flagReset != 0 && f[fadtReset] == spaceIO {
		p.ResetPort, p.ResetValue = uint16(le.Uint64(f[fadtReset+4:])), f[fadtResetValue]
	}
	dsdt := uint64(le.Uint32(f[fadtDSDT:]))
	if len(f) >= fadtXDSDT+8 && le.Uint64(f[fadtXDSDT:]) != 0 {
		dsdt = le.Uint64(f[fadtXDSDT:])
	}
	d, err := read(mem, dsdt, "DSDT")
	if err != nil {
		return nil, err
	}
	a, b, err := s5(d)
	if err != nil {
		return nil, err
	}
	p.S5a, p.S5b = uint16(a)<<10|sleepOn, uint16(b)<<10|sleepOn
	return p, nil
}

// s5 finds Name(\_S5, Package{a, b, ...}) in AML (section 20.2): NameOp, name,
// PackageOp, PkgLength, element count, then two integers.
func s5(aml []byte) (a, b uint8, err error) {
	const nameOp, packageOp = 0x08, 0x12
	for rest := aml; ; {
		i := bytes.Index(rest, []byte("_S5_"))
		if i < 1 {
			return 0, 0, ErrNoS5
		}
		named := rest[i-1] == nameOp || i >= 2 && rest[i-1] == '\\' && rest[i-2] == nameOp
		body := rest[i+4:]
		rest = body
		if !named || len(body) < 2 || body[0] != packageOp {
			continue
		}
		lengthBytes := int(body[1]>>6) + 1
		if len(body) < 1+lengthBytes+1 {
			continue
		}
		a, body, ok := integer(body[1+lengthBytes+1:])
		if !ok {
			continue
		}
		if b, _, ok = integer(body); ok {
			return a & 7, b & 7, nil
		}
	}
}

// integer decodes ZeroOp, OneOp or BytePrefix.
func integer(aml []byte) (v uint8, rest []byte, ok bool) {
	const bytePrefix = 0x0a
	switch {
	case len(aml) >= 1 && aml[0] <= 1:
		return aml[0], aml[1:], true
	case len(aml) >= 2 && aml[0] == bytePrefix:
		return aml[1], aml[2:], true
	}
	return 0, nil, false
}
