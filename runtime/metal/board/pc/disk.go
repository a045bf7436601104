package pc

import (
	"errors"
	"fmt"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
	"github.com/llamaboot/llamaboot/runtime/metal/disk"
	"github.com/llamaboot/llamaboot/runtime/metal/drivers"
	"github.com/llamaboot/llamaboot/runtime/metal/pci"
)

var errNoDisk = errors.New("the disk this machine was started from was not found")

// BootDisk looks for the disk that stage 2 was loaded from, whose GUID it knows: with our
// own drivers, which are many times faster, else as the BIOS drive. warn is told what an
// owner should know although the disk is found.
func (b *Board) BootDisk(warn func(error)) (*disk.Reader, error) {
	want := b.BIOS.DiskGUID()
	s := search{b: b, want: want, warn: warn}
	r, err := s.run()
	if r != nil || err != nil {
		return r, err
	}
	if r, err = b.driveDisk(want); err != nil {
		return nil, errors.Join(append([]error{err}, s.noTable...)...)
	}
	return r, nil
}

// driveDisk reads the BIOS drive through INT 13h.
func (b *Board) driveDisk(want gpt.GUID) (*disk.Reader, error) {
	const disks = 0x13
	drive, extensions := b.BIOS.Drive()
	addr, low := b.BIOS.Buffer()
	d, err := disk.NewBIOS(drive, extensions, low, uint16(addr>>4), func(r *disk.Regs) { b.BIOS.Interrupt(disks, r) })
	if err != nil {
		return nil, err
	}
	p := block.Patient(d, d.Reset)
	t, err := disk.ReadTable(p)
	if err != nil {
		return nil, err
	}
	if t.Disk != want {
		return nil, fmt.Errorf("%w: %s has GUID %v, want %v", errNoDisk, p.Name(), t.Disk, want)
	}
	return disk.NewReader(p, t.Size), nil
}

// search looks for a disk on the controllers that we have drivers for.
type search struct {
	b       *Board
	want    gpt.GUID
	warn    func(error)
	noTable []error // of disks without a partition table: an explanation if none is found
}

// run returns nil when there is no such disk, or when several carry the GUID, being copies
// of each other, and only the BIOS knows which of them it started: all controllers opened
// are then stopped. An error means that the BIOS must not be tried.
func (s *search) run() (*disk.Reader, error) {
	h := &s.b.Hardware
	counts := make([]int, len(h.Drivers))
	var found []drivers.Found
	for _, f := range pci.Scan(h.Config) {
		for i, d := range h.Drivers {
			if !d.Match(f) || len(found) > 0 && d.Final {
				continue
			}
			right, err := s.open(d, &counts[i], f)
			switch {
			case len(right) > 0 && d.Final:
				return s.use(right[0]), nil
			case err != nil && d.Final:
				return nil, fmt.Errorf("%w; the BIOS cannot read this disk any more: if it is not the boot disk, detach it", err)
			case err != nil:
				s.warn(err)
			}
			found = append(found, right...)
		}
	}
	switch len(found) {
	case 0:
		return nil, nil
	case 1:
		return s.use(found[0]), nil
	}
	s.warn(fmt.Errorf("%s and %s hold the same llamafile; reading the one this machine started from through the BIOS, which is slower: unplug the other", found[0].Disk.Name(), found[1].Disk.Name()))
	for _, c := range found {
		if err := c.Disk.Close(); err != nil {
			return nil, err
		}
	}
	return nil, nil
}

// open returns the right disks of a function. count is the number of the driver's disks.
func (s *search) open(d drivers.Driver, count *int, f *pci.Function) ([]drivers.Found, error) {
	disks, err := s.b.Hardware.Open(d, *count, f)
	if err != nil {
		s.warn(err)
	}
	*count += len(disks)
	right, noTable, err := drivers.Pick(disks, func(_ *block.Disk, t *disk.Table) bool { return t.Disk == s.want })
	s.noTable = append(s.noTable, noTable...)
	return right, err
}

// use makes a disk the one to be stopped in the end.
func (s *search) use(f drivers.Found) *disk.Reader {
	s.b.boot = f.Disk
	return f.Reader()
}
