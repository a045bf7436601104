package inspect

import (
	"debug/pe"
	"errors"
	"fmt"
	"io"
	"slices"

	saferwall "github.com/saferwall/pe"
	"github.com/saferwall/pe/log"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/image/fat32"
)

// Verify compares PE headers with those that this version writes. Of a file that another version made it cannot, and a
// comparison with ourselves would not find what loaders refuse. So a parser that is none of ours and that was made to find
// what is odd in executables, saferwall/pe, reads both PE images as well: the file itself and the one the firmware starts.

// checkPEs judges the PE images in the file.
func (f inspected) checkPEs(add func(what string, err error)) {
	if f.Manifest.Faces.Hosted {
		add("headers and sections of the program for PE loaders", checkPE(f, f.Size(), f.Manifest.PE == format.EFI))
	}
	if f.Manifest.Faces.UEFI {
		add("headers and sections of "+format.BootPath, f.checkLoader())
	}
}

// checkLoader judges the program on the EFI System Partition.
func (f inspected) checkLoader() error {
	m, err := f.ZIP.Find(format.ESPName)
	if err != nil {
		return err
	}
	volume, err := fat32.Open(io.NewSectionReader(f, m.Offset, m.Size), m.Size)
	if err != nil {
		return err
	}
	b, err := volume.ReadFile(format.BootPath, format.MaxProgram)
	if err != nil {
		return err
	}
	return judgePE(b, true)
}

// checkPE judges the PE image of the first size bytes of r: what is behind its last section is none of its own.
func checkPE(r io.ReaderAt, size int64, efi bool) error {
	image, err := pe.NewFile(io.NewSectionReader(r, 0, size))
	if err != nil {
		return fmt.Errorf("%w: %w", ape.ErrDamaged, err)
	}
	end := int64(format.HeadSize)
	for _, s := range image.Sections {
		end = max(end, int64(s.Offset)+int64(s.Size))
	}
	if end > min(size, maxPE) {
		return fmt.Errorf("%w: sections end at %#x, want at most %#x", ape.ErrDamaged, end, min(size, maxPE))
	}
	b := make([]byte, end)
	if _, err := r.ReadAt(b, 0); err != nil {
		return err
	}
	return judgePE(b, efi)
}

// maxPE bounds the bytes of the file up to the end of the program for PE loaders: head, EFI System Partition, programs.
const maxPE = 4 * format.MaxProgram

// judgePE returns an error when saferwall/pe cannot read the PE image b, finds anything odd in it, or takes it for
// something else than an EFI application or a Windows console program for amd64.
func judgePE(b []byte, efi bool) (err error) {
	defer func() {
		if r := recover(); r != nil { // a damaged file must not end the program, whoever reads it
			err = fmt.Errorf("%w: saferwall/pe: %v", ape.ErrDamaged, r)
		}
	}()
	image, err := saferwall.NewBytes(b, &saferwall.Options{
		DisableCertValidation: true,
		OmitSecurityDirectory: true, // it would start other programs
		Logger:                silent{},
	})
	if err == nil {
		// Not GetAnomalies, which looks at the 32-bit header even if the image has the other one (v1.6.5).
		err = image.Parse()
	}
	if err != nil {
		return fmt.Errorf("%w: saferwall/pe: %w", ape.ErrDamaged, err)
	}
	subsystem := saferwall.ImageOptionalHeaderSubsystemType(saferwall.ImageSubsystemWindowsCUI)
	if efi {
		subsystem = saferwall.ImageSubsystemEFIApplication
	}
	header, ok := image.NtHeader.OptionalHeader.(saferwall.ImageOptionalHeader64)
	switch {
	case !ok || image.NtHeader.FileHeader.Machine != saferwall.ImageFileMachineAMD64:
		return fmt.Errorf("%w: machine %v, want amd64", ape.ErrDamaged, image.NtHeader.FileHeader.Machine)
	case header.Subsystem != subsystem:
		return fmt.Errorf("%w: subsystem %v, want %v", ape.ErrDamaged, header.Subsystem, subsystem)
	case !executable(image.Sections, header.AddressOfEntryPoint):
		return fmt.Errorf("%w: entry point %#x lies in no executable section", ape.ErrDamaged, header.AddressOfEntryPoint)
	case len(image.Anomalies) > 0:
		return fmt.Errorf("%w: %w: %q", ape.ErrDamaged, errOdd, image.Anomalies)
	}
	return nil
}

// executable reports whether the address lies in an executable section.
func executable(sections []saferwall.Section, address uint32) bool {
	return slices.ContainsFunc(sections, func(s saferwall.Section) bool {
		return s.Header.Characteristics&saferwall.ImageSectionMemExecute != 0 && address-s.Header.VirtualAddress < s.Header.VirtualSize
	})
}

var errOdd = errors.New("odd for a PE image")

// silent is a log that nobody reads: what is wrong is in the error and the anomalies.
type silent struct{}

func (silent) Log(log.Level, ...any) error { return nil }
