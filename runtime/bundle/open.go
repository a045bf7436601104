package bundle

import (
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
)

// SelfEnv names the llamafile a program was extracted from; the shell script at its start sets it.
const SelfEnv = "LLAMABOOT_SELF"

// Open opens a llamafile or a GGUF model by path; models are mapped read-only.
func Open(path string) (*File, error) {
	fd, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	f, err := OpenFile(fd)
	if err != nil {
		fd.Close()
		return nil, err
	}
	return f, nil
}

// OpenFile is Open of a file that is open already. Close of what it returns closes fd; after an error fd stays open.
func OpenFile(fd *os.File) (*File, error) {
	info, err := fd.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = errors.New("not a regular file")
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", fd.Name(), err)
	}
	load := func(name string, off, n int64, _ *uint32) ([]byte, func() error, error) {
		data, release, err := mapFile(fd, off, n)
		if err != nil {
			return nil, nil, fmt.Errorf("map %s of %s: %w", name, fd.Name(), err)
		}
		return data, release, nil
	}
	f, err := New(fd.Name(), fd, info.Size(), load)
	if err != nil {
		return nil, err
	}
	f.closer = fd
	return f, nil
}

// OpenSelf opens the llamafile this process was started from: the one the start script names, else the executable
// itself, else argv[0] (under Cosmopolitan's ape loader the executable is the loader).
func OpenSelf() (*File, error) {
	if path := os.Getenv(SelfEnv); path != "" {
		return Open(path)
	}
	exe, err := os.Executable()
	if err != nil {
		return nil, err
	}
	f, err := Open(exe)
	if err == nil || !errors.Is(err, ErrNotBundle) {
		return f, err
	}
	path, lookErr := exec.LookPath(os.Args[0])
	if lookErr != nil {
		return nil, err
	}
	return Open(path)
}

// mapAround moves a mapping at off down to start at a multiple of granularity, as mapping calls want, and
// returns the start and how many bytes of the mapping lie before off.
func mapAround(off, granularity int64) (start int64, before int) {
	start = off - off%granularity
	return start, int(off - start)
}

// checkRange refuses to map bytes a file does not have: touching them later would kill the process.
func checkRange(fd *os.File, off, n int64) error {
	info, err := fd.Stat()
	if err != nil {
		return err
	}
	if off < 0 || n < 0 || n > info.Size()-off {
		return fmt.Errorf("bytes %d to %d of a file of %d bytes: %w", off, off+n, info.Size(), io.ErrUnexpectedEOF)
	}
	if int64(int(n)) != n {
		return fmt.Errorf("%d bytes do not fit into this machine's address space", n)
	}
	return nil
}
