// Package drivers lists our disk drivers and opens the disks of a machine's PCI
// controllers with them.
package drivers

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/metal/ahci"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/nvme"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/virtioblk"
)

// Driver is a disk driver.
type Driver struct {
	Name  string
	Match func(*pci.Function) bool
	// Open returns the disks of a function, numbered from first on; with a broken one
	// among them both the disks and an error.
	Open func(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error)
	// Final reports that the BIOS cannot use the device after us and would wait for it
	// forever.
	Final bool
	// Faster reports that it is worth taking the device from UEFI firmware, whose drivers
	// read one request at a time. OVMF's virtio driver is as fast as ours; for AHCI ours
	// was 3 times faster or more, for NVMe 1.6 times.
	Faster bool
}

// All returns our drivers.
func All() []Driver {
	return []Driver{
		{Name: "virtio", Match: virtioblk.Match, Open: openVirtio, Final: true},
		{Name: "sata", Match: ahci.Match, Open: ahci.Open, Faster: true},
		{Name: "nvme", Match: nvme.Match, Open: nvme.Open, Faster: true},
	}
}

func openVirtio(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*block.Disk, error) {
	d, err := virtioblk.Open(fmt.Sprint(name, first), m, f, mapBAR)
	if err != nil {
		return nil, err
	}
	return []*block.Disk{d}, nil
}

// Hardware is what drivers work on.
type Hardware struct {
	Machine bus.Machine
	Config  pci.Config
	MapBAR  pci.MapFunc
	Drivers []Driver
}

// Open opens the disks of a function.
func (h *Hardware) Open(d Driver, first int, f *pci.Function) ([]*block.Disk, error) {
	return d.Open(d.Name, first, h.Machine, f, h.MapBAR)
}

// Found is an open disk and its partition table.
type Found struct {
	Disk  *block.Disk
	Table *disk.Table
}

// Reader reads the file on the disk.
func (f Found) Reader() *disk.Reader { return disk.NewReader(f.Disk, f.Table.Size) }

// Pick returns the disks that are right and closes the others. noTable lists disks
// without a partition table, which are not unusual; err is that of disks that cannot be
// read or closed.
func Pick(disks []*block.Disk, right func(*block.Disk, *disk.Table) bool) (found []Found, noTable []error, err error) {
	var problems []error
	for _, d := range disks {
		t, err := disk.ReadTable(d)
		switch {
		case err == nil && right(d, t):
			found = append(found, Found{d, t})
			continue
		case errors.Is(err, disk.ErrNoGPT):
			noTable = append(noTable, err)
		case err != nil:
			problems = append(problems, err)
		}
		if err := d.Close(); err != nil {
			problems = append(problems, err)
		}
	}
	return found, noTable, errors.Join(problems...)
}
