package efitest

import (
	"encoding/binary"
	"slices"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
)

// Node returns a node of a device path (UEFI 2.10 section 10.2).
func Node(kind, subtype uint8, data ...byte) efi.Path {
	return append(binary.LittleEndian.AppendUint16(efi.Path{kind, subtype}, uint16(4+len(data))), data...)
}

// Path joins nodes.
func Path(nodes ...efi.Path) efi.Path { return slices.Concat(nodes...) }

// EndOfPath is the node that ends a device path (section 10.3.1).
func EndOfPath() efi.Path { return Node(0x7f, 0xff) }

// PCINode is a PCI device (section 10.3.2.1).
func PCINode(device, function uint8) efi.Path { return Node(1, 1, function, device) }

// SATANode is a disk on a SATA port (section 10.3.4.6).
func SATANode(port uint16) efi.Path {
	return Node(3, 18, byte(port), byte(port>>8), 0xff, 0xff, 0, 0)
}

// NVMeNode is a namespace of an NVMe controller (section 10.3.4.16).
func NVMeNode(id uint32) efi.Path {
	return Node(3, 23, append(binary.LittleEndian.AppendUint32(nil, id), make([]byte, 8)...)...)
}

// USBNode is a device on a USB port (section 10.3.4.5).
func USBNode(port uint8) efi.Path { return Node(3, 5, port, 0) }

// PartitionNode is a partition of a GUID partition table (section 10.3.5.1).
func PartitionNode(number uint32, g gpt.GUID) efi.Path {
	const gptFormat, guidSignature = 2, 2
	data := binary.LittleEndian.AppendUint32(nil, number)
	data = append(data, make([]byte, 16)...) // start and size: nobody reads them
	data = append(data, g[:]...)
	return Node(4, 1, append(data, gptFormat, guidSignature)...)
}
