package main

import (
	"encoding/json"
	"io"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/ape/inspect"
	"github.com/llamaboot/llamaboot/internal/build"
)

// inspection is what inspect --json prints.
type inspection struct {
	Size     int64            `json:"size"`
	Build    string           `json:"build"` // of the program that boots
	Manifest *format.Manifest `json:"manifest"`
	Regions  []inspect.Region `json:"regions"`
	Faces    []inspect.Face   `json:"faces"`
}

func newInspectCmd() *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "inspect FILE",
		Short: "Show the map of a llamafile and what each of its readers sees, or what is in a model",
		Args:  cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if isGGUF(args[0]) {
				return inspectGGUF(cmd.OutOrStdout(), args[0], asJSON)
			}
			f, file, err := build.OpenLlamafile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			faces, err := inspect.Faces(f)
			if err != nil {
				return err
			}
			build, err := buildOf(f)
			if err != nil { // the map of a damaged file is worth most
				build = "unknown"
				faces = append(faces, inspect.Face{Name: "program that boots", Problem: err.Error()})
			}
			in := inspection{f.Size(), build, f.Manifest, inspect.Regions(f), faces}
			if asJSON {
				enc := json.NewEncoder(cmd.OutOrStdout())
				enc.SetIndent("", "  ")
				return enc.Encode(in)
			}
			return in.print(cmd.OutOrStdout())
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print one JSON object")
	return cmd
}

// buildOf is the build of a llamafile's program that boots.
func buildOf(f *ape.File) (string, error) {
	core, err := f.Program(format.CoreTarget)
	if err != nil {
		return "", err
	}
	return ape.BuildID(core.Data)
}

func (in *inspection) print(w io.Writer) error {
	p := &printer{w: w}
	p.printf("%d bytes, made by %s, build %s\n", in.Size, in.Manifest.Generator, in.Build)
	for _, m := range in.Manifest.Members {
		if m.Title != "" {
			p.printf("%s: %q, SHA-256 %s\n", m.Name, m.Title, m.SHA256)
		}
	}
	p.printf("\n")
	p.printf("%12s %12s  content\n", "offset", "bytes")
	for _, r := range in.Regions {
		p.printf("%#12x %12d  %s\n", r.Offset, r.Size, r.Name)
	}
	for _, f := range in.Faces {
		p.printf("\n%s:\n", f.Name)
		if len(f.Sees) == 0 && f.Problem == "" {
			p.printf("  nothing: the file has no such face\n")
		}
		for _, line := range f.Sees {
			p.printf("  %s\n", line)
		}
		if f.Problem != "" {
			p.printf("  PROBLEM: %s\n", f.Problem)
		}
	}
	return p.err
}
