package uefi

import (
	"cmp"
	"errors"
	"fmt"
	"slices"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/efi"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

var (
	errNoDisk        = errors.New("the disk this machine was started from was not found")
	errFirmwareKeeps = errors.New("the firmware does not let go of the disk")
)

// BootDisk looks for the disk whose partition table lists the EFI system partition that we
// were loaded from: with our own driver where that is faster, else through the firmware.
// When the firmware does not name the partition, it looks for the only disk with weights.
// warn is told what an owner should know although the disk is found.
func (b *Board) BootDisk(warn func(error)) (*disk.Reader, error) {
	path, err := b.Firmware.BootPath()
	if err != nil {
		path = nil // not loaded from a device with a path
	}
	esp, known := path.Partition()
	if known {
		r, err := b.nativeDisk(path, esp)
		if r != nil {
			return r, nil
		}
		if err != nil {
			warn(fmt.Errorf("%w; reading through the firmware", err))
		}
	}
	all, err := b.firmwareDisks()
	if err != nil {
		return nil, err
	}
	// The disk itself first, so that of two copies the right one is taken.
	if handle, ok := b.diskHandle(path); ok {
		order := func(d *firmwareDisk) int {
			if d.handle == handle {
				return 0
			}
			return 1
		}
		slices.SortStableFunc(all, func(x, y *firmwareDisk) int { return cmp.Compare(order(x), order(y)) })
	}
	return choose(all, esp, known)
}

// choose returns the disk with the partition esp if that is known, else the only one with
// weights.
func choose(all []*firmwareDisk, esp gpt.GUID, known bool) (*disk.Reader, error) {
	var found []*disk.Reader
	var problems []error
	for _, d := range all {
		p := block.Patient(d, nil)
		t, err := disk.ReadTable(p)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if known && t.HasID(esp) {
			return disk.NewReader(p, t.Size), nil
		}
		if t.HasType(format.TypeWeights) {
			found = append(found, disk.NewReader(p, t.Size))
		}
	}
	switch len(found) {
	case 1:
		return found[0], nil
	case 0:
		return nil, errors.Join(append([]error{fmt.Errorf("%w: none of %d disks holds a llamafile", errNoDisk, len(all))}, problems...)...)
	}
	return nil, fmt.Errorf("%w: %d disks hold llamafiles; leave one plugged in", errNoDisk, len(found))
}

// diskHandle returns the handle of the disk with the partition that path leads to.
func (b *Board) diskHandle(path efi.Path) (efi.Handle, bool) {
	whole, ok := path.Disk()
	if !ok {
		return 0, false
	}
	h, rest, err := b.Firmware.LocateDevicePath(efi.BlockIOProtocol, whole)
	return h, err == nil && len(rest) == 0 // with a rest it is another device
}

// controller is the PCI function that the boot partition hangs on.
type controller struct {
	handle  efi.Handle
	address pci.Address
	unit    int // AHCI port or NVMe namespace; -1: not known
}

// bootController finds the controller of the partition that path leads to: the longest
// part of the path that is a PCI device. False when it is none of segment 0. That of a USB
// stick is its host controller, which matches no driver of ours.
func (b *Board) bootController(path efi.Path) (c controller, ok bool) {
	h, _, err := b.Firmware.LocateDevicePath(efi.PCIIOProtocol, path)
	if err != nil {
		return c, false
	}
	io, err := b.Firmware.HandleProtocol(h, efi.PCIIOProtocol)
	if err != nil {
		return c, false
	}
	segment, bus, device, function, err := b.Firmware.PCILocation(efi.Ptr[efi.PCIIO](io))
	if err != nil || segment != 0 || bus > 255 || device > 31 || function > 7 {
		return c, false
	}
	return controller{h, pci.Address{Bus: uint8(bus), Device: uint8(device), Function: uint8(function)}, path.Unit()}, true
}

// nativeDisk takes the controller of the boot disk from the firmware and reads it with our
// driver. It returns nil when there is none worth it; after an error the firmware has its
// controller back. Until a reset the firmware then sees neither disk nor partitions: what
// is wanted from its file system must be read before.
func (b *Board) nativeDisk(path efi.Path, esp gpt.GUID) (*disk.Reader, error) {
	c, ok := b.bootController(path)
	if !ok {
		return nil, nil
	}
	for _, f := range pci.Scan(b.Hardware.Config) {
		if f.Address != c.address {
			continue
		}
		for _, d := range b.Hardware.Drivers {
			if d.Faster && d.Match(f) {
				return b.take(c, d, f, esp)
			}
		}
	}
	return nil, nil
}

// take opens the disk with the partition esp.
func (b *Board) take(c controller, d drivers.Driver, f *pci.Function, esp gpt.GUID) (*disk.Reader, error) {
	if err := b.Firmware.DisconnectController(c.handle); err != nil {
		return nil, fmt.Errorf("%w: %w", errFirmwareKeeps, err)
	}
	disks, err := b.Hardware.Open(d, 0, f)
	right, _, pickErr := drivers.Pick(disks, func(d *block.Disk, t *disk.Table) bool {
		return t.HasID(esp) && (c.unit < 0 || d.Unit() == c.unit)
	})
	if len(right) == 1 {
		b.boot = right[0].Disk
		return right[0].Reader(), nil
	}
	for _, copies := range right { // which of them it was, only the firmware knows
		pickErr = errors.Join(pickErr, copies.Disk.Close())
	}
	f.Restore()
	return nil, errors.Join(err, pickErr, b.Firmware.ConnectController(c.handle))
}
