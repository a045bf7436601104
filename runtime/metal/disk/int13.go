package disk

import (
	"encoding/binary"
	"errors"
	"fmt"
)

// Regs are the registers of a BIOS call that INT 13h uses; buffers are addressed by DS and ES.
type Regs struct {
	EAX, EBX, ECX, EDX, ESI, EDI uint32
	DS, ES                       uint16
	Carry                        bool // out
}

// BIOS is a drive read through INT 13h, which works with every disk a BIOS can start from: by its extensions (Phoenix
// EDD 3.0, function 42h), else by cylinder, head and sector (IBM PS/2 BIOS interface, 02h and 08h). It
// implements block.Device. Its sectors have 512 bytes: a BIOS started us by addresses in that unit.
type BIOS struct {
	drive        uint8
	call         func(*Regs) // INT 13h
	low          []byte      // memory below 1 MiB: a packet, then data
	seg          uint16      // of low
	heads, track uint64      // geometry, without extensions: heads, and sectors of a track
}

const (
	biosSector  = 512
	biosBytes   = 32 << 10 // of one call: some BIOSes fail above 127 sectors, a segment holds 128
	packetSize  = 16
	packetSpace = 512 // before the data

	funcReset      = 0x0000
	funcRead       = 0x0200
	funcParameters = 0x0800
	funcExtRead    = 0x4200
)

// ErrBIOS says that INT 13h failed.
var ErrBIOS = errors.New("INT 13h failed")

// NewBIOS returns a drive. low is memory below 1 MiB whose first byte has the address 16 * seg; extensions says whether
// the BIOS has function 42h for the drive.
func NewBIOS(drive uint8, extensions bool, low []byte, seg uint16, call func(*Regs)) (*BIOS, error) {
	d := &BIOS{drive: drive, call: call, low: low, seg: seg}
	if len(low) < packetSpace+biosBytes {
		return nil, fmt.Errorf("%s: %d bytes of memory for BIOS calls, want %d", d.Name(), len(low), packetSpace+biosBytes)
	}
	if extensions {
		return d, nil
	}
	r := Regs{EAX: funcParameters, EDX: uint32(drive)}
	if call(&r); r.Carry {
		return nil, fmt.Errorf("%s has no extensions, and its geometry is not known: %w", d.Name(), status(&r))
	}
	d.track, d.heads = uint64(r.ECX&0x3f), uint64(r.EDX>>8&0xff)+1
	if d.track == 0 {
		return nil, fmt.Errorf("%s has no extensions, and tracks of 0 sectors", d.Name())
	}
	return d, nil
}

func (d *BIOS) BlockSize() int { return biosSector }
func (d *BIOS) MaxBlocks() int { return biosBytes / biosSector }
func (d *BIOS) Name() string   { return fmt.Sprintf("BIOS drive %#x", d.drive) }

// Reset is what INT 13h wants after an error.
func (d *BIOS) Reset() { d.call(&Regs{EAX: funcReset, EDX: uint32(d.drive)}) }

// ReadBlocks implements block.Device.
func (d *BIOS) ReadBlocks(lba uint64, b []byte) error {
	for len(b) > 0 {
		n := len(b) / biosSector
		if d.track != 0 {
			n = min(n, int(d.track-lba%d.track)) // never across the end of a track
		}
		r, err := d.read(lba, n)
		if err != nil {
			return err
		}
		if r.Carry {
			return status(r)
		}
		copy(b[:n*biosSector], d.low[packetSpace:])
		lba, b = lba+uint64(n), b[n*biosSector:]
	}
	return nil
}

// read reads n blocks into the low memory.
func (d *BIOS) read(lba uint64, n int) (*Regs, error) {
	if d.track != 0 {
		return d.readCHS(lba, n)
	}
	le := binary.LittleEndian
	p := d.low[:packetSize]
	p[0], p[1] = packetSize, 0
	le.PutUint16(p[2:], uint16(n))
	le.PutUint16(p[4:], packetSpace)
	le.PutUint16(p[6:], d.seg)
	le.PutUint64(p[8:], lba)
	r := &Regs{EAX: funcExtRead, EDX: uint32(d.drive), DS: d.seg}
	d.call(r)
	return r, nil
}

// maxCylinder is the last a CHS address reaches.
const maxCylinder = 1023

func (d *BIOS) readCHS(lba uint64, n int) (*Regs, error) {
	sector, head, cylinder := lba%d.track+1, lba/d.track%d.heads, lba/d.track/d.heads
	if cylinder > maxCylinder {
		return nil, fmt.Errorf("%w: block %d lies behind cylinder %d, and this BIOS reads no further; try another port or another stick", ErrBIOS, lba, maxCylinder)
	}
	r := &Regs{
		EAX: funcRead | uint32(n), EBX: packetSpace, ES: d.seg,
		ECX: uint32(cylinder&0xff)<<8 | uint32(cylinder>>8)<<6 | uint32(sector),
		EDX: uint32(head)<<8 | uint32(d.drive),
	}
	d.call(r)
	return r, nil
}

// status is the error of a failed call: AH.
func status(r *Regs) error {
	code := uint8(r.EAX >> 8)
	if text := statusText[code]; text != "" {
		return fmt.Errorf("%w with status %#02x, %s", ErrBIOS, code, text)
	}
	return fmt.Errorf("%w with status %#02x", ErrBIOS, code)
}

// statusText names the codes an owner can do something about.
var statusText = map[uint8]string{
	0x04: "sector not found",
	0x0a: "bad sector",
	0x10: "unreadable sector",
	0x20: "controller failure",
	0x31: "no medium",
	0x80: "the drive does not answer",
	0xaa: "the drive is not ready",
}
