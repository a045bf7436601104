package qemu

import (
	"fmt"
	"slices"
	"sort"
	"strings"
)

// Chipsets. The one of 1996 has an IDE controller and no PCI Express, the one of 2007 AHCI and PCI Express.
const (
	PC  = "pc"
	Q35 = "q35"
)

// Chipsets lists the values of Machine.Chipset.
func Chipsets() []string { return []string{PC, Q35} }

// disk is a way to attach the boot disk. The last device takes the drive.
type disk struct {
	chipset string   // the usual one
	devices []string // on every chipset
	own     map[string][]string
	bios    bool // OVMF as Debian builds it has no driver
	slow    bool // 1.5 MB/s or less under SeaBIOS
	power2  bool // the medium's size must be a power of two
}

const hd = "hd,drive=disk,bootindex=0"

var disks = map[string]disk{
	"ide": {chipset: PC, own: map[string][]string{PC: {"ide-" + hd}}}, // PATA
	"ahci": {chipset: Q35, own: map[string][]string{
		Q35: {"ide-" + hd + ",bus=ide.0"},
		PC:  {"ahci,id=sata", "ide-" + hd + ",bus=sata.0"},
	}},
	"nvme":          {chipset: Q35, devices: []string{"nvme,drive=disk,serial=llamaboot,bootindex=0"}},
	"virtio":        {chipset: Q35, devices: []string{"virtio-blk-pci,drive=disk,bootindex=0"}},                                     // both interfaces
	"virtio-modern": {chipset: Q35, devices: []string{"virtio-blk-pci-non-transitional,drive=disk,bootindex=0"}},                    // version 1.0
	"virtio-legacy": {chipset: PC, devices: []string{"virtio-blk-pci,disable-modern=on,disable-legacy=off,drive=disk,bootindex=0"}}, // 0.9.5
	"virtio-scsi":   {chipset: Q35, devices: []string{"virtio-scsi-pci", "scsi-" + hd}},
	"usb":           {chipset: Q35, devices: []string{"qemu-xhci", "usb-storage,drive=disk,bootindex=0"}},                 // a stick on xHCI
	"usb-ehci":      {chipset: Q35, devices: []string{"usb-ehci", "usb-storage,drive=disk,bootindex=0"}},                  // a stick on EHCI
	"usb-uhci":      {chipset: PC, devices: []string{"piix3-usb-uhci", "usb-storage,drive=disk,bootindex=0"}, slow: true}, // a stick on UHCI
	"lsi":           {chipset: PC, devices: []string{"lsi53c895a", "scsi-" + hd}, bios: true},                             // 53C895A
	"mptsas":        {chipset: PC, devices: []string{"mptsas1068", "scsi-" + hd}, bios: true},                             // SAS1068
	"megasas":       {chipset: PC, devices: []string{"megasas", "scsi-" + hd}, bios: true},                                // MegaRAID 1078
	"pvscsi":        {chipset: PC, devices: []string{"pvscsi", "scsi-" + hd}, bios: true},                                 // VMware's
	"sdcard":        {chipset: Q35, devices: []string{"sdhci-pci", "sd-card,drive=disk"}, bios: true, power2: true},
}

// DefaultDisk is the controller most PCs have.
const DefaultDisk = "ahci"

// Disks lists the ways to attach the boot disk.
func Disks() []string {
	var names []string
	for name := range disks {
		names = append(names, name)
	}
	sort.Strings(names)
	return names
}

// DiskInfo says what a way to attach the disk needs.
type DiskInfo struct {
	Chipsets   []string // where it exists, the usual one first
	BIOSOnly   bool     // OVMF does not boot from it
	Slow       bool     // SeaBIOS takes a minute to start from it
	PowerOfTwo bool     // the medium's size must be a power of two
}

// Describe returns what is known of one of Disks.
func Describe(name string) DiskInfo {
	d := disks[name]
	info := DiskInfo{Chipsets: []string{d.chipset}, BIOSOnly: d.bios, Slow: d.slow, PowerOfTwo: d.power2}
	for _, c := range Chipsets() {
		if c != d.chipset && d.on(c) != nil {
			info.Chipsets = append(info.Chipsets, c)
		}
	}
	return info
}

// on returns the devices on a chipset, nil if it cannot have them.
func (d disk) on(chipset string) []string {
	if own, ok := d.own[chipset]; ok {
		return own
	}
	return d.devices
}

// CheckDisk refuses disks and chipsets that do not exist or do not go together.
func (m *Machine) CheckDisk() error {
	d, ok := disks[m.Disk]
	if !ok {
		return fmt.Errorf("unknown disk %q, want one of %s", m.Disk, strings.Join(Disks(), ", "))
	}
	if m.Chipset == "" {
		return nil
	}
	if !slices.Contains(Chipsets(), m.Chipset) {
		return fmt.Errorf("unknown machine %q, want %s", m.Chipset, strings.Join(Chipsets(), " or "))
	}
	if d.on(m.Chipset) == nil {
		return fmt.Errorf("machine %q has no %s disk, only %s has", m.Chipset, m.Disk, d.chipset)
	}
	return nil
}

// chipset is the machine's, or the usual one of its disk.
func (m *Machine) chipset() string {
	if m.Chipset != "" {
		return m.Chipset
	}
	return disks[m.Disk].chipset
}
