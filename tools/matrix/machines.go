package main

import (
	"fmt"
	"os"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/internal/qemu"
)

// Firmwares by name, in the order of factorFirmware. The paths are those of Debian's packages.
const (
	seabios  = "seabios"
	ovmf4M   = "ovmf-4m"
	ovmf2M   = "ovmf-2m"
	ovmfOne  = "ovmf-one" // code and variables in one image
	ovmfPath = "/usr/share/OVMF/"
)

var firmwareFiles = map[string]string{
	ovmf4M:  ovmfPath + "OVMF_CODE_4M.fd",
	ovmf2M:  ovmfPath + "OVMF_CODE.fd",
	ovmfOne: "/usr/share/ovmf/OVMF.fd",
}

// Indices of factors.
const (
	factorFirmware = iota
	factorDisk
	factorChipset
	factorCPUs
	factorMemory
	factorModel
)

var factors = []factor{
	factorFirmware: {"firmware", []string{seabios, ovmf4M, ovmf2M, ovmfOne}},
	factorDisk:     {"disk", qemu.Disks()},
	factorChipset:  {"machine", qemu.Chipsets()},
	factorCPUs:     {"CPUs", []string{"1", "2", "4", "16"}},
	factorMemory:   {"RAM", []string{"256M", "512M", "1G", "2G", "4G", "8G", "64G"}},
	factorModel:    {"CPU", []string{"qemu64", "core2duo", "Nehalem", "Haswell", "EPYC", "max"}},
}

func (c choice) value(f int) string { return factors[f].values[c[f]] }

// possible says whether QEMU and its firmware have such machines.
func possible(c choice) bool {
	if c[factorDisk] == open {
		return true
	}
	d := qemu.Describe(c.value(factorDisk))
	if c[factorChipset] != open && !slices.Contains(d.Chipsets, c.value(factorChipset)) {
		return false
	}
	if c[factorFirmware] == open {
		return true
	}
	if c.value(factorFirmware) == seabios {
		return !d.Slow // it starts, but takes minutes to read the program
	}
	return !d.BIOSOnly
}

// sparseFrom is the memory in GiB from which the host need not have it.
const sparseFrom = 8

// machine is the one of a choice.
func (c choice) machine() qemu.Machine {
	cpus, _ := strconv.Atoi(c.value(factorCPUs)) // one of ours
	m := qemu.Machine{Disk: c.value(factorDisk), Chipset: c.value(factorChipset), CPUs: cpus, Memory: c.value(factorMemory), CPU: c.value(factorModel)}
	if g, ok := strings.CutSuffix(m.Memory, "G"); ok {
		n, _ := strconv.Atoi(g)
		m.Sparse = n >= sparseFrom
	}
	setFirmware(&m, c.value(factorFirmware))
	return m
}

func setFirmware(m *qemu.Machine, name string) {
	m.UEFI, m.Firmware = name != seabios, firmwareFiles[name]
	if _, err := os.Stat(m.Firmware); err != nil {
		m.Firmware = "" // another distribution: what it has
	}
}

func (c choice) name() string {
	return fmt.Sprintf("%s-%s-%s-%scpu-%s-%s", c.value(factorFirmware), c.value(factorDisk), c.value(factorChipset),
		c.value(factorCPUs), c.value(factorMemory), c.value(factorModel))
}
