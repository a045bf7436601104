// Package flash writes a bootable file to a removable disk and reads it back.
//
// It refuses everything that is not a whole, removable, unmounted disk of sufficient size: the disk under the running
// system must not be a slip of the finger away.
package flash

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
)

// chunk is how much is written and read at a time; a multiple of every sector and erase-block size in use.
const chunk = 4 << 20

var (
	// ErrDevice says that a device must not, or cannot, be written to.
	ErrDevice = errors.New("not a disk to write to")
	// ErrVerify says that a device gave back other bytes than were written.
	ErrVerify = errors.New("the device gave back other bytes than were written")
)

// Device is a disk as the system describes it.
type Device struct {
	Path      string
	Name      string // kernel name: sdb
	Model     string // vendor and model, for people
	Bytes     int64
	Whole     bool     // a disk, not a partition of one
	Removable bool     // the medium is removable, or the disk hangs on USB or in a card slot
	ReadOnly  bool     // the write-protect switch
	Mounted   []string // where it or its partitions are mounted, or what else uses them
}

// Check says why a device must not be overwritten with n bytes, or nothing.
func (d *Device) Check(n int64) error {
	switch {
	case !d.Whole:
		return fmt.Errorf("%s: %w: it is a partition, want the whole disk", d.Path, ErrDevice)
	case !d.Removable:
		return fmt.Errorf("%s (%s): %w: it is not removable", d.Path, d.Model, ErrDevice)
	case d.ReadOnly:
		return fmt.Errorf("%s (%s): %w: it is write-protected", d.Path, d.Model, ErrDevice)
	case len(d.Mounted) > 0:
		return fmt.Errorf("%s (%s): %w: it is in use: %q; unmount it first", d.Path, d.Model, ErrDevice, d.Mounted)
	case d.Bytes < n:
		return fmt.Errorf("%s (%s): %w: it holds %d bytes, want at least %d", d.Path, d.Model, ErrDevice, d.Bytes, n)
	}
	return nil
}

// Progress is called with the bytes done and to do of one pass.
type Progress func(pass string, done, total int64)

// Disk is an open device.
type Disk interface {
	io.WriterAt
	io.ReaderAt
	// Sync returns once everything written is on the medium, and makes reads come from there.
	Sync() error
}

// Write copies n bytes of src to disk, reads them back, and returns their SHA-256.
func Write(ctx context.Context, disk Disk, src io.Reader, n int64, progress Progress) (sum [sha256.Size]byte, err error) {
	h := sha256.New()
	buf := make([]byte, chunk)
	for off := int64(0); off < n; {
		if err := ctx.Err(); err != nil {
			return sum, fmt.Errorf("stopped after %d of %d bytes, the disk does not boot: %w", off, n, err)
		}
		b := buf[:min(chunk, n-off)]
		if _, err := io.ReadFull(src, b); err != nil {
			return sum, fmt.Errorf("read at byte %d of %d: %w", off, n, err)
		}
		h.Write(b)
		if _, err := disk.WriteAt(b, off); err != nil {
			return sum, fmt.Errorf("write at byte %d of %d: %w", off, n, err)
		}
		off += int64(len(b))
		progress("write", off, n)
	}
	if err := disk.Sync(); err != nil {
		return sum, fmt.Errorf("sync: %w", err)
	}
	h.Sum(sum[:0])
	return sum, verify(ctx, disk, n, sum, progress)
}

// verify reads n bytes back.
func verify(ctx context.Context, disk Disk, n int64, want [sha256.Size]byte, progress Progress) error {
	h := sha256.New()
	buf := make([]byte, chunk)
	for off := int64(0); off < n; {
		if err := ctx.Err(); err != nil {
			return fmt.Errorf("written, but reading back stopped after %d of %d bytes: %w", off, n, err)
		}
		b := buf[:min(chunk, n-off)]
		if k, err := disk.ReadAt(b, off); k < len(b) {
			return fmt.Errorf("read back at byte %d of %d: %w", off+int64(k), n, err)
		}
		h.Write(b)
		off += int64(len(b))
		progress("verify", off, n)
	}
	if got := h.Sum(nil); !bytes.Equal(got, want[:]) {
		return fmt.Errorf("%w: SHA-256 %x, want %x; the disk is worn out or smaller than it says", ErrVerify, got, want)
	}
	return nil
}
