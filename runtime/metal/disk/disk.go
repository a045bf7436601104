// Package disk reads the boot disk as the file it was written from: block devices
// as io.ReaderAt, and where the file ends, which its partition tables (package gpt) record.
package disk

import (
	"errors"
	"fmt"
	"io"

	"github.com/llamaboot/llamaboot/image/gpt"
	"github.com/llamaboot/llamaboot/runtime/metal/block"
)

// ErrNoGPT reports a disk without a valid GUID partition table.
var ErrNoGPT = errors.New("no GUID partition table")

// Table is the partition table of a boot disk.
type Table struct {
	*gpt.Table
	Size int64 // bytes up to the end of the backup header: the size of the image
}

const (
	maxBlockSize = 64 << 10
	maxDiskSize  = 1 << 62
)

// ReadTable reads and checks the primary GPT of b.
func ReadTable(b block.Device) (*Table, error) {
	size := b.BlockSize()
	if size < 512 || size > maxBlockSize || size&(size-1) != 0 {
		return nil, fmt.Errorf("%s has blocks of %d bytes, want a power of two from 512 to %d", b.Name(), size, maxBlockSize)
	}
	r := NewReader(b, maxDiskSize)
	t, err := gpt.Read(r, int64(size), 1)
	if invalid(err) {
		return nil, fmt.Errorf("%w on %s: %w", ErrNoGPT, b.Name(), err)
	}
	if err != nil {
		return nil, err
	}
	end, err := trim(t, r, int64(size))
	return &Table{t, end}, err
}

// invalid reports whether err is that of a disk that can be read and has no partition table.
func invalid(err error) bool { return errors.Is(err, gpt.ErrHeader) || errors.Is(err, gpt.ErrArray) }

// trim returns the size of the image: that of t, or of the table for the other size of blocks that a llamafile carries,
// if that is smaller: partition tools that make use of all of a larger stick move the end in the header that they
// understand, and leave the other alone.
func trim(t *gpt.Table, r *Reader, block int64) (int64, error) {
	const small, large = 512, 4096
	size, other := t.DiskSize(block), int64(large)
	switch block {
	case small:
	case large:
		other = small
	default:
		return size, nil
	}
	h, err := gpt.ReadHeader(r, other, 1)
	switch {
	case err == nil && h.Disk == t.Disk:
		return min(size, h.DiskSize(other)), nil
	case err == nil || invalid(err):
		return size, nil
	}
	return size, fmt.Errorf("second partition table: %w", err)
}

// Reader reads the first size bytes of a disk at any offset.
type Reader struct {
	blocks block.Device
	size   int64
	bounce []byte
}

// NewReader returns a reader; it is not safe for concurrent use.
func NewReader(b block.Device, size int64) *Reader {
	return &Reader{blocks: b, size: size, bounce: make([]byte, b.BlockSize())}
}

// Name says which disk it is.
func (r *Reader) Name() string { return r.blocks.Name() }

// String names the disk and its size, for messages.
func (r *Reader) String() string {
	const mib, gib = 1 << 20, 1 << 30
	if r.size < gib {
		return fmt.Sprintf("%s, %.1f MiB", r.Name(), float64(r.size)/mib)
	}
	return fmt.Sprintf("%s, %.1f GiB", r.Name(), float64(r.size)/gib)
}

// Size is the size in bytes.
func (r *Reader) Size() int64 { return r.size }

// ReadAt implements io.ReaderAt.
func (r *Reader) ReadAt(p []byte, off int64) (n int, err error) {
	if off < 0 || off > r.size {
		return 0, fmt.Errorf("%s: offset %d outside its %d bytes", r.blocks.Name(), off, r.size)
	}
	if rest := r.size - off; int64(len(p)) > rest {
		p, err = p[:rest], io.EOF
	}
	bs := int64(r.blocks.BlockSize())
	for n < len(p) {
		lba, in := uint64(off/bs), int(off%bs)
		if whole := min((len(p)-n)/int(bs), r.blocks.MaxBlocks()); in == 0 && whole > 0 {
			k := whole * int(bs)
			if e := r.read(lba, p[n:n+k]); e != nil {
				return n, e
			}
			n, off = n+k, off+int64(k)
			continue
		}
		if e := r.read(lba, r.bounce); e != nil {
			return n, e
		}
		k := copy(p[n:], r.bounce[in:])
		n, off = n+k, off+int64(k)
	}
	return n, err
}

func (r *Reader) read(lba uint64, p []byte) error {
	if err := r.blocks.ReadBlocks(lba, p); err != nil {
		if at := (interface{ DiskOffset() uint64 })(nil); errors.As(err, &at) { // it names the part that failed itself
			return fmt.Errorf("%s: reading %w", r.blocks.Name(), err)
		}
		return fmt.Errorf("%s: reading %d bytes at offset %d: %w", r.blocks.Name(), len(p), int64(lba)*int64(r.blocks.BlockSize()), err)
	}
	return nil
}
