//go:build metal

package board

import (
	"errors"
	"fmt"
	"os"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/ahci"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/nvme"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/virtioblk"
)

// driver is a native disk driver.
type driver struct {
	name  string
	match func(*pci.Function) bool
	// open returns the disks of a function, numbered from first on; with a broken one
	// among them both the disks and an error.
	open func(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error)
	// final: the BIOS cannot use the device after us and would wait for it forever.
	final bool
	// faster: worth taking from UEFI firmware, whose drivers read one request at a time.
	// OVMF's virtio driver is as fast as ours; for AHCI ours was 3 times faster or more,
	// for NVMe 1.6 times.
	faster bool
}

var drivers = []driver{
	{name: "virtio", match: virtioblk.Match, open: openVirtio, final: true},
	{name: "sata", match: ahci.Match, open: ahci.Open, faster: true},
	{name: "nvme", match: nvme.Match, open: nvme.Open, faster: true},
}

func openVirtio(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	d, err := virtioblk.Open(fmt.Sprint(name, first), m, f, mapBAR)
	if err != nil {
		return nil, err
	}
	return []*block.Disk{d}, nil
}

// native is the disk in use, which must be stopped before a reset.
var native *block.Disk

// strangers says of which disks the partition table is none we can read: nothing unusual,
// but an explanation when no boot disk is found.
var strangers []error

// nativeBootDisk looks for the disk with a GUID on the controllers we have drivers for.
// It returns nil when there is none, or when several carry it, being copies of each
// other, and only the BIOS knows which of them it started: all controllers looked at are
// then stopped, and what went wrong is on the console. An error means that the BIOS must
// not be tried.
func nativeBootDisk(want gpt.GUID) (*disk.Reader, error) {
	m := &machine{}
	counts := make([]int, len(drivers))
	var found []match
	for _, f := range pci.Scan(pciPorts{}) {
		for i, driver := range drivers {
			if !driver.match(f) || len(found) > 0 && driver.final {
				continue
			}
			disks, err := driver.open(driver.name, counts[i], m, f, mapBAR)
			if err != nil {
				warn(err)
			}
			counts[i] += len(disks)
			right, err := pick(disks, func(_ *block.Disk, t *disk.Table) bool { return t.Disk == want })
			switch {
			case len(right) > 0 && driver.final:
				return right[0].use(), nil
			case err != nil && driver.final:
				return nil, fmt.Errorf("%w; the BIOS cannot read this disk any more: if it is not the boot disk, detach it", err)
			case err != nil:
				warn(err)
			}
			found = append(found, right...)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return found[0].use(), nil
	}
	warn(fmt.Errorf("%s and %s hold the same llamafile; reading the one this machine started from through the BIOS, which is slower: unplug the other", found[0].disk.Name(), found[1].disk.Name()))
	for _, c := range found {
		if err := c.disk.Close(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// match is an open disk and the file on it.
type match struct {
	disk   *block.Disk
	reader *disk.Reader
}

// use makes the disk the one to be stopped in the end.
func (c match) use() *disk.Reader {
	native = c.disk
	return c.reader
}

// pick returns the disks that are right and closes the others. The error is that of disks
// that cannot be read.
func pick(disks []*block.Disk, right func(*block.Disk, *disk.Table) bool) (found []match, err error) {
	var problems []error
	for _, d := range disks {
		t, err := disk.ReadTable(d)
		switch {
		case err == nil && right(d, t):
			found = append(found, match{d, disk.NewReader(d, t.Size)})
			continue
		case errors.Is(err, disk.ErrNoGPT):
			strangers = append(strangers, err)
		case err != nil:
			problems = append(problems, err)
		}
		if err := d.Close(); err != nil {
			problems = append(problems, err)
		}
	}
	return found, errors.Join(problems...)
}

func warn(err error) { fmt.Fprintf(os.Stderr, "warning: %v\n", err) }

// stopDisks leaves the devices quiet before the machine is reset or switched off.
func stopDisks() {
	if native != nil {
		// There is nobody left to tell about an error.
		_ = native.Close()
		native = nil
	}
}
