//go:build !unix && !windows

package bundle

import (
	"io"
	"os"
)

// mapFile reads n bytes of fd at off: this system maps no files.
func mapFile(fd *os.File, off, n int64) ([]byte, func() error, error) {
	if err := checkRange(fd, off, n); err != nil {
		return nil, nil, err
	}
	b := make([]byte, n)
	if _, err := io.ReadFull(io.NewSectionReader(fd, off, n), b); err != nil {
		return nil, nil, err
	}
	return b, func() error { return nil }, nil
}
