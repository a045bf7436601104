package ahci

import (
	"fmt"
	"time"

	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
)

// identifyTime allows for a disk that has to spin up first.
const identifyTime = 15 * time.Second

// identify returns the disk's IDENTIFY DEVICE data (ACS-3 section 7.12).
func (p *port) identify() ([]byte, error) {
	const identifyDevice = 0xec
	p.lists.command(0, identifyDevice, 0, 0, []bus.Segment{{Addr: p.lists.data.Addr, N: identified}})
	p.expected[0] = anyCount
	p.issue(0)
	var slot int
	var err error
	if wait := bus.Wait(p.machine, identifyTime, "identification", func() bool {
		slot, err = p.Poll()
		return slot >= 0 || err != nil
	}); wait != nil {
		return nil, wait
	}
	if err != nil {
		return nil, fmt.Errorf("identification: %w", err)
	}
	return append([]byte(nil), p.lists.data.Bytes...), nil
}

// geometry reads the words of IDENTIFY DEVICE that matter.
func geometry(id []byte) (block.Geometry, error) {
	word := func(n int) uint64 { return uint64(le.Uint16(id[2*n:])) }
	const lba48, valid, validMask, longSectors = 1 << 10, 1 << 14, 3 << 14, 1 << 12
	if w := word(83); w&validMask != valid || w&lba48 == 0 {
		return block.Geometry{}, fmt.Errorf("%w: a disk without 48-bit addresses", bus.ErrUnsupported)
	}
	g := block.Geometry{Block: 512, Blocks: le.Uint64(id[2*100:])}
	if w := word(106); w&validMask == valid && w&longSectors != 0 {
		size := 2 * uint64(le.Uint32(id[2*117:])) // words 117 and 118, in 16-bit words
		if size > 64<<10 {
			return block.Geometry{}, fmt.Errorf("%w: sectors of %d bytes", bus.ErrUnsupported, size)
		}
		g.Block = int(size)
	}
	if g.Blocks > 1<<48 {
		return block.Geometry{}, fmt.Errorf("%w: %d sectors", bus.ErrProtocol, g.Blocks)
	}
	return g, nil
}
