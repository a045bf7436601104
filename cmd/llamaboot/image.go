package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot"
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/edit"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/programs"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/internal/version"
	"github.com/llamaboot/llamaboot/zipalign"
)

type imageFlags struct {
	bios, uefi bool
	output     string
	args       string
	cfg        string
	xz         bool
	force      bool
}

func newImageCmd() *cobra.Command {
	var f imageFlags
	cmd := &cobra.Command{
		Use:   "image [--bios] [--uefi] FILE -o FILE.img",
		Short: "Make a disk image from a llamafile or a GGUF model",
		Long: `Make a raw disk image that boots the model. With --bios or --uefi the image is for
that firmware only; with both or neither it is for both.

A llamafile is such an image already: it can be written to a disk as it is. An
image is smaller, as it holds no programs for operating systems.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return runImage(cmd.Context(), args[0], &f, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().BoolVar(&f.bios, "bios", false, "for BIOS machines")
	cmd.Flags().BoolVar(&f.uefi, "uefi", false, "for UEFI machines: GPT with an EFI System Partition")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "file to write (default: FILE's name with .img, in this folder)")
	cmd.Flags().StringVar(&f.args, "args", "", "file with default arguments for a GGUF model, one a line")
	cmd.Flags().StringVar(&f.cfg, "cfg", "", cfgHelp)
	cmd.Flags().BoolVar(&f.xz, "xz", false, "compress the image (slow: some 2 MB a second); the output ends in .img.xz")
	cmd.Flags().BoolVarP(&f.force, "force", "f", false, "replace the output if it exists")
	return cmd
}

func runImage(ctx context.Context, path string, f *imageFlags, stderr io.Writer) error {
	in, file, err := imageInput(path, f)
	if err != nil {
		return err
	}
	defer file.Close()
	if f.cfg != "" && !in.Faces.UEFI {
		return withHint(usagef("--cfg with --bios: an image for BIOS machines alone has no EFI partition to put it on"), "--args sets defaults of a GGUF model's image; leave --bios out for an image with both")
	}
	if err := addSettings(&in, f.cfg); err != nil {
		return err
	}
	output := f.output
	if output == "" {
		output = strings.TrimSuffix(filepath.Base(path), filepath.Ext(path)) + ".img"
		if f.xz {
			output += ".xz"
		}
	}
	if err := keepInputs(output, path, f.args, f.cfg); err != nil {
		return err
	}
	plan, err := ape.NewPlan(in)
	if err != nil {
		return err
	}
	write := func(out *outfile.File) error {
		add, finish := progress.Bytes(stderr, "writing "+output, plan.Size())
		defer finish()
		return plan.Write(ctx, out, add)
	}
	if f.xz {
		return writeCompressed(ctx, output, f.force, plan.Size(), write, stderr)
	}
	return writeOutput(output, 0o666, f.force, plan.Size(), write)
}

// imageInput opens path, a llamafile or a GGUF model, and returns what its image is
// made of. The file must stay open until the image was written.
func imageInput(path string, f *imageFlags) (ape.Input, io.Closer, error) {
	faces := build.ImageFaces(f.bios, f.uefi)
	source, file, err := openLlamafile(path)
	if err == nil {
		var in ape.Input
		if f.args != "" {
			err = withHint(usagef("--args with a llamafile"), "it has its own; change them with llamaboot build --from")
		} else {
			in, err = build.ImageInput(source, faces, llamaboot.Licence, version.Version)
		}
		if err != nil {
			file.Close()
			return ape.Input{}, nil, err
		}
		return in, file, nil
	}
	if !errors.Is(err, ape.ErrModel) && !errors.Is(err, zipalign.ErrFormat) {
		return ape.Input{}, nil, err
	}
	model, err := openModel(path)
	if err != nil {
		return ape.Input{}, nil, err
	}
	core, err := programs.Read(format.CoreTarget)
	if err != nil {
		model.Close()
		return ape.Input{}, nil, err
	}
	in := ape.Input{
		Faces:    faces,
		Programs: []ape.Program{{OS: "linux", Arch: "amd64", Data: core}},
		PE:       format.EFI,
		Members:  []ape.Member{model.Member},
		Licence:  llamaboot.Licence,
		Version:  version.Version,
	}
	if err := addArgs(&in, f.args); err != nil {
		model.Close()
		return ape.Input{}, nil, err
	}
	return in, model, nil
}

// openLlamafile opens the llamafile at path; the caller closes the file.
func openLlamafile(path string) (*ape.File, *os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	var f *ape.File
	if err == nil {
		if f, err = ape.Open(file, info.Size()); err != nil {
			err = explainLlamafile(path, fmt.Errorf("%s: %w", path, err))
		}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return f, file, nil
}

// explainLlamafile adds what to do about the file at path, which is no whole llamafile.
func explainLlamafile(path string, err error) error {
	switch {
	case edit.Pending(path):
		return withHint(err, "an edit of this file was cut off; llamaboot seal undoes it")
	case errors.Is(err, ape.ErrCut):
		return withHint(err, "the download or copy may have failed: get the file again")
	case errors.Is(err, ape.ErrModel), errors.Is(err, format.ErrFormat), errors.Is(err, zipalign.ErrFormat):
		return withHint(err, "llamaboot build makes llamafiles")
	}
	return err
}
