package main

import (
	"encoding/json"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/version"
)

func newVersionCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			if !asJSON {
				_, err := fmt.Fprintf(out, "llamaboot %s %s/%s %s\n", version.Version, runtime.GOOS, runtime.GOARCH, runtime.Version())
				return err
			}
			return json.NewEncoder(out).Encode(map[string]string{
				"version": version.Version,
				"os":      runtime.GOOS,
				"arch":    runtime.GOARCH,
				"go":      runtime.Version(),
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}
