package main

import (
	"os"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/manpage"
	"github.com/llamaboot/llamaboot/internal/version"
)

func newManCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "man DIR",
		Short: "Write the man pages of every verb into DIR",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if err := os.MkdirAll(args[0], 0o777); err != nil {
				return err
			}
			return manpage.WriteTree(cmd.Root(), "llamaboot "+version.Version, args[0])
		},
	}
}
