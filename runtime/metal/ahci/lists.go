package ahci

import (
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// Structures in memory (section 4.2).
const (
	headerSize   = 32  // entry of the command list
	receivedSize = 256 // received FIS structure
	fisOffset    = 0x00
	prdtOffset   = 0x80
	prdSize      = 16
	fisDwords    = 5 // host to device register FIS

	maxSlots    = 32
	maxSegments = 24 // so that a table has 512 bytes
	tableSize   = prdtOffset + maxSegments*prdSize
	maxRequest  = 1 << 20
	maxBlocks   = 65536 // of a READ DMA EXT
	identified  = 512

	fisHostToDevice = 0x27
	fisCommand      = 0x80 // C: it is a command
	deviceLBA       = 0x40
)

// lists is the memory of a port.
type lists struct {
	headers  bus.Memory // command list: always 32 entries, section 4.2.2
	received bus.Memory
	tables   bus.Memory // a command table for each slot
	data     bus.Memory // for identify
}

func newLists(m bus.Machine, slots int) (lists, error) {
	const headers = maxSlots * headerSize
	mem, err := m.DMA(headers + receivedSize + identified + slots*tableSize)
	if err != nil {
		return lists{}, fmt.Errorf("no memory for the command list: %w", err)
	}
	// Alignments of 1024, 256, 2 and 128 follow from the order.
	return lists{
		headers:  mem.At(0, headers),
		received: mem.At(headers, receivedSize),
		data:     mem.At(headers+receivedSize, identified),
		tables:   mem.At(headers+receivedSize+identified, slots*tableSize),
	}, nil
}

// end is the last address.
func (l lists) end() uint64 { return l.tables.Addr + uint64(len(l.tables.Bytes)) - 1 }

// command writes the command of a slot: its FIS (SATA 3.1 section 10.3.4), where the data
// go, and the header.
func (l lists) command(slot int, code byte, lba uint64, blocks int, to []bus.Segment) {
	t := l.tables.At(slot*tableSize, tableSize)
	clear(t.Bytes)
	fis := t.Bytes[fisOffset:]
	fis[0], fis[1], fis[2] = fisHostToDevice, fisCommand, code
	fis[4], fis[5], fis[6] = byte(lba), byte(lba>>8), byte(lba>>16)
	fis[7] = deviceLBA
	fis[8], fis[9], fis[10] = byte(lba>>24), byte(lba>>32), byte(lba>>40)
	le.PutUint16(fis[12:], uint16(blocks)) // 0 is 65536
	for i, s := range to {
		d := t.Bytes[prdtOffset+i*prdSize:]
		le.PutUint64(d[0:], s.Addr)
		le.PutUint32(d[12:], uint32(s.N-1)) // 0-based
	}
	h := l.headers.At(slot*headerSize, headerSize)
	clear(h.Bytes)
	le.PutUint64(h.Bytes[8:], t.Addr)
	h.Store32(0, fisDwords|uint32(len(to))<<16)
}

// transferred is how many bytes the controller moved for a slot (PRDBC).
func (l lists) transferred(slot int) uint32 { return l.headers.Load32(slot*headerSize + 4) }
