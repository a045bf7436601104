package build

import (
	"errors"
	"path/filepath"
	"strings"

	"github.com/llamaboot/llamaboot"
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/programs"
	"github.com/llamaboot/llamaboot/internal/version"
	"github.com/llamaboot/llamaboot/zipalign"
)

// ImageOptions says what a disk image is for; both firmwares or neither means both.
type ImageOptions struct {
	BIOS, UEFI bool
	Args       string // file with default arguments, for an image of a model
	Settings   string // file with settings for booting
}

// PlanImage plans a disk image of the llamafile or GGUF model at path.
func PlanImage(path string, o ImageOptions) (*Plan, error) {
	p := &Plan{
		Name:   strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".img",
		mode:   0o666,
		inputs: []string{path, o.Args, o.Settings},
	}
	if err := p.planImage(path, o); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Plan) planImage(path string, o ImageOptions) error {
	in, err := p.imageSource(path, o)
	if err != nil {
		return err
	}
	if o.Settings != "" && !in.Faces.UEFI {
		return cli.WithHint(cli.Usagef("--cfg with --bios: an image for BIOS machines alone has no EFI partition to put it on"), "--args sets defaults of a GGUF model's image; leave --bios out for an image with both")
	}
	if err := addTexts(&in, o.Args, o.Settings); err != nil {
		return err
	}
	p.layout, err = ape.NewPlan(in)
	return err
}

// imageSource opens path and returns what its image is made of, but for what o adds.
func (p *Plan) imageSource(path string, o ImageOptions) (ape.Input, error) {
	faces := imageFaces(o.BIOS, o.UEFI)
	source, file, err := OpenLlamafile(path)
	if err == nil {
		p.closers = append(p.closers, file)
		if o.Args != "" {
			return ape.Input{}, cli.WithHint(cli.Usagef("--args with a llamafile"), "it has its own; change them with llamaboot build --from")
		}
		return imageInput(source, faces, llamaboot.Licence, version.Version)
	}
	if !errors.Is(err, ape.ErrModel) && !errors.Is(err, zipalign.ErrFormat) {
		return ape.Input{}, err
	}
	model, err := Open(path)
	if err != nil {
		return ape.Input{}, err
	}
	p.closers = append(p.closers, model)
	core, err := programs.Read(format.CoreTarget)
	if err != nil {
		return ape.Input{}, err
	}
	return ape.Input{
		Faces:    faces,
		Programs: []ape.Program{{OS: "linux", Arch: "amd64", Data: core}},
		PE:       format.EFI,
		Members:  []ape.Member{model.Member},
		Licence:  llamaboot.Licence,
		Version:  version.Version,
	}, nil
}

// imageFaces returns the faces of an image for the given firmware; both or neither means both.
func imageFaces(bios, uefi bool) format.Faces {
	if bios == uefi {
		return format.Faces{BIOS: true, UEFI: true}
	}
	return format.Faces{BIOS: bios, UEFI: uefi}
}

// imageInput returns what a disk image with the given faces and the contents of f is made of: the hosted programs are left
// out.
func imageInput(f *ape.File, faces format.Faces, licence, version string) (ape.Input, error) {
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
