// Command llamaboot turns a GGUF model into one file that is a program for every common OS, a bootable disk and a ZIP.
//
// main.go holds the root command and the error convention. A verb lives in the file of its name, with VERB_*.go where it is
// long, and offers one constructor newVERBCmd() *cobra.Command, which verbs lists; it has the flags, one call of the
// package that does the work, and the printing. What several verbs need of a command line is in cli_*.go. How llamafiles
// are made is package internal/build.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/version"
)

// Exit statuses of the command.
const (
	exitOK      = 0
	exitFailure = 1 // the work could not be done
	exitUsage   = 2 // the command line is wrong

	exitInterrupted = 130 // Ctrl-C, as shells report it: 128 + SIGINT
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	context.AfterFunc(ctx, stop) // a second Ctrl-C ends the program where it stands
	os.Exit(run(ctx, os.Args[1:], os.Stdout, os.Stderr))
}

// run executes one command line and returns its exit status.
// Every error is printed here, once, as "llamaboot: ..." followed by its hint when it has one.
func run(ctx context.Context, args []string, stdout, stderr io.Writer) int {
	root := newRootCmd()
	root.SetArgs(args)
	root.SetOut(stdout)
	root.SetErr(stderr)
	err := root.ExecuteContext(ctx)
	if err == nil {
		return exitOK
	}
	var status *exitError
	if errors.As(err, &status) {
		return status.code
	}
	if errors.Is(err, context.Canceled) {
		err = cli.ErrInterrupted
	}
	fmt.Fprintf(stderr, "llamaboot: %v\n", err)
	if errors.Is(err, cli.ErrInterrupted) {
		return exitInterrupted
	}
	if hint := cli.HintOf(err); hint != "" {
		fmt.Fprintf(stderr, "hint: %s\n", hint)
	}
	if cli.IsUsage(err) {
		return exitUsage
	}
	return exitFailure
}

// exitError ends the command with a status and without a message: another program has already said why.
type exitError struct{ code int }

func (e *exitError) Error() string { return fmt.Sprintf("exit status %d", e.code) }

func newRootCmd() *cobra.Command {
	root := &cobra.Command{
		Use:           "llamaboot",
		Short:         "Turn a GGUF model into one file that runs and boots",
		Long:          "llamaboot turns a GGUF model into one .llamafile: a program for Linux, Windows, macOS and BSD,\na disk that boots BIOS and UEFI machines, and a ZIP archive.",
		Version:       version.Version,
		SilenceErrors: true,
		SilenceUsage:  true,
		Args: func(cmd *cobra.Command, args []string) error {
			if len(args) > 0 {
				return cli.WithHint(cli.Usagef("unknown verb %q", args[0]), "llamaboot --help lists the verbs")
			}
			return nil
		},
		RunE: func(cmd *cobra.Command, args []string) error { return cmd.Help() },
	}
	root.SetVersionTemplate("{{.Name}} {{.Version}}\n")
	root.SetFlagErrorFunc(func(cmd *cobra.Command, err error) error {
		return cli.WithHint(flagError(err), "%s --help lists its flags", cmd.CommandPath())
	})
	for _, verb := range verbs() {
		verb.Args = usageArgs(verb.Args)
		root.AddCommand(verb)
	}
	return root
}

// verbs lists every verb in the order of the help page's reader: first what makes files, then what looks at them.
func verbs() []*cobra.Command {
	return []*cobra.Command{
		newBuildCmd(),
		newImageCmd(),
		newAddCmd(),
		newSealCmd(),
		newAssimilateCmd(),
		newInspectCmd(),
		newVerifyCmd(),
		newLsCmd(),
		newExtractCmd(),
		newRunCmd(),
		newQemuCmd(),
		newBenchCmd(),
		newPerplexityCmd(),
		newQuantizeCmd(),
		newTokenizeCmd(),
		newTemplateCmd(),
		newLogitsCmd(),
		newEmbedCmd(),
		newFlashCmd(),
		newVersionCmd(),
		newManCmd(),
	}
}

// usageArgs makes a positional-argument error a usage error with a hint, so that it exits with status 2.
func usageArgs(check cobra.PositionalArgs) cobra.PositionalArgs {
	if check == nil {
		check = cobra.ArbitraryArgs
	}
	return func(cmd *cobra.Command, args []string) error {
		if err := check(cmd, args); err != nil {
			return cli.WithHint(cli.Usage(err), "usage: %s", cmd.UseLine())
		}
		return nil
	}
}
