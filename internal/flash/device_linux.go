package flash

import (
	"bufio"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"

	"golang.org/x/sys/unix"
)

// sectorSize is the unit of /sys/block/*/size whatever the device's own sectors are (Documentation/ABI/stable/sysfs-block).
const sectorSize = 512

// Find describes the block device at path.
func Find(path string) (*Device, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if info.Mode()&fs.ModeDevice == 0 || info.Mode()&fs.ModeCharDevice != 0 {
		return nil, fmt.Errorf("%s: %w: it is no block device", path, ErrDevice)
	}
	real, err := filepath.EvalSymlinks(path)
	if err != nil {
		return nil, err
	}
	return describe("/", filepath.Base(real), path)
}

// describe reads sysfs and procfs below root for the device with a kernel name.
func describe(root, name, path string) (*Device, error) {
	dir := filepath.Join(root, "sys/class/block", name)
	d := &Device{Path: path, Name: name, Whole: true}
	if _, err := os.Stat(filepath.Join(dir, "partition")); err == nil {
		d.Whole = false
	}
	sectors, err := strconv.ParseInt(attribute(dir, "size"), 10, 64)
	if err != nil {
		return nil, fmt.Errorf("%s: %w: the kernel does not say how large it is", path, ErrDevice)
	}
	d.Bytes = sectors * sectorSize
	d.ReadOnly = attribute(dir, "ro") == "1"
	d.Model = strings.Join(strings.Fields(attribute(dir, "device/vendor")+" "+attribute(dir, "device/model")), " ")
	if d.Model == "" {
		d.Model = "unnamed"
	}
	// A USB disk often calls its medium fixed, and so does a card reader: the bus counts as well.
	where, _ := filepath.EvalSymlinks(dir)
	d.Removable = attribute(dir, "removable") == "1" || strings.Contains(where, "/usb") || strings.Contains(where, "/mmc_host/")
	d.Mounted, err = users(root, dir, name)
	return d, err
}

// attribute is the text of one file of sysfs, empty when there is none.
func attribute(dir, name string) string {
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		return ""
	}
	return strings.TrimSpace(string(b))
}

// users lists what uses the disk or one of its partitions: mount points, swap, and devices built on top of it.
func users(root, dir, name string) ([]string, error) {
	numbers := []string{attribute(dir, "dev")}
	names := []string{name}
	parts, err := filepath.Glob(filepath.Join(dir, "*", "partition"))
	if err != nil {
		return nil, err
	}
	for _, part := range parts {
		numbers = append(numbers, attribute(filepath.Dir(part), "dev"))
		names = append(names, filepath.Base(filepath.Dir(part)))
	}
	var used []string
	for _, n := range names {
		holder := filepath.Join(root, "sys/class/block", n, "holders")
		entries, err := os.ReadDir(holder)
		if err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, err
		}
		for _, e := range entries {
			used = append(used, e.Name())
		}
	}
	// proc(5): mountinfo has the device number in field 3 and the mount point in field 5.
	err = lines(filepath.Join(root, "proc/self/mountinfo"), func(fields []string) {
		if len(fields) > 4 && slices.Contains(numbers, fields[2]) {
			used = append(used, fields[4])
		}
	})
	if err != nil {
		return nil, err
	}
	err = lines(filepath.Join(root, "proc/swaps"), func(fields []string) {
		if len(fields) > 0 && slices.Contains(names, filepath.Base(fields[0])) {
			used = append(used, "swap on "+fields[0])
		}
	})
	return used, err
}

func lines(path string, f func(fields []string)) error {
	file, err := os.Open(path)
	if err != nil {
		return err
	}
	defer file.Close()
	s := bufio.NewScanner(file)
	for s.Scan() {
		f(strings.Fields(s.Text()))
	}
	return s.Err()
}

// Open opens the device for writing, alone: O_EXCL fails on a disk the kernel knows to be in use (open(2)).
func (d *Device) Open() (*OpenDevice, error) {
	f, err := os.OpenFile(d.Path, os.O_RDWR|unix.O_EXCL, 0)
	if err != nil {
		return nil, err
	}
	return &OpenDevice{f}, nil
}

// OpenDevice is a device open for writing.
type OpenDevice struct{ *os.File }

// Sync flushes the disk and drops the page cache, so that reading back asks the medium.
func (d *OpenDevice) Sync() error {
	if err := d.File.Sync(); err != nil {
		return err
	}
	if err := unix.Fadvise(int(d.Fd()), 0, 0, unix.FADV_DONTNEED); err != nil {
		return os.NewSyscallError("fadvise", err)
	}
	return nil
}

// Reread makes the kernel read the new partition table. Its refusal does no harm to what was written.
func (d *OpenDevice) Reread() error {
	return os.NewSyscallError("BLKRRPART", unix.IoctlSetInt(int(d.Fd()), unix.BLKRRPART, 0))
}
