package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/programs"
)

func newBuildCmd() *cobra.Command {
	var o build.Options
	var out build.Output
	cmd := &cobra.Command{
		Use:   "build {--model FILE.gguf | --from LLAMAFILE} [-o FILE.llamafile]",
		Short: "Make a llamafile from a GGUF model",
		Long: `Make one file that is a program for Linux, Windows, macOS and BSD, a disk that boots
BIOS and UEFI machines, and a ZIP archive with the model inside.

The file appears under its name only when it is complete. An existing file is
left alone unless --force is given.

A model split into several files (NAME-00001-of-00003.gguf and so on) is given by its
first file and joined.

--from starts from a llamafile: with --args and no -o only its default arguments are
changed, in place and in no time; otherwise a new file is made of its models, with the
programs of this llamaboot.`,
		Example: `  llamaboot build --model model.gguf
  llamaboot build --model model.gguf --args defaults.txt -o chat.llamafile`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error {
			out.Progress = cmd.ErrOrStderr()
			if o.From != "" && out.Path == "" {
				return changeFrom(cmd.Context(), o, out)
			}
			p, err := build.PlanLlamafile(cmd.Context(), o)
			if errors.Is(err, context.Canceled) {
				return fmt.Errorf("%w: nothing was written", cli.ErrInterrupted)
			}
			if err != nil {
				return err
			}
			defer p.Close()
			for _, note := range p.Notes {
				fmt.Fprintf(cmd.ErrOrStderr(), "llamaboot: note: %s\n", note)
			}
			return p.Write(cmd.Context(), out)
		},
	}
	flags := cmd.Flags()
	flags.StringArrayVarP(&o.Models, "model", "m", nil, "GGUF file to put in; repeat for several")
	flags.StringArrayVar(&o.Projectors, "mmproj", nil, "GGUF file of a multimodal projector to put in as well")
	flags.StringVar(&o.From, "from", "", "llamafile to start from")
	flags.StringVarP(&out.Path, "output", "o", "", "file to write (default: the model's name with .llamafile, in this folder)")
	flags.StringVar(&o.Args, "args", "", "file with default arguments, one a line, \"...\" where the user's go")
	flags.StringVar(&o.Settings, "cfg", "", cfgHelp)
	wordListVar(flags, &o.Targets, "targets", append(programs.Targets(), build.AllTargets), "programs to put in, such as linux/arm64,windows/amd64 or all (default: linux, windows, darwin/arm64, freebsd; linux/amd64 is always in, it also boots)")
	choiceVar(flags, &o.Flavour, "pe", "", []format.Flavour{format.Windows, format.EFI}, "what the file is to a PE loader: windows, or efi for EFI/BOOT/BOOTX64.EFI (default: windows if that program is in)")
	flags.BoolVar(&o.SplitWeights, "split-weights", false, "leave the model outside: write it beside the llamafile with the ending .gguf, where the program finds it (Windows starts no files over 4 GiB)")
	choiceVar(flags, &o.Golden, "golden", build.GoldenAuto, build.Goldens(), "record the likeliest tokens of the models for --selftest: yes, no, or auto (models up to 16 MiB, where it takes a moment)")
	flags.BoolVarP(&out.Force, "force", "f", false, "replace the output if it exists")
	return cmd
}

// changeFrom is --from without -o, which changes the default arguments of the llamafile in place and nothing else.
func changeFrom(ctx context.Context, o build.Options, out build.Output) error {
	if len(o.Models)+len(o.Projectors)+len(o.Targets) > 0 || o.Flavour != "" || o.Settings != "" || o.SplitWeights {
		return cli.WithHint(cli.Usagef("--from without -o can only change --args"), "name the new file with -o")
	}
	if o.Args == "" {
		return cli.WithHint(cli.Usagef("--from alone changes nothing"), "give --args FILE for new default arguments, or -o FILE for a new file")
	}
	return build.ReplaceArgs(ctx, o.From, o.Args, out.Progress)
}

// cfgHelp explains --cfg of the verbs that have it.
const cfgHelp = "file with settings for booting, lines KEY = VALUE: becomes llamaboot.cfg on the EFI partition, where the owner of the disk can edit it"
