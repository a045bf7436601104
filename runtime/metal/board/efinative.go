//go:build metal

package board

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

// Boot services and EFI_PCI_IO_PROTOCOL (UEFI 2.10 sections 7.3.9, 7.3.12, 7.3.13, 14.4).
const (
	bsLocateDevicePath     = 184
	bsConnectController    = 264
	bsDisconnectController = 272

	pciIOGetLocation = 112
)

var guidPCIIO = guid{0x00, 0xb2, 0xf5, 0x4c, 0xb8, 0x68, 0xa5, 0x4c, 0x9e, 0xec, 0xb2, 0x3e, 0x3f, 0x50, 0x02, 0x9a}

// efiLocation receives what GetLocation writes; see efiOut.
var efiLocation struct{ segment, bus, device, function uintptr }

// efiController is the PCI function the boot partition hangs on.
type efiController struct {
	handle  uintptr
	address pci.Address
	unit    int // AHCI port or NVMe namespace; -1: not known
}

// bootController finds the controller of the partition we were loaded from: the longest
// part of its device path that is a PCI device. False when it is none, such as a USB
// stick's: its path goes on behind the PCI device, which matches no driver of ours.
func bootController() (c efiController, ok bool) {
	path, ok := bootPath()
	if !ok {
		return c, false
	}
	c.unit = unitOf(path)
	efiOut.a, efiOut.b = path, 0
	if bootService(bsLocateDevicePath, pointer(&guidPCIIO), pointer(&efiOut.a), pointer(&efiOut.b)) != nil {
		return c, false
	}
	c.handle = efiOut.b
	io, err := handleProtocol(c.handle, &guidPCIIO)
	if err != nil {
		return c, false
	}
	l := &efiLocation
	if status(callEFI(load64(io+pciIOGetLocation), io, pointer(&l.segment), pointer(&l.bus), pointer(&l.device), pointer(&l.function))) != nil ||
		l.segment != 0 || l.bus > 255 || l.device > 31 || l.function > 7 {
		return c, false
	}
	c.address = pci.Address{Bus: uint8(l.bus), Device: uint8(l.device), Function: uint8(l.function)}
	return c, true
}

var errFirmwareKeeps = errors.New("board: the firmware does not let go of the disk")

// efiNativeDisk takes the controller of the boot disk from the firmware and reads it with
// our driver. It returns nil when there is none worth it; after an error the firmware has
// its controller back. Until a reset the firmware then sees neither disk nor partitions:
// what is wanted from its file system must be read before.
func efiNativeDisk(esp gpt.GUID) (*disk.Reader, error) {
	c, ok := bootController()
	if !ok {
		return nil, nil
	}
	for _, f := range pci.Scan(pciPorts{}) {
		if f.Address != c.address {
			continue
		}
		for _, d := range drivers {
			if d.faster && d.match(f) {
				return c.take(d, f, esp)
			}
		}
	}
	return nil, nil
}

// take opens the disk with the partition esp.
func (c efiController) take(d driver, f *pci.Function, esp gpt.GUID) (*disk.Reader, error) {
	if err := bootService(bsDisconnectController, c.handle, 0, 0); err != nil {
		return nil, fmt.Errorf("%w: %w", errFirmwareKeeps, err)
	}
	disks, err := d.open(d.name, 0, &machine{}, f, mapBAR)
	right, pickErr := pick(disks, func(d *block.Disk, t *disk.Table) bool {
		return t.HasID(esp) && (c.unit < 0 || d.Unit() == c.unit)
	})
	if len(right) == 1 {
		return right[0].use(), nil
	}
	for _, copies := range right { // which of them it was, only the firmware knows
		pickErr = errors.Join(pickErr, copies.disk.Close())
	}
	f.Restore()
	const recursive = 1
	if back := bootService(bsConnectController, c.handle, 0, 0, recursive); back != nil {
		err = errors.Join(err, back)
	}
	return nil, errors.Join(err, pickErr)
}
