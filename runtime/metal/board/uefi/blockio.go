package uefi

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// firmwareDisk reads through EFI_BLOCK_IO_PROTOCOL (UEFI 2.10 section 13.9). It implements
// block.Device.
type firmwareDisk struct {
	b        *Board
	handle   efi.Handle
	protocol efi.Ptr[efi.BlockIO]
	block    int
	align    uint64 // of the memory read into
	index    int
}

// bounceSize is the memory for destinations that the firmware cannot reach at once: its
// drivers do DMA to what is at its own address.
const bounceSize = 2 << 20

// firmwareDisks returns the whole disks (no partitions) that hold a medium.
func (b *Board) firmwareDisks() ([]*firmwareDisk, error) {
	list, err := b.Firmware.LocateHandles(efi.BlockIOProtocol)
	if err != nil {
		return nil, fmt.Errorf("the firmware offers no disks: %w", err)
	}
	if b.bounce.Bytes == nil {
		m, err := b.Hardware.Machine.DMA(bounceSize)
		if err != nil {
			return nil, fmt.Errorf("no memory for the disk buffer: %w", err)
		}
		b.bounce = m
	}
	var out []*firmwareDisk
	for i, h := range list {
		p, err := b.Firmware.HandleProtocol(h, efi.BlockIOProtocol)
		if err != nil {
			continue
		}
		protocol := efi.Ptr[efi.BlockIO](p)
		m := protocol.At().Media.At()
		if m.MediaPresent == 0 || m.LogicalPartition != 0 || m.BlockSize < 512 || m.BlockSize > bounceSize {
			continue
		}
		out = append(out, &firmwareDisk{b, h, protocol, int(m.BlockSize), max(uint64(m.IOAlign), 1), i})
	}
	return out, nil
}

func (d *firmwareDisk) BlockSize() int { return d.block }
func (d *firmwareDisk) MaxBlocks() int { return bounceSize / d.block }
func (d *firmwareDisk) Name() string   { return fmt.Sprintf("firmware disk %d", d.index) }

// ReadBlocks reads straight into to where it lies in one piece, which is the rule for
// weights: the firmware's map has all RAM at its own address.
func (d *firmwareDisk) ReadBlocks(lba uint64, to []byte) error {
	if addr, ok := onePiece(d.b.Hardware.Machine, to); ok && addr&(d.align-1) == 0 {
		return d.b.Firmware.ReadBlocks(d.protocol, lba, uintptr(addr), uintptr(len(to)))
	}
	if len(to) > bounceSize {
		return errors.New("more bytes than one read may have")
	}
	if err := d.b.Firmware.ReadBlocks(d.protocol, lba, uintptr(d.b.bounce.Addr), uintptr(len(to))); err != nil {
		return err
	}
	copy(to, d.b.bounce.Bytes)
	return nil
}

// onePiece returns the physical address of b if it is one run.
func onePiece(m bus.Machine, b []byte) (addr uint64, ok bool) {
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
