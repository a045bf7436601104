//go:build metal

package board

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

var errNoDisk = errors.New("board: the disk this machine was started from was not found")

// BootDisk finds the disk the machine was started from and returns the llamafile it
// holds.
func BootDisk() (*disk.Reader, error) {
	if kern.UEFI() {
		return efiBootDisk()
	}
	return biosBootDisk()
}

// biosBootDisk uses the drive stage 2 was loaded from, which it knows by GUID.
func biosBootDisk() (*disk.Reader, error) {
	d, err := newBIOSDisk(kern.BIOSDrive())
	if err != nil {
		return nil, err
	}
	t, err := disk.ReadTable(d)
	if err != nil {
		return nil, err
	}
	if want := disk.GUID(kern.DiskGUID()); t.Disk != want {
		return nil, fmt.Errorf("%w: %s has GUID %x, want %x", errNoDisk, d.Name(), t.Disk, want)
	}
	return disk.NewReader(d, t.Size), nil
}

// efiBootDisk looks for the disk whose partition table lists the EFI system
// partition we were loaded from; when the firmware does not say, for the only disk
// with weights.
func efiBootDisk() (*disk.Reader, error) {
	all, err := efiDisks()
	if err != nil {
		return nil, err
	}
	esp, known := bootPartition()
	var found []*disk.Reader
	var problems []error
	for _, d := range all {
		t, err := disk.ReadTable(d)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if known && t.HasUnique(esp) {
			return disk.NewReader(d, t.Size), nil
		}
		if t.HasType(disk.WeightsType) {
			found = append(found, disk.NewReader(d, t.Size))
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
