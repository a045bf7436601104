//go:build metal

package board

import (
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

// liDeviceHandle is the device in EFI_LOADED_IMAGE_PROTOCOL (UEFI 2.10 section 9.1).
const liDeviceHandle = 24

// Nodes of device paths (UEFI 2.10 section 10.3): type and subtype.
const (
	nodeSATA      = 3<<8 | 18
	nodeNVMe      = 3<<8 | 23
	nodeHardDrive = 4<<8 | 1
	nodeEndType   = 0x7f
)

// pathNode is a node of a device path.
type pathNode struct {
	at   uintptr
	kind uint32 // type << 8 | subtype
	size uintptr
}

// pathNodes returns the nodes before the end. A device path is short; a damaged one must
// not run away.
func pathNodes(path uintptr) (list []pathNode) {
	for range 64 {
		head := load32(path)
		n := pathNode{path, head&0xff<<8 | head>>8&0xff, uintptr(head >> 16)}
		if n.kind>>8 == nodeEndType || n.size < 4 {
			break
		}
		list = append(list, n)
		path += n.size
	}
	return list
}

// bootPath returns the device path of the partition our EFI program was loaded from.
func bootPath() (path uintptr, ok bool) {
	image, err := handleProtocol(kern.ImageHandle(), &guidLoadedImage)
	if err != nil {
		return 0, false
	}
	path, err = handleProtocol(load64(image+liDeviceHandle), &guidDevicePath)
	return path, err == nil
}

// bootPartition returns the unique GUID of that partition: the hard drive node of its
// device path (section 10.3.5.1).
func bootPartition() (g gpt.GUID, ok bool) {
	path, ok := bootPath()
	if !ok {
		return g, false
	}
	const signature, signatureType, guidSignature, size = 24, 41, 2, 42
	for _, n := range pathNodes(path) {
		if n.kind == nodeHardDrive && n.size >= size {
			copy(g[:], unsafe.Slice((*byte)(unsafe.Pointer(n.at+signature)), len(g)))
			return g, *(*byte)(unsafe.Pointer(n.at + signatureType)) == guidSignature
		}
	}
	return g, false
}

// unitOf returns the number of a disk on its controller that a device path gives, as the
// drivers count (block.Geometry.Unit): the port of a SATA disk (section 10.3.4.6), the
// namespace of an NVMe disk (section 10.3.4.17); else -1.
func unitOf(path uintptr) int {
	for _, n := range pathNodes(path) {
		switch {
		case n.kind == nodeSATA && n.size >= 10:
			return int(load32(n.at+4) & 0xffff)
		case n.kind == nodeNVMe && n.size >= 8:
			return int(load32(n.at + 4))
		}
	}
	return -1
}

// wholePath is the device path of the disk with the boot partition: static memory, as
// the firmware reads it.
var wholePath [1024]byte

// bootDiskHandle returns the handle of the disk that the boot partition lies on: its path
// is the partition's without the hard drive node.
func bootDiskHandle() (handle uintptr, ok bool) {
	path, ok := bootPath()
	if !ok {
		return 0, false
	}
	const endSize = 4
	for _, n := range pathNodes(path) {
		if n.kind != nodeHardDrive {
			continue
		}
		size := n.at - path
		if size > uintptr(len(wholePath)-endSize) {
			return 0, false
		}
		copy(wholePath[:], unsafe.Slice((*byte)(unsafe.Pointer(path)), size))
		copy(wholePath[size:], "\x7f\xff\x04\x00") // end of the entire path (section 10.3.1)
		efiOut.a, efiOut.b = pointer(&wholePath), 0
		if bootService(bsLocateDevicePath, pointer(&guidBlockIO), pointer(&efiOut.a), pointer(&efiOut.b)) != nil {
			return 0, false
		}
		// What the path goes on with behind the handle found: nothing, or it is another device.
		return efiOut.b, load32(efiOut.a)&0xff == nodeEndType
	}
	return 0, false
}
