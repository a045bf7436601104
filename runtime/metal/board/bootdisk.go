//go:build metal

package board

import (
	"cmp"
	"errors"
	"fmt"
	"os"
	"slices"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/kern"
)

var errNoDisk = errors.New("board: the disk this machine was started from was not found")

// BootDisk finds the disk the machine was started from and returns the llamafile it
// holds.
func BootDisk() (r *disk.Reader, err error) {
	if kern.UEFI() {
		r, err = efiBootDisk()
	} else {
		r, err = biosBootDisk()
	}
	if err == nil {
		fmt.Fprintf(os.Stderr, "boot disk: %s, %s\n", r.Name(), humanSize(r.Size()))
	}
	return r, err
}

// humanSize gives a size in MiB or GiB.
func humanSize(n int64) string {
	const mib, gib = 1 << 20, 1 << 30
	if n < gib {
		return fmt.Sprintf("%.1f MiB", float64(n)/mib)
	}
	return fmt.Sprintf("%.1f GiB", float64(n)/gib)
}

// biosBootDisk looks for the disk stage 2 was loaded from, which it knows by GUID: with
// our own drivers, which are many times faster, else as the BIOS drive.
func biosBootDisk() (*disk.Reader, error) {
	want := gpt.GUID(kern.DiskGUID())
	if r, err := nativeBootDisk(want); r != nil || err != nil {
		return r, err
	}
	r, err := biosDriveDisk(want)
	if err != nil {
		return nil, errors.Join(append([]error{err}, strangers...)...)
	}
	return r, nil
}

// biosDriveDisk reads through INT 13h.
func biosDriveDisk(want gpt.GUID) (*disk.Reader, error) {
	d, err := newBIOSDisk(kern.BIOSDrive())
	if err != nil {
		return nil, err
	}
	t, err := disk.ReadTable(d)
	if err != nil {
		return nil, err
	}
	if t.Disk != want {
		return nil, fmt.Errorf("%w: %s has GUID %x, want %x", errNoDisk, d.Name(), t.Disk, want)
	}
	return disk.NewReader(d, t.Size), nil
}

// efiBootDisk looks for the disk whose partition table lists the EFI system
// partition we were loaded from; when the firmware does not say, for the only disk
// with weights.
func efiBootDisk() (*disk.Reader, error) {
	esp, known := bootPartition()
	if known {
		r, err := efiNativeDisk(esp)
		if r != nil {
			return r, nil
		}
		if err != nil {
			warn(fmt.Errorf("%w; reading through the firmware", err))
		}
	}
	all, err := efiDisks()
	if err != nil {
		return nil, err
	}
	// The disk itself first, so that of two copies the right one is taken.
	if handle, ok := bootDiskHandle(); ok {
		slices.SortStableFunc(all, func(a, b *efiDisk) int { return cmp.Compare(distance(a, handle), distance(b, handle)) })
	}
	var found []*disk.Reader
	var problems []error
	for _, d := range all {
		b := block.Patient(d, nil)
		t, err := disk.ReadTable(b)
		if err != nil {
			problems = append(problems, err)
			continue
		}
		if known && t.HasID(esp) {
			return disk.NewReader(b, t.Size), nil
		}
		if t.HasType(format.TypeWeights) {
			found = append(found, disk.NewReader(b, t.Size))
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

// distance is 0 for the disk with that handle, 1 for every other.
func distance(d *efiDisk, handle uintptr) int {
	if d.handle == handle {
		return 0
	}
	return 1
}
