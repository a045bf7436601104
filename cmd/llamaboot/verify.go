package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape/inspect"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/internal/version"
)

func newVerifyCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "verify FILE",
		Short: "Check every structure and checksum of a llamafile",
		Long: `Check every structure and checksum of a llamafile and name the first wrong byte of
each. The exit status is 0 only if all is well. llamaboot.cfg on the EFI partition may be
edited: that is noted and no error.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, file, err := build.OpenLlamafile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			add, finish := progress.Bytes(cmd.ErrOrStderr(), "reading "+args[0], f.Size())
			checks := inspect.Verify(cmd.Context(), f, version.Version, add)
			finish()
			type result struct {
				What  string `json:"what"`
				OK    bool   `json:"ok"`
				Error string `json:"error,omitempty"`
				Note  string `json:"note,omitempty"`
			}
			var results []result
			bad := 0
			p := &printer{w: cmd.OutOrStdout()}
			for _, c := range checks {
				r := result{What: c.What, OK: c.Err == nil, Note: c.Note}
				if c.Err != nil {
					r.Error, bad = c.Err.Error(), bad+1
				}
				results = append(results, r)
				switch {
				case asJSON:
				case r.Note != "":
					p.printf("ok     %s: %s\n", r.What, r.Note)
				case r.OK:
					p.printf("ok     %s\n", r.What)
				default:
					p.printf("WRONG  %s: %s\n", r.What, r.Error)
				}
			}
			if asJSON {
				p.err = json.NewEncoder(cmd.OutOrStdout()).Encode(results)
			}
			if err := cmd.Context().Err(); err != nil {
				return err
			}
			if p.err == nil && bad > 0 {
				return cli.WithHint(fmt.Errorf("%s: %d of %d checks failed", args[0], bad, len(checks)), "llamaboot seal repairs tables after foreign edits; damaged contents need a new copy")
			}
			return p.err
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}
