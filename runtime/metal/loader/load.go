package loader

import (
	"fmt"
	"io"
	"time"
)

// Loader reads members of a boot disk into memory outside Go's heap, as a bundle asks for
// them.
type Loader struct {
	Disk io.ReaderAt
	// Free is how many bytes of RAM nobody has.
	Free func() int64
	// Map reserves n bytes, zeroed. They are never given back.
	Map func(n int) ([]byte, error)
	// Progress receives the progress line.
	Progress io.Writer
	Now      func() time.Time
}

// Load reads the n bytes at off of the disk and compares their checksum, if it is known.
// What does not fit into RAM is refused before a byte is read or reserved.
func (l *Loader) Load(name string, off, n int64, crc *uint32) ([]byte, func() error, error) {
	if err := CheckMemory(name, n, l.Free()); err != nil {
		return nil, nil, err
	}
	b, err := l.Map(int(n))
	if err != nil {
		return nil, nil, fmt.Errorf("reserving %d bytes for %s: %w", n, name, err)
	}
	if err := Read(b, l.Disk, off, Member{Name: name, CRC32: crc}, l.Progress, l.Now); err != nil {
		return nil, nil, err
	}
	return b, func() error { return nil }, nil
}
