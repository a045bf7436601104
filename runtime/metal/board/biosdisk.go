//go:build metal

package board

import (
	"encoding/binary"
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// biosDisk reads through INT 13h extensions (Phoenix EDD 3.0), which works with
// every disk the BIOS can start from.
type biosDisk struct {
	drive uint8
	low   []byte // buffer below 1 MiB: the address packet, then data
	addr  uintptr
}

const (
	biosSector  = 512
	biosSectors = 64 // per call: some BIOSes fail above 127, one 64 KiB segment holds 128
	packetSize  = 16
	packetSpace = 512
	biosRetries = 3
)

var errBIOS = errors.New("INT 13h failed")

func newBIOSDisk(drive uint8, ext bool) (*biosDisk, error) {
	if !ext {
		return nil, fmt.Errorf("board: BIOS drive %#x has no INT 13h extensions; try another port or another stick", drive)
	}
	addr, low := kern.LowBuffer()
	if len(low) < packetSpace+biosSectors*biosSector {
		return nil, errors.New("board: no buffer below 1 MiB for BIOS calls")
	}
	return &biosDisk{drive: drive, low: low, addr: addr}, nil
}

func (d *biosDisk) BlockSize() int { return biosSector }
func (d *biosDisk) MaxBlocks() int { return biosSectors }
func (d *biosDisk) Name() string   { return fmt.Sprintf("BIOS drive %#x", d.drive) }

// ReadBlocks is INT 13h AH=42h. A failed read is tried again after a reset.
func (d *biosDisk) ReadBlocks(lba uint64, b []byte) error {
	var code uint8
	for range biosRetries {
		le := binary.LittleEndian
		packet, data := d.low[:packetSize], d.low[packetSpace:]
		packet[0], packet[1] = packetSize, 0
		le.PutUint16(packet[2:], uint16(len(b)/biosSector))
		le.PutUint16(packet[4:], packetSpace)
		le.PutUint16(packet[6:], uint16(d.addr>>4))
		le.PutUint64(packet[8:], lba)
		r := kern.Registers{EAX: 0x4200, EDX: uint32(d.drive), DS: uint16(d.addr >> 4), Int: 0x13}
		kern.BIOS(&r)
		if r.Flags&kern.Carry == 0 {
			copy(b, data)
			return nil
		}
		code = uint8(r.EAX >> 8)
		kern.BIOS(&kern.Registers{EDX: uint32(d.drive), Int: 0x13}) // AH=00h: reset
	}
	return fmt.Errorf("%w with status %#02x", errBIOS, code)
}
