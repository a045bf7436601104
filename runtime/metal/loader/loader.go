// Package loader reads weights from the boot disk into RAM, saying how far it is.
package loader

import (
	"errors"
	"fmt"
	"io"
	"time"
)

// ErrMemory says that the weights do not fit.
var ErrMemory = errors.New("not enough RAM")

// Reserve is the RAM that must stay free beside the weights: context, heap, drivers.
const Reserve = 96 << 20

const (
	mib       = 1 << 20
	readSize  = 2 << 20
	lineEvery = 500 * time.Millisecond
)

// CheckMemory says before loading whether n bytes of weights fit into free bytes.
func CheckMemory(name string, n, free int64) error {
	if n <= free-Reserve {
		return nil
	}
	return fmt.Errorf("loader: %w for %s: it needs %d MiB and %d MiB for working memory, this machine has %d MiB free; use a smaller model or more RAM",
		ErrMemory, name, (n+mib-1)/mib, Reserve/mib, max(free, 0)/mib)
}

// Read fills dst from offset off of r and writes a progress line to w, rewritten in
// place every half second, with the amount, the rate and the time left. now is the
// clock.
func Read(dst []byte, r io.ReaderAt, off int64, name string, w io.Writer, now func() time.Time) error {
	start := now()
	last := start
	for done := 0; done < len(dst); {
		n := min(len(dst)-done, readSize)
		if k, err := r.ReadAt(dst[done:done+n], off+int64(done)); k < n {
			if err == nil {
				err = io.ErrUnexpectedEOF
			}
			return fmt.Errorf("loader: %s: at byte %d of %d: %w", name, done+k, len(dst), err)
		}
		done += n
		if t := now(); t.Sub(last) >= lineEvery && done < len(dst) {
			last = t
			fmt.Fprintf(w, "\rloading %s: %s   ", name, progress(done, len(dst), t.Sub(start)))
		}
	}
	fmt.Fprintf(w, "\rloaded %s: %s\n", name, summary(len(dst), now().Sub(start)))
	return nil
}

func progress(done, total int, elapsed time.Duration) string {
	rate := float64(done) / elapsed.Seconds()
	left := time.Duration(float64(total-done) / rate * float64(time.Second)).Round(time.Second)
	return fmt.Sprintf("%d / %d MB, %.1f MB/s, %v left", done/1e6, total/1e6, rate/1e6, left)
}

func summary(total int, elapsed time.Duration) string {
	rate := float64(total) / max(elapsed.Seconds(), 1e-3)
	return fmt.Sprintf("%.1f MB in %.1f s (%.1f MB/s)            ", float64(total)/1e6, elapsed.Seconds(), rate/1e6)
}
