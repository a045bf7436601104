// Package progress shows how far long work is, on terminals only.
package progress

import (
	"io"
	"os"
	"time"

	"github.com/schollz/progressbar/v3"
	"golang.org/x/term"
)

// minBytes is the size below which work is over before a bar could be read.
const minBytes = 64 << 20

// Bytes returns a function to be told how many bytes were done since its last
// call, and one that ends the display. Both do nothing when w is no terminal or
// the work is short.
func Bytes(w io.Writer, what string, total int64) (add func(int64), finish func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || total < minBytes {
		return func(int64) {}, func() {}
	}
	bar := progressbar.NewOptions64(total,
		progressbar.OptionSetWriter(w),
		progressbar.OptionSetDescription(what),
		progressbar.OptionShowBytes(true),
		progressbar.OptionUseIECUnits(true),
		progressbar.OptionSetPredictTime(true),
		progressbar.OptionThrottle(100*time.Millisecond),
		progressbar.OptionClearOnFinish(),
	)
	// A terminal that cannot be written to does not stop the work.
	return func(n int64) { _ = bar.Add64(n) }, func() { _ = bar.Finish() }
}
