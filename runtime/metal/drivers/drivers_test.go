package drivers_test

import (
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/bus/bustest"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers/driverstest"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

func TestPick(t *testing.T) {
	m := driverstest.New()
	wanted := gpt.GUID{1}
	disks := []*driverstest.Disk{
		{Image: driverstest.Image(gpt.GUID{2})},
		{Image: driverstest.Image(wanted)},
		{Image: make([]byte, 100*driverstest.Block)},
		{Image: driverstest.Image(wanted), Broken: true},
		{Image: driverstest.Image(gpt.GUID{3}), NoStop: true},
	}
	m.Controllers[pci.Address{Device: 3}] = &driverstest.Controller{Device: 7, Disks: disks}
	d := m.Driver("sata", 7)
	h := m.Hardware(d)
	var open []*block.Disk
	for _, f := range pci.Scan(h.Config) {
		if d.Match(f) {
			var err error
			if open, err = h.Open(d, 4, f); err != nil {
				t.Fatal(err)
			}
		}
	}
	found, noTable, err := drivers.Pick(open, func(_ *block.Disk, t *disk.Table) bool { return t.Disk == wanted })
	if len(found) != 1 || found[0].Disk.Name() != "sata5" {
		t.Errorf("found %v, want sata5", found)
	}
	if len(noTable) != 1 || !strings.Contains(noTable[0].Error(), "sata6") {
		t.Errorf("disks without a table: %v, want sata6", noTable)
	}
	if err == nil || !strings.Contains(err.Error(), "sata7") || !strings.Contains(err.Error(), "does not stop") {
		t.Errorf("%v, want the disks that could not be read and not be stopped", err)
	}
	for i, d := range disks {
		if d.Closed != (i != 1) {
			t.Errorf("disk %d is closed: %v", i, d.Closed)
		}
	}
	if n := found[0].Reader().Size(); n != 100*driverstest.Block {
		t.Errorf("the file has %d bytes", n)
	}
}

// TestAll: each device has one driver at most.
func TestAll(t *testing.T) {
	names := map[string]bool{}
	for _, c := range []struct {
		name           string
		vendor, device uint16
		class          uint32
	}{
		{"virtio", 0x1af4, 0x1042, 0x010000}, {"virtio", 0x1af4, 0x1001, 0x010000}, {"sata", 0x8086, 0x2922, 0x010601}, {"nvme", 0x1b36, 0x0010, 0x010802},
		{"", 0x8086, 0x100e, 0x020000},
	} {
		f := bustest.NewConfig(c.vendor, c.device, c.class, nil).Function()
		got := ""
		for _, d := range drivers.All() {
			names[d.Name] = true
			if d.Match(f) {
				got += d.Name
			}
		}
		if got != c.name {
			t.Errorf("device %04x:%04x of class %06x has the driver %q, want %q", c.vendor, c.device, c.class, got, c.name)
		}
	}
	if len(names) != len(drivers.All()) {
		t.Errorf("%d names of %d drivers", len(names), len(drivers.All()))
	}
}
