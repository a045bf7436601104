package main

import (
	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/build"
)

func newSealCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "seal LLAMAFILE",
		Short: "Repair a llamafile after other tools changed its archive",
		Long: `Make a llamafile whole again after another tool (such as zip) changed its archive:
partition tables and their backups, alignment, manifest. Members keep their contents.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return build.Seal(cmd.Context(), args[0], cmd.ErrOrStderr())
		},
	}
}
