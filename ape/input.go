package ape

import (
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/ape/format"
)

// A Program is one hosted program. The linux/amd64 one is the core as well: the
// same ELF starts on bare metal.
type Program struct {
	OS, Arch string
	Data     []byte
}

// Target names the program's platform, such as "linux/amd64".
func (p *Program) Target() string { return p.OS + "/" + p.Arch }

// A Member is one file to be stored in the ZIP, uncompressed.
type Member struct {
	Name string
	Size int64
	Data io.ReaderAt // Size bytes
	// Title is what a model calls itself; it is recorded in the manifest.
	Title string
	// Golden is what a model generated; it is recorded likewise.
	Golden *format.Golden
}

// An Input is everything a llamafile is made of.
type Input struct {
	Faces    format.Faces
	Programs []Program
	PE       format.Flavour
	Members  []Member
	Settings []byte // text of llamaboot.cfg on the EFI System Partition; nil for DefaultSettings
	Licence  string // text of the member LICENSE; empty for none
	Version  string // of llamaboot, for the manifest
}

// program returns the program for a target, or nil.
func (in *Input) program(target string) *Program {
	for i := range in.Programs {
		if in.Programs[i].Target() == target {
			return &in.Programs[i]
		}
	}
	return nil
}

// settings returns the text of llamaboot.cfg.
func (in *Input) settings() []byte {
	if in.Settings == nil {
		return DefaultSettings
	}
	return in.Settings
}

func (in *Input) check() error {
	if len(in.Settings) > format.MaxSettings {
		return fmt.Errorf("%w: %s of %d bytes, want at most %d", ErrTooBig, format.SettingsName, len(in.Settings), format.MaxSettings)
	}
	seen := map[string]bool{}
	for i := range in.Programs {
		if t := in.Programs[i].Target(); seen[t] {
			return fmt.Errorf("%w: %s twice", ErrProgram, t)
		} else {
			seen[t] = true
		}
	}
	if !seen[format.CoreTarget] {
		return fmt.Errorf("%w: none for linux/amd64, which is also what boots", ErrProgram)
	}
	if !in.Faces.BIOS && !in.Faces.UEFI {
		return errors.New("neither BIOS nor UEFI face: the disk would not boot")
	}
	switch in.PE {
	case format.EFI:
		if in.Faces.Hosted && !in.Faces.UEFI {
			return fmt.Errorf("PE flavour %q needs the UEFI face", in.PE)
		}
	case format.Windows:
		if in.Faces.Hosted && !seen["windows/amd64"] {
			return fmt.Errorf("%w: PE flavour %q wants a windows/amd64 program", ErrProgram, in.PE)
		}
	default:
		return fmt.Errorf("PE flavour %q: want %q or %q", in.PE, format.Windows, format.EFI)
	}
	for _, m := range in.Members {
		if format.IsOwn(m.Name) {
			return fmt.Errorf("member %q is written by llamaboot itself: choose another name", m.Name)
		}
	}
	return nil
}
