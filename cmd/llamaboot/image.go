package main

import (
	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/build"
)

func newImageCmd() *cobra.Command {
	var o build.ImageOptions
	var out build.Output
	cmd := &cobra.Command{
		Use:   "image [--bios] [--uefi] FILE -o FILE.img",
		Short: "Make a disk image from a llamafile or a GGUF model",
		Long: `Make a raw disk image that boots the model. With --bios or --uefi the image is for
that firmware only; with both or neither it is for both.

A llamafile is such an image already: it can be written to a disk as it is. An
image is smaller, as it holds no programs for operating systems.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := build.PlanImage(args[0], o)
			if err != nil {
				return err
			}
			defer p.Close()
			out.Progress = cmd.ErrOrStderr()
			return p.Write(cmd.Context(), out)
		},
	}
	flags := cmd.Flags()
	flags.BoolVar(&o.BIOS, "bios", false, "for BIOS machines")
	flags.BoolVar(&o.UEFI, "uefi", false, "for UEFI machines: GPT with an EFI System Partition")
	flags.StringVarP(&out.Path, "output", "o", "", "file to write (default: FILE's name with .img, in this folder)")
	flags.StringVar(&o.Args, "args", "", "file with default arguments for a GGUF model, one a line")
	flags.StringVar(&o.Settings, "cfg", "", cfgHelp)
	flags.BoolVar(&out.XZ, "xz", false, "compress the image (slow: some 2 MB a second); the output ends in .img.xz")
	flags.BoolVarP(&out.Force, "force", "f", false, "replace the output if it exists")
	return cmd
}
