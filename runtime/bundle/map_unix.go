//go:build unix

package bundle

import (
	"os"

	"golang.org/x/sys/unix"
)

// mapFile maps n bytes of fd at off, read-only.
func mapFile(fd *os.File, off, n int64) ([]byte, func() error, error) {
	if err := checkRange(fd, off, n); err != nil {
		return nil, nil, err
	}
	if n == 0 { // mmap(2) refuses a length of 0
		return nil, func() error { return nil }, nil
	}
	start, before := mapAround(off, int64(os.Getpagesize()))
	b, err := unix.Mmap(int(fd.Fd()), start, before+int(n), unix.PROT_READ, unix.MAP_SHARED)
	if err != nil {
		return nil, nil, os.NewSyscallError("mmap", err)
	}
	return b[before:], func() error { return os.NewSyscallError("munmap", unix.Munmap(b)) }, nil
}
