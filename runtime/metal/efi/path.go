package efi

import (
	"encoding/binary"
	"unsafe"

	"github.com/llamaboot/llamaboot/image/gpt"
)

// PathHeader is EFI_DEVICE_PATH_PROTOCOL (UEFI 2.10 section 10.2): it begins every node of
// a device path.
type PathHeader struct {
	Type    uint8
	SubType uint8
	Length  [2]uint8 // of the whole node, little-endian; nodes need not be aligned
}

const (
	pathHeaderSize = 4
	// Device paths are short. A damaged one, which has no end, must not run away.
	maxPath  = 1024
	maxNodes = 64
)

// Types and subtypes of nodes (sections 10.3.1, 10.3.4 and 10.3.5).
const (
	typeMessaging = 0x03
	typeMedia     = 0x04
	typeEnd       = 0x7f

	messagingSATA  = 18
	messagingNVMe  = 23
	mediaHardDrive = 1
)

// pathEnd is the node that ends a device path (section 10.3.1).
const pathEnd = "\x7f\xff\x04\x00"

// Path is a device path: nodes without the one that ends it.
type Path []byte

// Node is a node of a device path.
type Node struct {
	Type, SubType uint8
	Offset        int    // in the path
	Data          []byte // what follows the header
}

// readPath copies the device path at p.
func readPath(p Ptr[PathHeader]) Path {
	var path Path
	for range maxNodes {
		h := p.At()
		n := int(binary.LittleEndian.Uint16(h.Length[:]))
		if h.Type == typeEnd || n < pathHeaderSize || len(path)+n > maxPath-len(pathEnd) {
			break
		}
		path = append(path, unsafe.Slice((*byte)(unsafe.Pointer(h)), n)...)
		p += Ptr[PathHeader](n)
	}
	return path
}

// Nodes returns the nodes of p, as far as they are well-formed.
func (p Path) Nodes() (list []Node) {
	for off := 0; len(p)-off >= pathHeaderSize && len(list) < maxNodes; {
		n := int(binary.LittleEndian.Uint16(p[off+2:]))
		if p[off] == typeEnd || n < pathHeaderSize || n > len(p)-off {
			break
		}
		list = append(list, Node{p[off], p[off+1], off, p[off+pathHeaderSize : off+n : off+n]})
		off += n
	}
	return list
}

// hardDrive returns the node of a partition (section 10.3.5.1).
func (p Path) hardDrive() (n Node, ok bool) {
	for _, n := range p.Nodes() {
		if n.Type == typeMedia && n.SubType == mediaHardDrive {
			return n, true
		}
	}
	return n, false
}

// Partition returns the unique GUID of the partition that p leads to; false if it leads
// to none, or to one of a disk without a GUID partition table.
func (p Path) Partition() (g gpt.GUID, ok bool) {
	// Offsets in the node's data, behind the header (section 10.3.5.1, table 10-49).
	const signature, signatureType, size, guidSignature = 20, 37, 38, 2
	n, ok := p.hardDrive()
	if !ok || len(n.Data) < size || n.Data[signatureType] != guidSignature {
		return g, false
	}
	return gpt.GUID(n.Data[signature : signature+len(g)]), true
}

// Disk returns the path of the disk that the partition p leads to lies on; false if p
// leads to no partition.
func (p Path) Disk() (Path, bool) {
	n, ok := p.hardDrive()
	if !ok {
		return nil, false
	}
	return p[:n.Offset:n.Offset], true
}

// Unit returns the number that a disk has on its controller: the port of a SATA disk
// (section 10.3.4.6), the namespace of an NVMe disk (section 10.3.4.16); -1 for others.
func (p Path) Unit() int {
	for _, n := range p.Nodes() {
		switch {
		case n.Type != typeMessaging:
		case n.SubType == messagingSATA && len(n.Data) >= 6:
			return int(binary.LittleEndian.Uint16(n.Data))
		case n.SubType == messagingNVMe && len(n.Data) >= 4:
			return int(binary.LittleEndian.Uint32(n.Data))
		}
	}
	return -1
}
