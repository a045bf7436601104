// Package image makes disk images out of llamafiles and models. A llamafile is
// itself a hybrid image (BIOS and UEFI); images for one firmware leave out the
// other's parts and the hosted programs.
//
// Its sub-packages hold the disk structures: gpt (partition tables) and fat32
// (the EFI System Partition).
package image

import (
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
)

// Faces returns the faces of an image for the given firmware; both or neither
// means a hybrid.
func Faces(bios, uefi bool) format.Faces {
	if bios == uefi {
		return format.Faces{BIOS: true, UEFI: true}
	}
	return format.Faces{BIOS: bios, UEFI: uefi}
}

// Input returns what an image with the given faces and the contents of f is made of.
func Input(f *ape.File, faces format.Faces, licence, version string) (ape.Input, error) {
	core, err := f.Program(format.CoreTarget)
	if err != nil {
		return ape.Input{}, err
	}
	members, err := f.Members()
	if err != nil {
		return ape.Input{}, err
	}
	settings, err := f.Settings()
	if err != nil {
		return ape.Input{}, err
	}
	return ape.Input{
		Faces:    faces,
		Settings: settings,
		Programs: []ape.Program{*core},
		PE:       format.EFI,
		Members:  members,
		Licence:  licence,
		Version:  version,
	}, nil
}
