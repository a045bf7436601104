package main

import (
	"os"
	"os/signal"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/runtime/app"
	"github.com/llamaboot/llamaboot/runtime/bundle"
)

func newRunCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "run FILE [ARGUMENTS]",
		Short: "Run a llamafile or GGUF model on this machine",
		Long: `Run a llamafile or a GGUF model on this machine with the program that a llamafile carries, without making a file.
ARGUMENTS are the ones of that program: llamaboot run FILE --help lists them.`,
		Example: `  llamaboot run model.gguf --cli -p "Once upon a time" -n 32
  llamaboot run model.llamafile --chat`,
		// The arguments belong to the program, not to this command.
		DisableFlagParsing: true,
		RunE: func(cmd *cobra.Command, args []string) error {
			if len(args) == 0 {
				return cli.WithHint(cli.Usagef("no FILE given"), "usage: %s", cmd.UseLine())
			}
			if args[0] == "--help" || args[0] == "-h" {
				return cmd.Help()
			}
			// The program obeys signals itself, as it does when it is started from its own file.
			signal.Reset(os.Interrupt, syscall.SIGTERM)
			p := app.Hosted("llamaboot run", args[1:])
			p.Stdin, p.Stdout, p.Stderr = cmd.InOrStdin(), cmd.OutOrStdout(), cmd.ErrOrStderr()
			p.OpenSelf = func() (*bundle.File, error) { return bundle.Open(args[0]) }
			if code := app.Main(p); code != app.ExitOK {
				return &exitError{code} // app.Main has said why
			}
			return nil
		},
	}
}
