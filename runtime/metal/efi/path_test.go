package efi_test

import (
	"bytes"
	"errors"
	"testing"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/efi/efitest"
)

var partition = gpt.MustGUID("01234567-89AB-CDEF-0123-456789ABCDEF")

func TestPath(t *testing.T) {
	root := efitest.Node(2, 1, 0xd0, 0x41, 0x03, 0x0a, 0, 0, 0, 0) // ACPI: PciRoot(0)
	sata := efitest.Path(root, efitest.PCINode(31, 2), efitest.SATANode(3))
	mbr := efitest.PartitionNode(1, partition)
	mbr[len(mbr)-1] = 1 // a 32-bit signature
	for _, c := range []struct {
		name      string
		path      efi.Path
		nodes     int
		unit      int
		partition bool
		disk      int // bytes of the disk's path, -1: none
	}{
		{"empty", nil, 0, -1, false, -1},
		{"SATA disk", sata, 3, 3, false, -1},
		{"its partition", efitest.Path(sata, efitest.PartitionNode(1, partition)), 4, 3, true, len(sata)},
		{"NVMe", efitest.Path(root, efitest.NVMeNode(0x10002), efitest.PartitionNode(2, partition)), 3, 0x10002, true, len(root) + 16},
		{"USB", efitest.Path(root, efitest.USBNode(1), efitest.PartitionNode(2, partition)), 3, -1, true, len(root) + 6},
		{"MBR partition", efitest.Path(sata, mbr), 4, 3, false, len(sata)},
		{"short hard drive node", efitest.Path(root, efitest.Node(4, 1, 1, 2, 3)), 2, -1, false, len(root)},
		{"short SATA node", efitest.Node(3, 18, 1), 1, -1, false, -1},
		{"node of length 0", efitest.Path(root, efi.Path{1, 1, 0, 0}), 1, -1, false, -1},
		{"cut node", efitest.Path(root, efitest.SATANode(1)[:7]), 1, -1, false, -1},
		{"nodes behind the end", efitest.Path(root, efitest.EndOfPath(), efitest.SATANode(1)), 1, -1, false, -1},
	} {
		if n := len(c.path.Nodes()); n != c.nodes {
			t.Errorf("%s: %d nodes, want %d", c.name, n, c.nodes)
		}
		if n := c.path.Unit(); n != c.unit {
			t.Errorf("%s: unit %d, want %d", c.name, n, c.unit)
		}
		if g, ok := c.path.Partition(); ok != c.partition || ok && g != partition {
			t.Errorf("%s: partition %v, %v, want %v", c.name, g, ok, c.partition)
		}
		disk, ok := c.path.Disk()
		if ok != (c.disk >= 0) || ok && !bytes.Equal(disk, c.path[:c.disk]) {
			t.Errorf("%s: path of the disk % x, %v, want %d bytes", c.name, disk, ok, c.disk)
		}
	}
}

func TestBootPath(t *testing.T) {
	f := efitest.New()
	if _, err := f.BootPath(); !errors.Is(err, efi.Unsupported) {
		t.Errorf("without a loaded image: %v", err)
	}
	disk := efitest.Path(efitest.PCINode(31, 2), efitest.SATANode(0))
	h := f.Handle(efitest.Path(disk, efitest.PartitionNode(1, partition)))
	f.LoadedFrom(h)
	path, err := f.BootPath()
	if g, ok := path.Partition(); err != nil || !ok || g != partition {
		t.Fatalf("% x, %v: partition %v, %v", path, err, g, ok)
	}
	if _, _, err := f.LocateDevicePath(efi.PCIIOProtocol, path); !errors.Is(err, efi.NotFound) {
		t.Errorf("no controller: %v", err)
	}
	controller := f.PCI(efitest.PCINode(31, 2), 0, 0, 31, 2)
	got, rest, err := f.LocateDevicePath(efi.PCIIOProtocol, path)
	if want := path[len(efitest.PCINode(31, 2)):]; err != nil || got != controller || !bytes.Equal(rest, want) {
		t.Errorf("controller %v, rest % x, %v, want %v, % x", got, rest, err, controller, want)
	}
	if _, _, err := f.LocateDevicePath(efi.PCIIOProtocol, make(efi.Path, 4096)); !errors.Is(err, efi.BadBufferSize) {
		t.Errorf("a path of 4096 bytes: %v", err)
	}
}

// TestEndlessPath: a path in the firmware's memory that never ends must not be followed.
func TestEndlessPath(t *testing.T) {
	f := efitest.New()
	endless := bytes.Repeat(efitest.SATANode(1), 4096)
	h := f.Handle(endless)
	path, err := f.DevicePath(h)
	if err != nil || len(path.Nodes()) != 64 {
		t.Errorf("%d nodes, %v, want the first 64", len(path.Nodes()), err)
	}
}

func FuzzPath(f *testing.F) {
	f.Add([]byte(efitest.Path(efitest.PCINode(1, 2), efitest.NVMeNode(1), efitest.PartitionNode(1, partition))))
	f.Add([]byte{4, 1, 3, 0})
	f.Fuzz(func(t *testing.T, b []byte) {
		p := efi.Path(b)
		total := 0
		for _, n := range p.Nodes() {
			if n.Offset != total {
				t.Fatalf("a node at %d, want %d", n.Offset, total)
			}
			total += 4 + len(n.Data)
		}
		if disk, ok := p.Disk(); ok && len(disk) >= len(b) {
			t.Fatalf("the disk's path has %d of %d bytes", len(disk), len(b))
		}
		p.Partition()
		p.Unit()
	})
}
