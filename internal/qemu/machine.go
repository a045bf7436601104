package qemu

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/image/mbr"
	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/runtime/gguf"
)

// Check refuses a machine that cannot be started, before anything is.
func (m *Machine) Check() error {
	if err := m.CheckDisk(); err != nil {
		return err
	}
	if !slices.Contains(Accels(), m.Accel) {
		return fmt.Errorf("unknown accelerator %q, want auto, kvm or tcg", m.Accel)
	}
	if m.CPUs < 1 || m.CPUs > MaxCPUs {
		return fmt.Errorf("%d CPUs, want 1 to %d", m.CPUs, MaxCPUs)
	}
	for _, arg := range m.GuestArgs {
		if arg == "" || strings.ContainsAny(arg, "\r\n\x00") {
			return fmt.Errorf("guest argument %q: the guest reads one argument a line, so it must not be empty nor hold a line end; write \\n and add -e", arg)
		}
	}
	return CheckBootable(m.File)
}

// CheckBootable looks for the boot signature 55 AA at 0x1fe that every disk of ours carries.
func CheckBootable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var sector [512]byte
	n, err := io.ReadFull(f, sector[:])
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return fmt.Errorf("%s: %w", path, err)
	case string(sector[:len(gguf.Magic)]) == gguf.Magic:
		return fmt.Errorf("%s: %w: it is a GGUF model; make a disk of it first: llamaboot build --model %[1]s", path, ErrNotBootable)
	case n < len(sector):
		return fmt.Errorf("%s: %w: %d bytes, want at least %d", path, ErrNotBootable, n, len(sector))
	case mbr.Signature(sector[:]) != mbr.BootSignature:
		return fmt.Errorf("%s: %w: bytes at 0x1fe are % x, want 55 aa", path, ErrNotBootable, sector[0x1fe:])
	}
	return nil
}

// arguments is QEMU's command line. dir is a folder for the run's files; qmp is the control socket, or empty.
func (m *Machine) arguments(accel, dir, qmp string, fw firmware) ([]string, error) {
	cpu := m.CPU
	switch {
	case cpu != "":
	case accel == AccelKVM:
		cpu = "host"
	default:
		cpu = "max"
	}
	machine := m.chipset()
	if m.MachineOptions != "" {
		machine += "," + m.MachineOptions
	}
	if m.Sparse {
		machine += ",memory-backend=ram"
	}
	if fw.smm {
		machine += ",smm=on"
	}
	file := m.File
	if m.Faults != "" {
		faults := filepath.Join(dir, "faults")
		if err := os.WriteFile(faults, []byte(m.Faults), 0o600); err != nil {
			return nil, err
		}
		file = "blkdebug:" + faults + ":" + file
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot",
		"-machine", machine, "-accel", accel, "-cpu", cpu,
		"-smp", strconv.Itoa(m.CPUs), "-m", m.Memory,
		"-display", "none", "-vga", "std",
		"-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", guest.ExitPort),
		// snapshot=on: whatever the guest or its firmware writes is thrown away.
		"-drive", "if=none,id=disk,format=raw,snapshot=on,file=" + escapeComma(file),
	}
	if m.Sparse {
		size, _, _ := strings.Cut(m.Memory, ",")
		args = append(args, "-object", "memory-backend-ram,id=ram,reserve=off,size="+size)
	}
	devices := m.Devices
	if devices == nil {
		devices = disks[m.Disk].on(m.chipset())
	}
	for _, device := range devices {
		args = append(args, "-device", device)
	}
	if m.UEFI {
		flash, err := fw.arguments(dir)
		if err != nil {
			return nil, err
		}
		args = append(args, flash...)
	}
	if m.GuestArgs != nil {
		path := filepath.Join(dir, "args")
		if err := os.WriteFile(path, []byte(strings.Join(m.GuestArgs, "\n")+"\n"), 0o600); err != nil {
			return nil, err
		}
		args = append(args, "-fw_cfg", "name="+guest.ArgsFile+",file="+escapeComma(path))
	}
	if qmp != "" {
		args = append(args, "-qmp", "unix:"+escapeComma(qmp)+",server=on,wait=off")
	}
	if m.Stalled != nil && qmp != "" { // a monitor of its own: the other one may be busy with the screen
		args = append(args, "-qmp", "unix:"+escapeComma(secondMonitor(qmp))+",server=on,wait=off")
	}
	return append(args, m.Extra...), nil
}

// escapeComma doubles commas, which separate QEMU's suboptions.
func escapeComma(s string) string { return strings.ReplaceAll(s, ",", ",,") }
