//go:build metal

package board

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// efiDisk reads through EFI_BLOCK_IO_PROTOCOL (UEFI 2.10 section 13.9).
type efiDisk struct {
	handle   uintptr
	protocol uintptr
	block    int
	align    uint64 // of the memory read into
	index    int
	buffer   []byte // identity-mapped: the firmware's drivers do DMA to it
}

const efiBuffer = 2 << 20

// efiBounce is shared by all disks; reads are sequential.
var efiBounce []byte

// efiDisks returns the whole disks (no partitions) that hold a medium.
func efiDisks() ([]*efiDisk, error) {
	list, err := handles(&guidBlockIO)
	if err != nil {
		return nil, fmt.Errorf("board: the firmware offers no disks: %w", err)
	}
	if efiBounce == nil {
		if efiBounce = kern.Contiguous(efiBuffer); efiBounce == nil {
			return nil, errors.New("board: no memory for the disk buffer")
		}
	}
	var out []*efiDisk
	for i, h := range list {
		p, err := handleProtocol(h, &guidBlockIO)
		if err != nil {
			continue
		}
		m := load64(p + 8) // EFI_BLOCK_IO_MEDIA: id, removable, present, partition, ...
		flags := load32(m + 4)
		present, partition := flags>>8&0xff != 0, flags>>16&0xff != 0
		block := int(load32(m + 12))
		if !present || partition || block < 512 || block > efiBuffer {
			continue
		}
		// IoAlign: 0 and 1 mean any address, otherwise a power of two.
		align := max(uint64(load32(m+16)), 1)
		out = append(out, &efiDisk{handle: h, protocol: p, block: block, align: align, index: i, buffer: efiBounce})
	}
	return out, nil
}

func (d *efiDisk) BlockSize() int { return d.block }
func (d *efiDisk) MaxBlocks() int { return len(d.buffer) / d.block }
func (d *efiDisk) Name() string   { return fmt.Sprintf("firmware disk %d", d.index) }

// ReadBlocks reads straight into b where it lies in one piece, which is the rule for
// weights: the firmware's map has all RAM at its own address.
func (d *efiDisk) ReadBlocks(lba uint64, b []byte) error {
	if addr, ok := onePiece(b); ok && addr&(d.align-1) == 0 {
		return d.read(lba, uintptr(addr), len(b))
	}
	if err := d.read(lba, uintptr(unsafe.Pointer(&d.buffer[0])), len(b)); err != nil {
		return err
	}
	copy(b, d.buffer)
	return nil
}

// onePiece returns the physical address of b if it is one run.
func onePiece(b []byte) (addr uint64, ok bool) {
	var m machine
	for n := 0; n < len(b); {
		a, run := m.Physical(b[n:])
		if n == 0 {
			addr = a
		}
		if run == 0 || a != addr+uint64(n) {
			return 0, false
		}
		n += run
	}
	return addr, len(b) > 0
}

// read is EFI_BLOCK_IO_PROTOCOL.ReadBlocks into n bytes of identity-mapped memory.
func (d *efiDisk) read(lba uint64, buf uintptr, n int) error {
	const readBlocks = 24
	media := load32(load64(d.protocol + 8)) // a stick that lost contact for a moment comes back with a new number
	return status(callEFI(load64(d.protocol+readBlocks), d.protocol, uintptr(media), uintptr(lba), uintptr(n), buf))
}
