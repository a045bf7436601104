package main

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/guest"
	"github.com/llamaboot/llamaboot/internal/qemu"
)

var guestMarks = qemu.Marks{Begin: guest.TextBegin, End: guest.TextEnd}

const mib = 1 << 20

// both runs a scenario under both firmwares.
func both(j job) []job {
	bios, uefi := j, j
	bios.name, uefi.name = "bios-"+j.name, "uefi-"+j.name
	uefi.machine.UEFI = true
	return []job{bios, uefi}
}

func onBIOS(j job) []job { return both(j)[:1] }
func onUEFI(j job) []job { return both(j)[1:] }

// pc is an ordinary machine with a disk.
func pc(kind string, change ...func(*qemu.Machine)) qemu.Machine {
	m := qemu.Machine{Disk: kind, CPUs: 1, Memory: "1G"}
	for _, f := range change {
		f(&m)
	}
	return m
}

func devices(list ...string) func(*qemu.Machine) {
	return func(m *qemu.Machine) { m.Devices = list }
}

// scenarios are machines that are odd in one way.
func scenarios() (list []job) {
	add := func(jobs []job) { list = append(list, jobs...) }

	// Disks as they get when they are used.
	add(both(job{name: "larger-stick", machine: pc("usb"), prepare: grown}))
	add(both(job{name: "table-moved-to-the-end", machine: pc("usb"), prepare: moved}))
	add(onUEFI(job{name: "4096-byte-sectors-nvme", machine: pc("nvme", devices("nvme,drive=disk,serial=x,bootindex=0,logical_block_size=4096,physical_block_size=4096"))}))
	add(onUEFI(job{name: "4096-byte-sectors-virtio", machine: pc("virtio", devices("virtio-blk-pci,drive=disk,bootindex=0,logical_block_size=4096,physical_block_size=4096"))}))
	add(onUEFI(job{name: "4096-byte-sectors-scsi", machine: pc("virtio-scsi", devices("virtio-scsi-pci", "scsi-hd,drive=disk,bootindex=0,logical_block_size=4096,physical_block_size=4096"))}))
	add(onUEFI(job{name: "removable", machine: pc("usb", devices("qemu-xhci", "usb-storage,drive=disk,bootindex=0,removable=on"))}))
	add(onUEFI(job{name: "from-the-shell", machine: pc("ahci"), prepare: shell}))
	add(onBIOS(job{name: "without-extensions", machine: pc("ide"), prepare: noExtensions, says: []string{"boot disk: BIOS drive 0x80"}}))

	// More than one disk.
	other := []string{"-drive", "if=none,id=other,format=raw,snapshot=on,file.locking=off,file="}
	add(both(job{name: "second-disk", machine: pc("ahci", devices("ide-hd,drive=other,bus=ide.0", "ide-hd,drive=disk,bus=ide.1,bootindex=0")),
		prepare: beside(other, blank), says: []string{"boot disk: sata1"}}))
	add(both(job{name: "another-llamafile-first", machine: pc("ahci", devices("ide-hd,drive=other,bus=ide.0", "ide-hd,drive=disk,bus=ide.1,bootindex=0")),
		prepare: beside(other, another), says: []string{"boot disk: sata1"}}))
	add(onUEFI(job{name: "its-copy-first", machine: pc("ahci", devices("ide-hd,drive=other,bus=ide.0", "ide-hd,drive=disk,bus=ide.1,bootindex=0")),
		prepare: beside(other, sameCopy), says: []string{"boot disk: sata1"}}))
	add(onBIOS(job{name: "its-copy-first", machine: pc("ahci", devices("ide-hd,drive=other,bus=ide.0", "ide-hd,drive=disk,bus=ide.1,bootindex=0")),
		prepare: beside(other, sameCopy), says: []string{"sata0 and sata1 hold the same llamafile", "boot disk: BIOS drive 0x80"}}))
	add(onUEFI(job{name: "its-copy-on-virtio", machine: pc("virtio", devices("virtio-blk-pci,drive=other", "virtio-blk-pci,drive=disk,bootindex=0")),
		prepare: beside(other, sameCopy), says: []string{"boot disk: firmware disk"}}))
	// SeaBIOS starts from the first namespace alone.
	add(onUEFI(job{name: "second-namespace", machine: pc("nvme", devices("nvme,serial=x", "nvme-ns,drive=other,nsid=1", "nvme-ns,drive=disk,nsid=2,bootindex=0")),
		prepare: beside(other, blank)}))
	add(both(job{name: "beside-a-cd-drive", machine: pc("ahci", devices("ide-cd,bus=ide.0", "ide-hd,drive=disk,bus=ide.1,bootindex=0")), says: []string{"boot disk: sata0"}}))

	// Controllers with less than ours uses.
	add(onBIOS(job{name: "virtio-without-indirect", machine: pc("virtio", devices("virtio-blk-pci,drive=disk,bootindex=0,indirect_desc=off,event_idx=off"))}))
	add(onBIOS(job{name: "virtio-small-queue", machine: pc("virtio", devices("virtio-blk-pci,drive=disk,bootindex=0,queue-size=4,seg-max-adjust=on"))}))
	add(both(job{name: "virtio-packed", machine: pc("virtio", devices("virtio-blk-pci,drive=disk,bootindex=0,packed=on"))}))
	add(onBIOS(job{name: "nvme-small-requests", machine: pc("nvme", devices("nvme,drive=disk,serial=x,bootindex=0,mdts=1"))}))

	// Disks with errors. The weights lie behind the programs.
	once := func(w *work, dir string, m *qemu.Machine) error { return faults(w, m, true) }
	always := func(w *work, dir string, m *qemu.Machine) error { return faults(w, m, false) }
	for _, kind := range []string{"ahci", "nvme", "virtio", "usb", "ide"} {
		add(both(job{name: "one-read-error-" + kind, machine: pc(kind), prepare: once}))
		add(both(job{name: "bad-sector-" + kind, machine: pc(kind), prepare: always, fails: true, says: []string{"demo.gguf: at byte ", " bytes at disk offset "}}))
	}

	// Memory in pieces.
	add(both(job{name: "hole-from-1-gib", machine: pc("ahci", func(m *qemu.Machine) { m.Memory, m.MachineOptions = "3G", "max-ram-below-4g=1G" })}))
	add(both(job{name: "two-nodes", machine: pc("ahci", func(m *qemu.Machine) {
		m.CPUs, m.Memory = 2, "2G"
		m.Extra = []string{"-object", "memory-backend-ram,id=n0,size=512M", "-object", "memory-backend-ram,id=n1,size=1536M",
			"-numa", "node,memdev=n0,cpus=0", "-numa", "node,memdev=n1,cpus=1"}
	})}))
	add(both(job{name: "memory-modules", machine: pc("ahci", func(m *qemu.Machine) {
		m.Memory = "512M,slots=2,maxmem=8G"
		m.Extra = []string{"-object", "memory-backend-ram,id=d0,size=1G", "-device", "pc-dimm,memdev=d0,addr=0x180000000"}
	})}))
	return list
}

// roundUp gives the machine a copy of the file whose size is a power of two.
func roundUp(w *work, dir string, m *qemu.Machine) error {
	info, err := os.Stat(w.file)
	if err != nil {
		return err
	}
	size := int64(mib)
	for size < info.Size() {
		size *= 2
	}
	m.File = filepath.Join(dir, "round.img")
	return copyFile(w.file, m.File, size)
}

// grown is the file on a stick of 8 GiB.
func grown(w *work, dir string, m *qemu.Machine) error {
	m.File = filepath.Join(dir, "stick.img")
	return copyFile(w.file, m.File, 8<<10*mib)
}

// moved is the stick after a partition tool has offered to use all of it.
func moved(w *work, dir string, m *qemu.Machine) error {
	if err := grown(w, dir, m); err != nil {
		return err
	}
	return tool("sgdisk", "-e", m.File)
}

// tool runs a program that need not be there.
func tool(name string, args ...string) error {
	path, err := exec.LookPath(name)
	if err != nil {
		if path, err = exec.LookPath("/usr/sbin/" + name); err != nil {
			return fmt.Errorf("%w: %s is not installed", errSkip, name)
		}
	}
	if out, err := exec.Command(path, args...).CombinedOutput(); err != nil {
		return fmt.Errorf("%s: %w\n%s", name, err, out)
	}
	return nil
}

// shell is the file with its EFI program where no firmware looks, and a script for the EFI shell that starts it.
func shell(w *work, dir string, m *qemu.Machine) error {
	m.File = filepath.Join(dir, "shell.img")
	if err := copyFile(w.file, m.File, 0); err != nil {
		return err
	}
	esp, err := espOffset(m.File)
	if err != nil {
		return err
	}
	script := filepath.Join(dir, "startup.nsh")
	if err := os.WriteFile(script, []byte("fs0:\\EFI\\LLAMA\\BOOTX64.EFI\r\n"), 0o666); err != nil {
		return err
	}
	image := fmt.Sprintf("%s@@%d", m.File, esp)
	if err := tool("mren", "-i", image, "::/EFI/BOOT", "::/EFI/LLAMA"); err != nil {
		return err
	}
	return tool("mcopy", "-i", image, script, "::/")
}

// espOffset returns where the EFI system partition of a llamafile begins.
func espOffset(path string) (int64, error) {
	f, err := os.Open(path)
	if err != nil {
		return 0, err
	}
	defer f.Close()
	const sector = 512
	t, err := gpt.Read(f, sector, 1)
	if err != nil {
		return 0, err
	}
	for _, p := range t.Partitions {
		if p.Type == gpt.TypeESP {
			return int64(p.First) * sector, nil
		}
	}
	return 0, fmt.Errorf("%s has no EFI system partition", path)
}

// noExtensions is the file with a boot sector that finds INT 13h without extensions: the mask it lays over the answer
// of function 41h (and cl, 1) is zero.
func noExtensions(w *work, dir string, m *qemu.Machine) error {
	m.File = filepath.Join(dir, "chs.img")
	b, err := os.ReadFile(w.file)
	if err != nil {
		return err
	}
	at := bytes.Index(b[:512], []byte{0x80, 0xe1, 0x01})
	if at < 0 {
		return fmt.Errorf("the boot sector has no and cl, 1")
	}
	b[at+2] = 0
	// The last cylinder is not whole, so that its sectors have no address: the stick is larger than the file.
	b = append(b, make([]byte, 16*mib)...)
	return os.WriteFile(m.File, b, 0o666)
}

// beside adds a second disk that a function makes.
func beside(drive []string, make func(w *work, path string) error) func(*work, string, *qemu.Machine) error {
	return func(w *work, dir string, m *qemu.Machine) error {
		path := filepath.Join(dir, "other.img")
		if err := make(w, path); err != nil {
			return err
		}
		last := len(drive) - 1
		m.Extra = append(m.Extra, append(append([]string(nil), drive[:last]...), drive[last]+path)...)
		return nil
	}
}

func blank(w *work, path string) error { return os.WriteFile(path, make([]byte, 64*mib), 0o666) }

func sameCopy(w *work, path string) error { return copyFile(w.file, path, 0) }

// another is a llamafile with other content, and so another disk GUID.
func another(w *work, path string) error {
	args := path + ".txt"
	if err := os.WriteFile(args, []byte("--version\n"), 0o666); err != nil {
		return err
	}
	return build.Llamafile(w.ctx, build.Options{Models: []string{"testdata/demo.gguf"}, Args: args}, build.Output{Path: path})
}

// faults makes a sector in the middle of the weights unreadable, for one read or for good.
func faults(w *work, m *qemu.Machine, once bool) error {
	model, err := os.ReadFile("testdata/demo.gguf")
	if err != nil {
		return err
	}
	b, err := os.ReadFile(w.file)
	if err != nil {
		return err
	}
	at := bytes.Index(b, model[len(model)/2:])
	if at < 0 {
		return fmt.Errorf("%s does not hold the weights as they are", w.file)
	}
	how := "off"
	if once {
		how = "on"
	}
	m.Faults = fmt.Sprintf("[inject-error]\nevent = \"read_aio\"\nerrno = \"5\"\nsector = \"%d\"\nonce = \"%s\"\n", at/512, how)
	return nil
}
