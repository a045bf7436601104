package outfile

import (
	"context"
	"errors"
	"fmt"
	"os"
	"syscall"

	"github.com/llamaboot/llamaboot/internal/cli"
)

// Write writes a file of size bytes, 0 if that is not known yet, with write. The file appears under its name only when
// write and everything else succeeded. Errors say what to do, and what an interruption left: nothing.
func Write(path string, perm os.FileMode, force bool, size int64, write func(*File) error) error {
	if path == "-" {
		return cli.WithHint(cli.Usagef("standard output cannot take this file, which is not written from front to end"), "name a file")
	}
	out, err := Create(path, perm, force)
	if errors.Is(err, ErrExists) {
		return cli.WithHint(err, "choose another name or place, or replace it with --force")
	}
	if err != nil {
		return err
	}
	defer out.Abort()
	if err = out.Reserve(size); err == nil {
		err = write(out)
	}
	if err == nil {
		err = out.Commit()
	}
	switch {
	case errors.Is(err, context.Canceled):
		return fmt.Errorf("%w: %s was not written", cli.ErrInterrupted, path)
	case errors.Is(err, syscall.ENOSPC):
		return cli.WithHint(err, "free some space, or write to another disk")
	case errors.Is(err, syscall.EFBIG):
		return cli.WithHint(err, "FAT32 ends at 4 GiB: write to another file system, or format the disk with exFAT or NTFS")
	}
	return err
}

// KeepInputs returns an error when writing output would replace one of the files it is made from, forced or not: a model
// may be the only copy. Inputs may be empty (flags not given).
func KeepInputs(output string, inputs ...string) error {
	to, err := os.Stat(output)
	if err != nil {
		return nil // nothing there to replace
	}
	for _, path := range inputs {
		if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
			return cli.WithHint(fmt.Errorf("%s: the output would replace its own input %s", output, path), "choose another name with -o")
		}
	}
	return nil
}
