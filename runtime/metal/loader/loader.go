// Package loader reads weights from the boot disk into RAM, saying how far it is, and
// checks them against the checksum the archive promises (CRC-32, APPNOTE 6.3.10
// section 4.4.7).
package loader

import (
	"errors"
	"fmt"
	"io"
	"time"
)

var (
	// ErrMemory says that the weights do not fit.
	ErrMemory = errors.New("not enough RAM")
	// ErrChecksum says that the bytes read are not the bytes written.
	ErrChecksum = errors.New("wrong checksum")
)

// Reserve is the RAM that must stay free beside the weights: context, heap, drivers.
const Reserve = 48 << 20

const (
	mib       = 1 << 20
	lineEvery = 500 * time.Millisecond
	// Reads grow from firstRead to lastRead while they are quicker than quickRead: few,
	// large reads keep a fast disk busy, small ones keep the progress line alive.
	firstRead = 1 << 20
	lastRead  = 64 << 20
	quickRead = lineEvery / 4
)

// Member is what is to be read.
type Member struct {
	Name  string  // for messages
	CRC32 *uint32 // IEEE; nil: nothing to compare with
}

// CheckMemory says before loading whether n bytes of weights fit into free bytes.
func CheckMemory(name string, n, free int64) error {
	if n <= free-Reserve {
		return nil
	}
	return fmt.Errorf("%w for %s: it needs %d MiB and %d MiB for working memory, this machine has %d MiB free; use a smaller model or more RAM",
		ErrMemory, name, (n+mib-1)/mib, Reserve/mib, max(free, 0)/mib)
}

// Read fills dst from offset off of r, compares the checksum while the next bytes are
// on their way, and writes a progress line to w, rewritten in place every half second,
// with the amount, the rate and the time left. now is the clock.
func Read(dst []byte, r io.ReaderAt, off int64, m Member, w io.Writer, now func() time.Time) error {
	start := now()
	last := start
	sum := newSummer(m.CRC32 != nil)
	defer sum.finish()
	size := firstRead
	for done := 0; done < len(dst); {
		n := min(len(dst)-done, size)
		before := now()
		if k, err := r.ReadAt(dst[done:done+n], off+int64(done)); k < n {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("%s: at byte %d of %d: %w", m.Name, done+k, len(dst), err)
		}
		sum.add(dst[done : done+n])
		done += n
		t := now()
		if t.Sub(before) < quickRead {
			size = min(2*size, lastRead)
		}
		if t.Sub(last) >= lineEvery && done < len(dst) {
			last = t
			fmt.Fprintf(w, "\rloading %s: %s   ", m.Name, progress(done, len(dst), t.Sub(start)))
		}
	}
	if got := sum.finish(); m.CRC32 != nil && got != *m.CRC32 {
		return fmt.Errorf("%s: %w: CRC-32 of its %d bytes at disk offset %d is %08x, want %08x; the disk or the copy on it is damaged: check the llamafile with `llamaboot verify` and write it again",
			m.Name, ErrChecksum, len(dst), off, got, *m.CRC32)
	}
	fmt.Fprintf(w, "\rloaded %s: %s\n", m.Name, summary(len(dst), now().Sub(start), m.CRC32 != nil))
	return nil
}

func progress(done, total int, elapsed time.Duration) string {
	rate := float64(done) / max(elapsed.Seconds(), 1e-3)
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d / %d MB, %.1f MB/s, %v left", done/1e6, total/1e6, rate/1e6, left)
}

func summary(total int, elapsed time.Duration, checked bool) string {
	rate := float64(total) / max(elapsed.Seconds(), 1e-3)
	text := fmt.Sprintf("%.1f MB in %.1f s (%.1f MB/s)", float64(total)/1e6, elapsed.Seconds(), rate/1e6)
	if checked {
		text += ", CRC-32 right"
	}
	return text + "            "
}
