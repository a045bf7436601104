package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/edit"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/zipalign"
)

// This file holds the verbs that change a llamafile in place: add and seal.

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
				return withHint(usagef("nothing to add"), "%s", cmd.UseLine())
			}
			if as != "" && len(files) != 1 {
				return usagef("--as goes with one file, got %d", len(files))
			}
			changes := edit.Changes{Remove: remove}
			for _, path := range files {
				m, file, err := newMember(path)
				if err != nil {
					return err
				}
				defer file.Close()
				if as != "" {
					m.Name = as
				}
				changes.Set = append(changes.Set, m)
			}
			if keepInputs(args[0], files...) != nil { // its bytes change while they are read
				return fmt.Errorf("%s cannot become a member of itself", args[0])
			}
			return editLlamafile(cmd.Context(), args[0], changes, cmd.ErrOrStderr())
		},
	}
	cmd.Flags().StringVar(&as, "as", "", "name in the archive")
	cmd.Flags().StringArrayVar(&remove, "remove", nil, "member to take out; repeat for several")
	return cmd
}

// newMember opens the file at path as a member called by its base name. A model is
// checked as build does.
func newMember(path string) (ape.Member, io.Closer, error) {
	if strings.HasSuffix(strings.ToLower(path), ".gguf") {
		m, err := openModel(path)
		if err != nil {
			return ape.Member{}, nil, err
		}
		return m.Member, m, nil
	}
	file, err := os.Open(path)
	if err != nil {
		return ape.Member{}, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = withHint(fmt.Errorf("%s: not a regular file", path), "name its files one by one")
	}
	if err != nil {
		file.Close()
		return ape.Member{}, nil, err
	}
	return ape.Member{Name: filepath.Base(path), Size: info.Size(), Data: file}, file, nil
}

func newSealCmd() *cobra.Command {
	return &cobra.Command{
		Use:   "seal LLAMAFILE",
		Short: "Repair a llamafile after other tools changed its archive",
		Long: `Make a llamafile whole again after another tool (such as zip) changed its archive:
partition tables and their backups, alignment, manifest. Members keep their contents.`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return editLlamafile(cmd.Context(), args[0], edit.Changes{Seal: true}, cmd.ErrOrStderr())
		},
	}
}

// editLlamafile changes the llamafile at path and explains what can go wrong.
func editLlamafile(ctx context.Context, path string, changes edit.Changes, stderr io.Writer) error {
	total := int64(0)
	for _, m := range changes.Set {
		total += m.Size
	}
	add, finish := progress.Bytes(stderr, "writing "+path, total)
	err := edit.Apply(ctx, path, changes, add)
	finish()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %s is as it was", errInterrupted, path)
	case errors.Is(err, syscall.ETXTBSY):
		return withHint(err, "the file is running as a program; stop it first")
	case errors.Is(err, syscall.ENOSPC):
		return withHint(err, "%s is as it was; free some space", path)
	case errors.Is(err, zipalign.ErrNotFound):
		return withHint(err, "llamaboot ls lists the members")
	}
	return explainLlamafile(path, err)
}
