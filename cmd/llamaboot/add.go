package main

import (
	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/zipalign"
)

func newAddCmd() *cobra.Command {
	var as string
	var remove []string
	cmd := &cobra.Command{
		Use:   "add LLAMAFILE FILE...",
		Short: "Put files into a llamafile, or replace those of the same name",
		Long: `Put files into a llamafile's archive under their base names; a member of the same
name is replaced. Only the end of the llamafile is rewritten, no other member is
touched. An interrupted edit is undone by the next one.`,
		Example: `  llamaboot add chat.llamafile .args
  llamaboot add chat.llamafile notes.txt --as docs/notes.txt
  llamaboot add chat.llamafile --remove docs/notes.txt`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			files := args[1:]
			if len(files) == 0 && len(remove) == 0 {
				return cli.WithHint(cli.Usagef("nothing to add"), "%s", cmd.UseLine())
			}
			if as != "" && len(files) != 1 {
				return cli.Usagef("--as goes with one file, got %d", len(files))
			}
			if as != "" {
				if err := zipalign.CheckName(as); err != nil {
					return cli.Usagef("--as %s: %w", printable(as), err)
				}
			}
			return build.Add(cmd.Context(), args[0], files, as, remove, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "name in the archive")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "member to take out; repeat for several")
	return cmd
}
