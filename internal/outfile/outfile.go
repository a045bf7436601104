// Package outfile writes a file that appears under its name only when it is
// complete: it is written under a temporary name in the same folder and renamed.
package outfile

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// ErrExists reports that the file is there already.
var ErrExists = errors.New("output exists")

var errNoFolder = errors.New("no such folder")

// A File is being written. Exactly one of Commit and Abort ends it; Abort after
// Commit does nothing, so it can be deferred.
type File struct {
	*os.File
	path  string
	perm  fs.FileMode
	exact bool // perm is not new: it does not follow the umask
	force bool
	done  bool
}

// Create starts writing path with the given permission. Unless force is set an
// existing file is an error; a folder or device of that name always is.
func Create(path string, perm fs.FileMode, force bool) (*File, error) {
	if info, err := os.Stat(path); err == nil {
		if !info.Mode().IsRegular() {
			return nil, fmt.Errorf("%s: %w and is not a regular file", path, ErrExists)
		}
		if !force {
			return nil, fmt.Errorf("%s: %w", path, ErrExists)
		}
		if same, err := filepath.EvalSymlinks(path); err == nil {
			path = same // replace what a link points to, not the link
		}
	}
	if _, err := os.Stat(filepath.Dir(path)); errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("%s: %w: make it first or write elsewhere", filepath.Dir(path), errNoFolder)
	}
	f, err := os.CreateTemp(filepath.Dir(path), "."+filepath.Base(path)+".part-*")
	if err != nil {
		var temporary *fs.PathError
		if errors.As(err, &temporary) { // whose name nobody asked for
			err = temporary.Err
		}
		return nil, fmt.Errorf("%s: cannot make a file in folder %s: %w", path, filepath.Dir(path), err)
	}
	return &File{File: f, path: path, perm: perm, force: force}, nil
}

// Replace starts writing what takes the place of the file at path, with its permissions.
func Replace(path string) (*File, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	f, err := Create(path, info.Mode().Perm(), true)
	if err == nil {
		f.exact = true
	}
	return f, err
}

// Reserve sets the file's size and, where the file system can, reserves the
// space, so that a full disk shows before gigabytes were copied.
func (f *File) Reserve(size int64) error {
	if err := f.Truncate(size); err != nil {
		if errors.Is(err, syscall.EFBIG) {
			return fmt.Errorf("%s: the file system does not hold files of %d bytes: %w", f.path, size, err)
		}
		return fmt.Errorf("%s: %w", f.path, err)
	}
	if err := reserve(f.File, size); err != nil {
		return fmt.Errorf("%s: reserve %d bytes: %w", f.path, size, err)
	}
	return nil
}

// Commit makes the file appear under its name.
func (f *File) Commit() error {
	if f.done {
		return nil
	}
	// The mode of a new file follows the process's umask as that of any.
	// There is no fsync: it would take longer than the copy, and cp does without.
	perm := f.perm
	if !f.exact {
		perm &^= umask()
	}
	err := f.Chmod(perm)
	if cerr := f.Close(); err == nil {
		err = cerr
	}
	if err == nil && !f.force {
		// Another process may have made the file meanwhile; a link, unlike a
		// rename, never replaces it.
		if err = os.Link(f.Name(), f.path); err == nil {
			f.done = true
			return os.Remove(f.Name())
		} else if errors.Is(err, fs.ErrExist) {
			err = fmt.Errorf("%s: %w", f.path, ErrExists)
		} else {
			err = os.Rename(f.Name(), f.path) // file systems without links
		}
	} else if err == nil {
		err = os.Rename(f.Name(), f.path)
	}
	f.done = true
	if err != nil {
		os.Remove(f.Name())
	}
	return err
}

// Abort removes what was written.
func (f *File) Abort() {
	if f.done {
		return
	}
	f.done = true
	f.Close()
	os.Remove(f.Name())
}
