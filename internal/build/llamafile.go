package build

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"strings"

	"github.com/llamaboot/llamaboot"
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/version"
)

// Options says what a llamafile is made of. Without From there must be a model; every other field may be empty.
type Options struct {
	Models       []string       // GGUF files; the program runs the first one unless it is told otherwise
	Projectors   []string       // GGUF files of multimodal projectors, carried for programs that can use them
	From         string         // llamafile whose members and settings are taken
	Args         string         // file with default arguments, in place of those of From
	Settings     string         // file with settings for booting, in place of those of From
	Targets      []string       // of the programs, such as linux/arm64, or AllTargets; empty: programs.Default
	Flavour      format.Flavour // what the file is to a PE loader; empty: Windows if there is a program for it
	Golden       Golden         // empty: GoldenAuto
	SplitWeights bool           // leave the model outside: it is written beside the llamafile
	Core         []byte         // the program for linux/amd64, which also boots; nil: the embedded one
}

// Llamafile makes the llamafile of o as out says.
func Llamafile(ctx context.Context, o Options, out Output) error {
	p, err := PlanLlamafile(ctx, o)
	if err != nil {
		return err
	}
	return errors.Join(p.Write(ctx, out), p.Close())
}

// PlanLlamafile opens everything o names and plans the llamafile.
func PlanLlamafile(ctx context.Context, o Options) (*Plan, error) {
	p := &Plan{mode: 0o777, inputs: slices.Concat(o.Models, o.Projectors, []string{o.Args, o.Settings})}
	if err := p.planLlamafile(ctx, &o); err != nil {
		p.Close()
		return nil, err
	}
	return p, nil
}

func (p *Plan) planLlamafile(ctx context.Context, o *Options) error {
	if len(o.Models) == 0 && o.From == "" {
		return cli.WithHint(cli.Usagef("no model given"), "llamaboot build --model FILE.gguf")
	}
	if o.SplitWeights && len(o.Models) != 1 {
		return cli.Usagef("--split-weights goes with one --model, got %d", len(o.Models))
	}
	in := ape.Input{Faces: format.AllFaces, Licence: llamaboot.Licence, Version: version.Version, PE: o.Flavour}
	if err := p.addModels(ctx, &in, o); err != nil {
		return err
	}
	if o.From != "" {
		if err := p.addFrom(&in, o); err != nil {
			return err
		}
	}
	if err := addTexts(&in, o.Args, o.Settings); err != nil {
		return err
	}
	if err := addPrograms(ctx, &in, o.Targets, o.Core); err != nil {
		return err
	}
	if len(o.Models) > 0 {
		name := in.Members[0].Name
		p.Name = name[:len(name)-len(".gguf")] + ".llamafile"
	}
	if o.SplitWeights {
		p.weights, in.Members = &in.Members[0], in.Members[1:]
	}
	plan, err := ape.NewPlan(in)
	if err != nil {
		return err
	}
	p.layout = plan
	if plan.Size() > ape.MaxWindows && in.PE == format.Windows {
		p.Notes = append(p.Notes, fmt.Sprintf("%d bytes is more than Windows starts as a program (%d); --split-weights keeps the model outside", plan.Size(), int64(ape.MaxWindows)))
	}
	return nil
}

// addModels puts the models and projectors into in.
func (p *Plan) addModels(ctx context.Context, in *ape.Input, o *Options) error {
	for i, path := range slices.Concat(o.Models, o.Projectors) {
		isModel := i < len(o.Models)
		open := OpenProjector
		if isModel {
			open = Open
		}
		m, err := open(path)
		if err != nil {
			return err
		}
		p.closers = append(p.closers, m)
		if m.note != "" {
			p.Notes = append(p.Notes, path+": "+m.note)
		}
		if isModel {
			if err := m.recordGolden(ctx, cmp.Or(o.Golden, GoldenAuto)); err != nil {
				return err
			}
		}
		in.Members = append(in.Members, m.Member)
	}
	return nil
}

// addFrom puts the members and settings of another llamafile into in.
func (p *Plan) addFrom(in *ape.Input, o *Options) error {
	old, file, err := OpenLlamafile(o.From)
	if err != nil {
		return err
	}
	p.closers = append(p.closers, file)
	members, err := old.Members()
	if err == nil {
		in.Settings, err = old.Settings()
	}
	for _, m := range members {
		if o.Args == "" || m.Name != format.ArgsName {
			in.Members = append(in.Members, m)
		}
	}
	return err
}

// writeWeights writes the model beside the llamafile, where its program looks for it. A model that is there already stays.
func (p *Plan) writeWeights(ctx context.Context, o Output) error {
	path := strings.TrimSuffix(strings.TrimSuffix(o.Path, ".exe"), ".llamafile") + ".gguf"
	if there, err := os.Stat(path); err == nil {
		if source, err := os.Stat(p.inputs[0]); err == nil && os.SameFile(source, there) {
			return nil
		}
	}
	return outfile.Write(path, 0o666, o.Force, p.weights.Size, func(out *outfile.File) error {
		return copyShown(ctx, out, p.weights.Data, p.weights.Size, "writing "+path, o.Progress)
	})
}
