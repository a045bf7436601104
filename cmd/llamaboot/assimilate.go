package main

import (
	"errors"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/progress"
)

// otherArch is what --arch stands for when it was not given and the file has no program for this one.
var otherArch = map[string]string{"amd64": "arm64", "arm64": "amd64"}

// bsds are the systems --os bsd stands for, the first one a file holds wins.
var bsds = []string{"freebsd", "openbsd", "netbsd"}

func newAssimilateCmd() *cobra.Command {
	var osName, arch, output string
	var force bool
	cmd := &cobra.Command{
		Use:   "assimilate FILE",
		Short: "Make a plain executable for one system from a llamafile",
		Long: `Make a plain executable for one system: the program and the llamafile's members, nothing
else. It starts without a shell (from Python's subprocess, from Go's os/exec, from
systemd) and does not boot.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, file, err := openLlamafile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			has := func(target string) bool {
				return slices.ContainsFunc(f.Manifest.Programs, func(p format.RecordedProgram) bool { return p.Target == target })
			}
			target, err := nativeTarget(osName, arch, has)
			if err == nil && !has(target) && !cmd.Flags().Changed("arch") {
				target, err = nativeTarget(osName, otherArch[arch], has) // such as the one for macOS
			}
			if err != nil {
				return err
			}
			plan, err := f.Native(target)
			if errors.Is(err, ape.ErrProgram) && !has(target) {
				return withHint(err, "llamaboot build --from %s --targets %s -o NEW makes a file that has it", args[0], target)
			}
			if err != nil {
				return err
			}
			if output == "" {
				base := filepath.Base(args[0])
				output = strings.TrimSuffix(base, filepath.Ext(base)) + "-" + strings.ReplaceAll(target, "/", "-")
				if strings.HasPrefix(target, "windows/") {
					output += ".exe"
				}
			}
			return writeOutput(output, 0o777, force, plan.Size(), func(out *outfile.File) error {
				add, finish := progress.Bytes(cmd.ErrOrStderr(), "writing "+output, plan.Size())
				defer finish()
				return plan.Write(cmd.Context(), out, add)
			})
		},
	}
	cmd.Flags().StringVar(&osName, "os", runtime.GOOS, "linux, windows, macos, bsd (or freebsd, openbsd, netbsd)")
	cmd.Flags().StringVar(&arch, "arch", runtime.GOARCH, "amd64 or arm64; not given: the one the file has a program for")
	cmd.Flags().StringVarP(&output, "output", "o", "", "file to write (default: FILE's name with the system's, in this folder)")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace the output if it exists")
	return cmd
}

// nativeTarget turns the user's names into a target; has reports what the file holds.
func nativeTarget(osName, arch string, has func(string) bool) (string, error) {
	switch arch {
	case "x86_64", "x64":
		arch = "amd64"
	case "aarch64":
		arch = "arm64"
	}
	switch strings.ToLower(osName) {
	case "macos", "darwin":
		return "darwin/" + arch, nil
	case "bsd":
		for _, bsd := range bsds {
			if has(bsd + "/" + arch) {
				return bsd + "/" + arch, nil
			}
		}
		return bsds[0] + "/" + arch, nil
	case "linux", "windows", "freebsd", "openbsd", "netbsd":
		return strings.ToLower(osName) + "/" + arch, nil
	}
	return "", withHint(usagef("--os %q", osName), "--os takes linux, windows, macos or bsd")
}
