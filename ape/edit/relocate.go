package edit

import (
	"fmt"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/zipalign"
)

// This file holds what sealing does about programs that another tool moved or took out. The shell script, the program
// headers and stage 2 know programs by offset, so they have to be made anew then.

// checkPrograms is ErrRebuild when a program is not where the manifest says, and another error when sealing cannot
// help: the one that boots lies inside the EFI System Partition, which nothing can replace.
func checkPrograms(f *ape.File) error {
	first := format.ESPName
	if !f.Manifest.Faces.UEFI {
		first = format.CoreName
	}
	if m, err := f.ZIP.Find(first); err != nil || m.Offset != format.OffESP || m.Method != zipalign.Store {
		return fmt.Errorf("%w: member %s, which holds the program that boots, is not at offset %#x (extract the model and make a new file)", ape.ErrDamaged, first, format.OffESP)
	}
	for _, rec := range f.Manifest.Programs {
		if rec.Target == format.CoreTarget {
			continue
		}
		m := programMember(f, rec.Target)
		switch {
		case m == nil:
			return fmt.Errorf("%w: program %s is gone", ErrRebuild, rec.Target)
		case m.Method != zipalign.Store:
			return fmt.Errorf("%w: program %s was compressed by another tool (take it out with zip -d, then seal)", ape.ErrDamaged, rec.Target)
		case m.Offset != rec.Offset:
			return fmt.Errorf("%w: program %s is at offset %#x, was at %#x", ErrRebuild, rec.Target, m.Offset, rec.Offset)
		}
	}
	return nil
}

// programMember returns the member of the hosted program for a target, nil if there is none.
func programMember(f *ape.File, target string) *zipalign.Member {
	m, err := f.ZIP.Find(format.ProgramName(target))
	if err != nil {
		return nil
	}
	return m
}

// relocated returns f with the programs where their members are, without those that have none.
func relocated(f *ape.File) *ape.File {
	manifest := *f.Manifest
	manifest.Programs = nil
	windows := false
	for _, rec := range f.Manifest.Programs {
		if rec.Target != format.CoreTarget {
			m := programMember(f, rec.Target)
			if m == nil {
				continue
			}
			rec.Offset = m.Offset
		}
		windows = windows || rec.Target == "windows/amd64"
		manifest.Programs = append(manifest.Programs, rec)
	}
	if manifest.Faces.Hosted && !windows {
		manifest.PE = format.EFI
	}
	moved := *f
	moved.Manifest = &manifest
	return &moved
}
