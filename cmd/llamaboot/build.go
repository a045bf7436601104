package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot"
	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/edit"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/programs"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/internal/version"
	"github.com/llamaboot/llamaboot/runtime/app"
)

// maxArgs bounds the file given with --args, as its reader does.
const maxArgs = 1 << 20

type buildFlags struct {
	models  []string
	mmproj  []string
	from    string
	output  string
	args    string
	cfg     string
	targets []string
	pe      string
	force   bool
	split   bool
	golden  string
}

func newBuildCmd() *cobra.Command {
	var f buildFlags
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
			return runBuild(cmd.Context(), &f, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringArrayVarP(&f.models, "model", "m", nil, "GGUF file to put in; repeat for several")
	cmd.Flags().StringArrayVar(&f.mmproj, "mmproj", nil, "GGUF file of a multimodal projector to put in as well")
	cmd.Flags().StringVar(&f.from, "from", "", "llamafile to start from")
	cmd.Flags().StringVarP(&f.output, "output", "o", "", "file to write (default: the model's name with .llamafile, in this folder)")
	cmd.Flags().StringVar(&f.args, "args", "", "file with default arguments, one a line, \"...\" where the user's go")
	cmd.Flags().StringVar(&f.cfg, "cfg", "", cfgHelp)
	cmd.Flags().StringSliceVar(&f.targets, "targets", nil, "programs to put in, such as linux/arm64,windows/amd64 or all (default: linux, windows, darwin/arm64, freebsd; linux/amd64 is always in, it also boots)")
	cmd.Flags().StringVar(&f.pe, "pe", "", "what the file is to a PE loader: windows, or efi for EFI/BOOT/BOOTX64.EFI (default: windows if that program is in)")
	cmd.Flags().BoolVar(&f.split, "split-weights", false, "leave the model outside: write it beside the llamafile with the ending .gguf, where the program finds it (Windows starts no files over 4 GiB)")
	cmd.Flags().StringVar(&f.golden, "golden", goldenAuto, "record the likeliest tokens of the models for --selftest: yes, no, or auto (models up to 16 MiB, where it takes a moment)")
	cmd.Flags().BoolVarP(&f.force, "force", "f", false, "replace the output if it exists")
	return cmd
}

func runBuild(ctx context.Context, f *buildFlags, stderr io.Writer) error {
	if len(f.models) == 0 && f.from == "" {
		return withHint(usagef("no model given"), "llamaboot build --model FILE.gguf")
	}
	if f.from != "" && f.output == "" && len(f.models)+len(f.mmproj)+len(f.targets) == 0 && f.pe == "" && f.cfg == "" {
		return replaceArgs(ctx, f, stderr)
	}
	in, closers, err := buildInput(ctx, f)
	defer func() {
		for _, c := range closers {
			c.Close()
		}
	}()
	if errors.Is(err, context.Canceled) {
		return fmt.Errorf("%w: nothing was written", errInterrupted)
	}
	if err != nil {
		return err
	}
	output := f.output
	if output == "" && f.from != "" {
		return withHint(usagef("--from without -o can only change --args"), "name the new file with -o")
	}
	if output == "" {
		name := in.Members[0].Name
		output = name[:len(name)-len(".gguf")] + ".llamafile"
	}
	if err := keepInputs(output, slices.Concat(f.models, f.mmproj, []string{f.args, f.cfg})...); err != nil {
		return err
	}
	if f.split {
		if err := splitWeights(ctx, &in, output, f, stderr); err != nil {
			return err
		}
	}
	plan, err := ape.NewPlan(in)
	if err != nil {
		return err
	}
	if plan.Size() > ape.MaxWindows && in.PE == format.Windows {
		fmt.Fprintf(stderr, "llamaboot: note: %d bytes is more than Windows starts as a program (%d); --split-weights keeps the model outside\n", plan.Size(), int64(ape.MaxWindows))
	}
	return writeOutput(output, 0o777, f.force, plan.Size(), func(out *outfile.File) error {
		add, finish := progress.Bytes(stderr, "writing "+output, plan.Size())
		defer finish()
		return plan.Write(ctx, out, add)
	})
}

// replaceArgs gives the llamafile of --from the default arguments of --args.
func replaceArgs(ctx context.Context, f *buildFlags, stderr io.Writer) error {
	if f.args == "" {
		return withHint(usagef("--from alone changes nothing"), "give --args FILE for new default arguments, or -o FILE for a new file")
	}
	var in ape.Input
	if err := addArgs(&in, f.args); err != nil {
		return err
	}
	return editLlamafile(ctx, f.from, edit.Changes{Set: in.Members}, stderr)
}

// buildInput opens everything the file is made of. The closers must be called after
// writing, also if there is an error.
func buildInput(ctx context.Context, f *buildFlags) (ape.Input, []io.Closer, error) {
	in := ape.Input{Faces: format.AllFaces, Licence: llamaboot.Licence, Version: version.Version}
	var closers []io.Closer
	for i, path := range slices.Concat(f.models, f.mmproj) {
		open := openModel
		if i >= len(f.models) { // a projector is carried for programs that can use it
			open = openGGUF
		}
		m, err := open(path)
		if err != nil {
			return in, closers, err
		}
		closers = append(closers, m)
		if i < len(f.models) {
			if err := recordGolden(ctx, m, f.golden); err != nil {
				return in, closers, err
			}
		}
		in.Members = append(in.Members, m.Member)
	}
	if f.from != "" {
		old, file, err := openLlamafile(f.from)
		if err != nil {
			return in, closers, err
		}
		closers = append(closers, file)
		members, err := old.Members()
		if err == nil {
			in.Settings, err = old.Settings()
		}
		if err != nil {
			return in, closers, err
		}
		for _, m := range members {
			if f.args == "" || m.Name != format.ArgsName {
				in.Members = append(in.Members, m)
			}
		}
	}
	err := addArgs(&in, f.args)
	if err == nil {
		err = addSettings(&in, f.cfg)
	}
	if err != nil {
		return in, closers, err
	}
	return in, closers, addPrograms(ctx, &in, f)
}

// addArgs puts the default arguments in the file at path into in; no path means none.
func addArgs(in *ape.Input, path string) error {
	if path == "" {
		return nil
	}
	b, err := readArgs(path)
	if err != nil {
		return err
	}
	in.Members = append(in.Members, ape.Member{Name: format.ArgsName, Size: int64(len(b)), Data: bytes.NewReader(b)})
	return nil
}

func readArgs(path string) ([]byte, error) {
	b, err := readShort(path, maxArgs)
	if err != nil {
		return nil, err
	}
	if i := bytes.IndexByte(b, 0); i >= 0 {
		return nil, withHint(fmt.Errorf("%s: byte 0 at offset %d: not a text file", path, i), "--args wants one argument a line")
	}
	return b, nil
}

const cfgHelp = "file with settings for booting, lines KEY = VALUE: becomes llamaboot.cfg on the EFI partition, where the owner of the disk can edit it"

// addSettings makes the file at path the llamaboot.cfg of in; no path leaves it.
func addSettings(in *ape.Input, path string) error {
	if path == "" {
		return nil
	}
	b, err := readShort(path, format.MaxSettings)
	if err != nil {
		return err
	}
	_, problems := app.ParseSettings(b)
	if len(problems) > 0 {
		return withHint(fmt.Errorf("%s: %s", path, strings.TrimSuffix(problems[0], app.LineLeftOut)), "llamaboot inspect FILE shows the settings of a llamafile; a comment starts with #")
	}
	in.Settings = b
	return nil
}

// readShort reads a file of at most limit bytes.
func readShort(path string, limit int64) ([]byte, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, limit+1))
	if err != nil {
		return nil, err
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: more than %d bytes", path, limit)
	}
	return b, nil
}

// readPrograms unpacks the programs for the targets, all at once: unpacking is slow and
// one goroutine's work for each, of which none is waited for when ctx ends.
func readPrograms(ctx context.Context, targets []string) ([]ape.Program, error) {
	list, errs := make([]ape.Program, len(targets)), make([]error, len(targets))
	var wg sync.WaitGroup
	for i, t := range targets {
		wg.Go(func() {
			osName, arch, _ := strings.Cut(t, "/")
			b, err := programs.Read(t)
			if errors.Is(err, programs.ErrUnknownTarget) {
				err = &usageError{err}
			}
			list[i], errs[i] = ape.Program{OS: osName, Arch: arch, Data: b}, err
		})
	}
	unpacked := make(chan struct{})
	go func() {
		wg.Wait()
		close(unpacked)
	}()
	select {
	case <-unpacked:
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return list, nil
}

// addPrograms puts the programs for the wanted targets into in and fixes the PE flavour.
func addPrograms(ctx context.Context, in *ape.Input, f *buildFlags) error {
	targets := f.targets
	if len(targets) == 0 {
		targets = programs.Default()
	}
	if slices.Equal(targets, []string{"all"}) {
		targets = programs.Targets()
	}
	if !slices.Contains(targets, format.CoreTarget) {
		targets = append([]string{format.CoreTarget}, targets...)
	}
	list, err := readPrograms(ctx, targets)
	if err != nil {
		return err
	}
	in.Programs = list
	in.PE = format.Flavour(f.pe)
	switch f.pe {
	case string(format.Windows), string(format.EFI):
	case "":
		in.PE = format.EFI
		if slices.Contains(targets, "windows/amd64") {
			in.PE = format.Windows
		}
	default:
		return withHint(usagef("--pe %q", f.pe), "--pe takes %s or %s", format.Windows, format.EFI)
	}
	return nil
}
