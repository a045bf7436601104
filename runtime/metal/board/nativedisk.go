//go:build metal

package board

import (
	"errors"
	"fmt"
	"os"

	"github.com/llamaboot/llamaboot/runtime/metal/ahci"
	"github.com/llamaboot/llamaboot/runtime/metal/bus"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/nvme"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
	"github.com/llamaboot/llamaboot/runtime/metal/virtioblk"
)

// drivers are the native disk drivers: each says which functions are its own and opens
// their disks, numbered from first on. A driver that finds disks and a broken one
// returns both the disks and the error.
var drivers = []struct {
	name  string
	match func(*pci.Function) bool
	open  func(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*bus.Disk, error)
}{
	{"virtio", virtioblk.Match, func(name string, first int, m bus.Machine, f *pci.Function, mapBAR pci.MapFunc) ([]*bus.Disk, error) {
		d, err := virtioblk.Open(fmt.Sprint(name, first), m, f, mapBAR)
		if err != nil {
			return nil, err
		}
		return []*bus.Disk{d}, nil
	}},
	{"sata", ahci.Match, ahci.Open},
	{"nvme", nvme.Match, nvme.Open},
}

// native is the disk in use, which must be stopped before a reset.
var native *bus.Disk

// nativeBootDisk looks for the disk with a GUID on the controllers we have drivers for.
// It returns nil when there is none: all controllers looked at are then stopped, and
// what went wrong is on the console.
func nativeBootDisk(want disk.GUID) *disk.Reader {
	m := &machine{}
	counts := make([]int, len(drivers))
	for _, f := range pci.Scan(pciPorts{}) {
		for i, driver := range drivers {
			if !driver.match(f) {
				continue
			}
			disks, err := driver.open(driver.name, counts[i], m, f, mapBAR)
			if err != nil {
				warn(err)
			}
			counts[i] += len(disks)
			if r := pick(disks, want); r != nil {
				return r
			}
		}
	}
	return nil
}

// pick returns the disk with the GUID and closes the others.
func pick(disks []*bus.Disk, want disk.GUID) *disk.Reader {
	var found *disk.Reader
	for _, d := range disks {
		if found == nil {
			t, err := disk.ReadTable(d)
			if err == nil && t.Disk == want {
				found, native = disk.NewReader(d, t.Size), d
				continue
			}
			if err != nil && !errors.Is(err, disk.ErrNoGPT) {
				warn(err)
			}
		}
		if err := d.Close(); err != nil {
			warn(err)
		}
	}
	return found
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
