package main

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/build"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/zipalign"
)

func newExtractCmd() *cobra.Command {
	var dir string
	var force bool
	cmd := &cobra.Command{
		Use:   "extract FILE [MEMBER]...",
		Short: "Copy members out of a llamafile's archive",
		Long: `Copy members of a llamafile's archive to files, checking their checksums. Without
names, everything but llamaboot's own members (boot/, bin/, manifest, licence).
"-C -" writes one member to standard output.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			f, file, err := build.OpenLlamafile(args[0])
			if err != nil {
				return err
			}
			defer file.Close()
			members, err := chooseMembers(f, args[1:])
			if err != nil {
				return err
			}
			if dir == "-" {
				if len(members) != 1 {
					return cli.Usagef("-C - writes one member, got %d", len(members))
				}
				r, err := f.ZIP.Data(members[0])
				if err != nil {
					return err
				}
				_, err = io.Copy(cmd.OutOrStdout(), cli.Reader(cmd.Context(), r))
				return err
			}
			for _, m := range members {
				if err := extract(cmd.Context(), f, m, dir, force); err != nil {
					return err
				}
			}
			return nil
		},
	}
	cmd.Flags().StringVarP(&dir, "directory", "C", ".", "folder to write to; - for standard output")
	cmd.Flags().BoolVarP(&force, "force", "f", false, "replace files that exist")
	return cmd
}

// chooseMembers returns the named members, or all of the user's.
func chooseMembers(f *ape.File, names []string) ([]*zipalign.Member, error) {
	var out []*zipalign.Member
	if len(names) == 0 {
		for i := range f.ZIP.Members {
			if m := &f.ZIP.Members[i]; !format.IsOwn(m.Name) {
				out = append(out, m)
			}
		}
		return out, nil
	}
	for _, name := range names {
		m, err := f.ZIP.Find(name)
		if err != nil {
			return nil, cli.WithHint(err, "llamaboot ls lists the members")
		}
		out = append(out, m)
	}
	return out, nil
}

// extract writes a member below dir. Its name was made elsewhere and must not lead
// out of dir.
func extract(ctx context.Context, f *ape.File, m *zipalign.Member, dir string, force bool) error {
	if strings.HasSuffix(m.Name, "/") {
		return nil // a folder; it is made with its first file
	}
	if err := zipalign.CheckName(m.Name); err != nil {
		return err
	}
	r, err := f.ZIP.Data(m)
	if err != nil {
		return err
	}
	path := filepath.Join(dir, filepath.FromSlash(m.Name))
	if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
		return err
	}
	perm := os.FileMode(0o666)
	if m.Mode&0o111 != 0 {
		perm = 0o777
	}
	return outfile.Write(path, perm, force, m.Size, func(out *outfile.File) error {
		_, err := io.Copy(out, cli.Reader(ctx, r))
		return err
	})
}
