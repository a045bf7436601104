package build

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/llamaboot/llamaboot/ape"
	"github.com/llamaboot/llamaboot/ape/edit"
	"github.com/llamaboot/llamaboot/ape/format"
	"github.com/llamaboot/llamaboot/internal/cli"
	"github.com/llamaboot/llamaboot/internal/outfile"
	"github.com/llamaboot/llamaboot/internal/progress"
	"github.com/llamaboot/llamaboot/zipalign"
)

// OpenLlamafile opens the llamafile at path; the caller closes the file.
func OpenLlamafile(path string) (*ape.File, *os.File, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = fmt.Errorf("%s: not a regular file", path)
	}
	var f *ape.File
	if err == nil {
		if f, err = ape.Open(file, info.Size()); err != nil {
			err = explain(path, fmt.Errorf("%s: %w", path, err))
		}
	}
	if err != nil {
		file.Close()
		return nil, nil, err
	}
	return f, file, nil
}

// explain adds what to do about the file at path, which is no whole llamafile.
func explain(path string, err error) error {
	switch {
	case edit.Pending(path):
		return cli.WithHint(err, "an edit of this file was cut off; llamaboot seal undoes it")
	case errors.Is(err, ape.ErrCut):
		return cli.WithHint(err, "the download or copy may have failed: get the file again")
	case errors.Is(err, ape.ErrModel), errors.Is(err, format.ErrFormat), errors.Is(err, zipalign.ErrFormat):
		return cli.WithHint(err, "llamaboot build makes llamafiles")
	}
	return err
}

// ReplaceArgs gives the llamafile at path the default arguments in the file args. How far it is is shown on terminal.
func ReplaceArgs(ctx context.Context, path, args string, terminal io.Writer) error {
	m, err := argsMember(args)
	if err != nil {
		return err
	}
	return change(ctx, path, edit.Changes{Set: []ape.Member{m}}, terminal)
}

// Add puts files into the llamafile at path, under the name as or their base names, and takes the members in remove out.
// as must be empty unless there is one file. A model is checked as for a new llamafile.
func Add(ctx context.Context, path string, files []string, as string, remove []string, terminal io.Writer) error {
	changes := edit.Changes{Remove: remove}
	for _, name := range files {
		m, file, err := openMember(name)
		if err != nil {
			return err
		}
		defer file.Close()
		if as != "" {
			m.Name = as
		}
		changes.Set = append(changes.Set, m)
	}
	if outfile.KeepInputs(path, files...) != nil { // its bytes change while they are read
		return fmt.Errorf("%s cannot become a member of itself", path)
	}
	return change(ctx, path, changes, terminal)
}

// openMember opens the file at path as a member called by its base name.
func openMember(path string) (ape.Member, io.Closer, error) {
	if strings.HasSuffix(strings.ToLower(path), ".gguf") {
		m, err := Open(path)
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
		err = cli.WithHint(fmt.Errorf("%s: not a regular file", path), "name its files one by one")
	}
	if err != nil {
		file.Close()
		return ape.Member{}, nil, err
	}
	return ape.Member{Name: filepath.Base(path), Size: info.Size(), Data: file}, file, nil
}

// Seal makes the llamafile at path whole again after another tool changed its archive.
func Seal(ctx context.Context, path string, terminal io.Writer) error {
	return change(ctx, path, edit.Changes{Seal: true}, terminal)
}

// change changes the llamafile at path in place and explains what can go wrong.
func change(ctx context.Context, path string, changes edit.Changes, terminal io.Writer) error {
	total := int64(0)
	for _, m := range changes.Set {
		total += m.Size
	}
	add, finish := progress.Bytes(terminal, "writing "+path, total)
	err := edit.Apply(ctx, path, changes, add)
	finish()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %s is as it was", cli.ErrInterrupted, path)
	case errors.Is(err, syscall.ETXTBSY):
		return cli.WithHint(err, "the file is running as a program; stop it first")
	case errors.Is(err, syscall.ENOSPC):
		return cli.WithHint(err, "%s is as it was; free some space", path)
	case errors.Is(err, zipalign.ErrNotFound):
		return cli.WithHint(err, "llamaboot ls lists the members")
	}
	return explain(path, err)
}
