package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/programs"
	"github.com/llamaboot/llamaboot/internal/version"
)

func newVersionCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "version",
		Short: "Print the version, and the build of the program that boots",
		Args:  cobra.NoArgs,
		RunE: func(cmd *cobra.Command, args []string) error {
			out := cmd.OutOrStdout()
			build, err := coreBuild()
			if err != nil {
				return err
			}
			if !asJSON {
				_, err := fmt.Fprintf(out, "llamaboot %s build %s %s/%s %s\n", version.Version, build, runtime.GOOS, runtime.GOARCH, runtime.Version())
				return err
			}
			return json.NewEncoder(out).Encode(map[string]string{
				"version": version.Version,
				"build":   build,
				"os":      runtime.GOOS,
				"arch":    runtime.GOARCH,
				"go":      runtime.Version(),
			})
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// coreBuild is the build of the program that boots, as inspect and a machine's panic screen show it.
func coreBuild() (string, error) {
	core, err := programs.Read(format.CoreTarget)
	if errors.Is(err, programs.ErrNotBuilt) {
		return "without programs", nil
	}
	if err != nil {
		return "", err
	}
	return ape.BuildID(core)
}
