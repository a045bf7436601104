package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"syscall"

	"github.com/llamaboot/llamaboot/internal/outfile"
)

// This file holds what every verb that writes a file goes by: it appears complete or not at all, replaces nothing
// unasked, never its own input, and Ctrl-C stops it.

// writeOutput writes a file of size bytes, 0 if that is not known yet, with write. The file appears under its
// name only when write and everything else succeeded.
func writeOutput(path string, perm os.FileMode, force bool, size int64, write func(*outfile.File) error) error {
	if path == "-" {
		return withHint(usagef("standard output cannot take this file, which is not written from front to end"), "name a file")
	}
	out, err := outfile.Create(path, perm, force)
	if errors.Is(err, outfile.ErrExists) {
		return withHint(err, "choose another name or place, or replace it with --force")
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
		return fmt.Errorf("%w: %s was not written", errInterrupted, path)
	case errors.Is(err, syscall.ENOSPC):
		return withHint(err, "free some space, or write to another disk")
	case errors.Is(err, syscall.EFBIG):
		return withHint(err, "FAT32 ends at 4 GiB: write to another file system, or format the disk with exFAT or NTFS")
	}
	return err
}

// keepInputs is an error when writing output would replace one of the files it is made from, --force or not:
// a model may be the only copy. Inputs may be empty (flags not given).
func keepInputs(output string, inputs ...string) error {
	to, err := os.Stat(output)
	if err != nil {
		return nil // nothing there to replace
	}
	for _, path := range inputs {
		if from, err := os.Stat(path); err == nil && os.SameFile(from, to) {
			return withHint(fmt.Errorf("%s: the output would replace its own input %s", output, path), "choose another name with -o")
		}
	}
	return nil
}

// contextReader stops reading when its context is done.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c *contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// contextWriter stops writing when its context is done.
type contextWriter struct {
	ctx context.Context
	w   io.Writer
}

func (c *contextWriter) Write(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.w.Write(b)
}

// counter is a writer that counts.
type counter func(int64)

func (c counter) Write(b []byte) (int, error) {
	c(int64(len(b)))
	return len(b), nil
}
