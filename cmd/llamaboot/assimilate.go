package main

import (
	"runtime"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/build"
)

// osNames are the values of --os with what build.PlanExecutable calls them.
var osNames = map[string]string{"macos": "darwin", "darwin": "darwin", "bsd": build.BSD, "linux": "linux", "windows": "windows", "freebsd": "freebsd", "openbsd": "openbsd", "netbsd": "netbsd"}

// archNames are the values of --arch with what Go calls them.
var archNames = map[string]string{"amd64": "amd64", "x86_64": "amd64", "x64": "amd64", "arm64": "arm64", "aarch64": "arm64"}

func newAssimilateCmd() *cobra.Command {
	var osName, arch string
	var out build.Output
	cmd := &cobra.Command{
		Use:   "assimilate FILE",
		Short: "Make a plain executable for one system from a llamafile",
		Long: `Make a plain executable for one system: the program and the llamafile's members, nothing
else. It starts without a shell (from Python's subprocess, from Go's os/exec, from
systemd) and does not boot.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			p, err := build.PlanExecutable(args[0], osName, arch, cmd.Flags().Changed("arch"))
			if err != nil {
				return err
			}
			defer p.Close()
			out.Progress = cmd.ErrOrStderr()
			return p.Write(cmd.Context(), out)
		},
	}
	flags := cmd.Flags()
	aliasVar(flags, &osName, "os", runtime.GOOS, osNames, "linux, windows, macos or bsd", "linux, windows, macos, bsd (or freebsd, openbsd, netbsd)")
	aliasVar(flags, &arch, "arch", runtime.GOARCH, archNames, "amd64 or arm64", "amd64 or arm64; not given: the one the file has a program for")
	flags.StringVarP(&out.Path, "output", "o", "", "file to write (default: FILE's name with the system's, in this folder)")
	flags.BoolVarP(&out.Force, "force", "f", false, "replace the output if it exists")
	return cmd
}
