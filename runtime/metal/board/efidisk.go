//go:build metal

package board

import (
	"errors"
	"fmt"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// efiDisk reads through EFI_BLOCK_IO_PROTOCOL (UEFI 2.10 section 13.9).
type efiDisk struct {
	protocol uintptr
	media    uint32
	block    int
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
		out = append(out, &efiDisk{protocol: p, media: load32(m), block: block, index: i, buffer: efiBounce})
	}
	return out, nil
}

func (d *efiDisk) BlockSize() int { return d.block }
func (d *efiDisk) MaxBlocks() int { return len(d.buffer) / d.block }
func (d *efiDisk) Name() string   { return fmt.Sprintf("firmware disk %d", d.index) }

func (d *efiDisk) ReadBlocks(lba uint64, b []byte) error {
	const readBlocks = 24
	buf := uintptr(unsafe.Pointer(&d.buffer[0]))
	if err := status(kern.EFI(load64(d.protocol+readBlocks), d.protocol, uintptr(d.media), uintptr(lba), uintptr(len(b)), buf)); err != nil {
		return err
	}
	copy(b, d.buffer)
	return nil
}

// bootPartition returns the unique GUID of the partition our EFI program was loaded
// from: the hard drive node of its device path (UEFI 2.10 section 10.3.5.1).
func bootPartition() (g disk.GUID, ok bool) {
	image, err := handleProtocol(kern.ImageHandle(), &guidLoadedImage)
	if err != nil {
		return g, false
	}
	const deviceHandle = 24
	node, err := handleProtocol(load64(image+deviceHandle), &guidDevicePath)
	if err != nil {
		return g, false
	}
	const media, hardDrive, hardDriveSize, end = 4, 1, 42, 0x7f
	for range 64 { // a device path is short; a damaged one must not run away
		head := load32(node)
		typ, sub, size := head&0xff, head>>8&0xff, uintptr(head>>16)
		if typ == end || size < 4 {
			return g, false
		}
		if typ == media && sub == hardDrive && size >= hardDriveSize {
			const signature, signatureType, guidSignature = 24, 41, 2
			copy(g[:], unsafe.Slice((*byte)(unsafe.Pointer(node+signature)), 16))
			return g, *(*byte)(unsafe.Pointer(node + signatureType)) == guidSignature
		}
		node += size
	}
	return g, false
}
