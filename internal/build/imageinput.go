// Package build makes files that boot and run out of models and llamafiles.
package build

import (
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
)

// ImageFaces returns the faces of an image for the given firmware; both or neither
// means a hybrid.
func ImageFaces(bios, uefi bool) format.Faces {
	if bios == uefi {
		return format.Faces{BIOS: true, UEFI: true}
	}
	return format.Faces{BIOS: bios, UEFI: uefi}
}

// ImageInput returns what a disk image with the given faces and the contents of f is made
// of: the hosted programs are left out.
func ImageInput(f *ape.File, faces format.Faces, licence, version string) (ape.Input, error) {
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
