package qemu

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"sort"
	"strconv"
	"strings"

	"github.com/llamaboot/llamaboot/internal/guest"
)

// disk is a way to attach the boot disk: the chipset it belongs to and the devices, the last of which takes the drive.
type disk struct {
	machine string
	devices []string
}

var disks = map[string]disk{
	"ide":    {"pc", []string{"ide-hd,drive=disk,bootindex=0"}},
	"ahci":   {"q35", []string{"ide-hd,drive=disk,bus=ide.0,bootindex=0"}},
	"virtio": {"q35", []string{"virtio-blk-pci,drive=disk,bootindex=0"}},
	"usb":    {"q35", []string{"qemu-xhci", "usb-storage,drive=disk,bootindex=0"}},
	"nvme":   {"q35", []string{"nvme,drive=disk,serial=llamaboot,bootindex=0"}},
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

// Check refuses a machine that cannot be started, before anything is.
func (m *Machine) Check() error {
	if _, ok := disks[m.Disk]; !ok {
		return fmt.Errorf("qemu: unknown disk %q, want one of %s", m.Disk, strings.Join(Disks(), ", "))
	}
	if m.Accel != AccelAuto && m.Accel != AccelKVM && m.Accel != AccelTCG {
		return fmt.Errorf("qemu: unknown accelerator %q, want auto, kvm or tcg", m.Accel)
	}
	if m.CPUs < 1 || m.CPUs > 255 {
		return fmt.Errorf("qemu: %d CPUs, want 1 to 255", m.CPUs)
	}
	for _, arg := range m.GuestArgs {
		if arg == "" || strings.ContainsAny(arg, "\r\n\x00") {
			return fmt.Errorf("qemu: guest argument %q: the guest reads one argument a line, so it must not be empty nor hold a line end; write \\n and add -e", arg)
		}
	}
	return CheckBootable(m.File)
}

// CheckBootable looks for the boot signature 55 AA at 0x1fe that every disk of ours carries.
func CheckBootable(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return fmt.Errorf("qemu: %w", err)
	}
	defer f.Close()
	var sector [512]byte
	n, err := io.ReadFull(f, sector[:])
	switch {
	case err != nil && err != io.EOF && err != io.ErrUnexpectedEOF:
		return fmt.Errorf("qemu: %s: %w", path, err)
	case string(sector[:4]) == "GGUF":
		return fmt.Errorf("qemu: %s: %w: it is a GGUF model; make a disk of it first: llamaboot build --model %[1]s", path, ErrNotBootable)
	case n < len(sector):
		return fmt.Errorf("qemu: %s: %w: %d bytes, want at least %d", path, ErrNotBootable, n, len(sector))
	case sector[0x1fe] != 0x55 || sector[0x1ff] != 0xaa:
		return fmt.Errorf("qemu: %s: %w: bytes at 0x1fe are % x, want 55 aa", path, ErrNotBootable, sector[0x1fe:])
	}
	return nil
}

// arguments is QEMU's command line. dir is a folder for the run's files; qmp is the control socket, or empty.
func (m *Machine) arguments(accel, dir, qmp string, fw firmware) ([]string, error) {
	d := disks[m.Disk]
	cpu := "max"
	if accel == AccelKVM {
		cpu = "host"
	}
	args := []string{
		"-nodefaults", "-no-user-config", "-no-reboot",
		"-machine", d.machine, "-accel", accel, "-cpu", cpu,
		"-smp", strconv.Itoa(m.CPUs), "-m", m.Memory,
		"-display", "none", "-vga", "std",
		"-chardev", "stdio,id=serial,signal=off", "-serial", "chardev:serial",
		"-device", fmt.Sprintf("isa-debug-exit,iobase=%#x,iosize=4", guest.ExitPort),
		// snapshot=on: whatever the guest or its firmware writes is thrown away.
		"-drive", "if=none,id=disk,format=raw,snapshot=on,file=" + escapeComma(m.File),
	}
	for _, device := range d.devices {
		args = append(args, "-device", device)
	}
	if m.UEFI {
		args = append(args, "-drive", "if=pflash,unit=0,format=raw,readonly=on,file="+escapeComma(fw.code))
		if fw.vars != "" {
			vars, err := copyInto(dir, fw.vars)
			if err != nil {
				return nil, err
			}
			args = append(args, "-drive", "if=pflash,unit=1,format=raw,file="+escapeComma(vars))
		}
	}
	if m.GuestArgs != nil {
		path := filepath.Join(dir, "args")
		if err := os.WriteFile(path, []byte(strings.Join(m.GuestArgs, "\n")+"\n"), 0o600); err != nil {
			return nil, fmt.Errorf("qemu: %w", err)
		}
		args = append(args, "-fw_cfg", "name="+guest.ArgsFile+",file="+escapeComma(path))
	}
	if qmp != "" {
		args = append(args, "-qmp", "unix:"+escapeComma(qmp)+",server=on,wait=off")
	}
	return args, nil
}

// escapeComma doubles commas, which separate QEMU's suboptions.
func escapeComma(s string) string { return strings.ReplaceAll(s, ",", ",,") }

// copyInto copies a firmware's variable store, which the guest writes to, into the run's folder.
func copyInto(dir, path string) (string, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return "", fmt.Errorf("qemu: %w", err)
	}
	dst := filepath.Join(dir, filepath.Base(path))
	if err := os.WriteFile(dst, b, 0o600); err != nil {
		return "", fmt.Errorf("qemu: %w", err)
	}
	return dst, nil
}
