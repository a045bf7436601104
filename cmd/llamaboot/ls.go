package main

import (
	"encoding/json"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/internal/build"
)

func newLsCmd() *cobra.Command {
	var asJSON, long bool
	cmd := &cobra.Command{
		Use:   "ls FILE",
		Short: "List the members of a llamafile's archive",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, file, err := build.OpenLlamafile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			type member struct {
				Name   string `json:"name"`
				Size   int64  `json:"size"`
				Offset int64  `json:"offset"`
				CRC32  string `json:"crc32"`
			}
			var list []member
			p := &printer{w: cmd.OutOrStdout()}
			for _, m := range f.ZIP.Members {
				e := member{m.Name, m.Size, m.Offset, fmt.Sprintf("%08x", m.CRC32)}
				list = append(list, e)
				switch {
				case asJSON:
				case long:
					p.printf("%12d %#12x %s %s\n", e.Size, e.Offset, e.CRC32, e.Name)
				default:
					p.printf("%s\n", e.Name)
				}
			}
			if asJSON {
				return json.NewEncoder(cmd.OutOrStdout()).Encode(list)
			}
			return p.err
		},
	}
	cmd.Flags().BoolVarP(&long, "long", "l", false, "with size, offset and CRC-32")
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON array")
	return cmd
}
