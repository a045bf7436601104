// Package progress shows how far long work is, on terminals only.
package progress

import (
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"golang.org/x/term"

	"github.com/llamaboot/llamaboot/runtime/runewidth"
)

const (
	minBytes = 64 << 20               // work below this is over before a line could be read
	throttle = 100 * time.Millisecond // between two changes of the line
	columns  = 80                     // of a terminal that does not tell
)

// Bytes returns a function to be told how many bytes were done since its last call, and one that ends the display. Both
// do nothing when w is no terminal or the work, total bytes, is short. Only one goroutine may use them.
func Bytes(w io.Writer, what string, total int64) (add func(int64), finish func()) {
	f, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(f.Fd())) || total < minBytes {
		return func(int64) {}, func() {}
	}
	l := &line{w: w, what: what, total: total, begin: time.Now(), now: time.Now, columns: func() int {
		if n, _, err := term.GetSize(int(f.Fd())); err == nil && n > 0 {
			return n
		}
		return columns
	}}
	return l.add, l.clear
}

// line is the one line on the terminal: what, percentage, bytes, bytes a second, time left.
type line struct {
	w           io.Writer
	what        string
	done, total int64
	begin, last time.Time // of the work; when the line was last drawn
	shown       int       // columns on the terminal
	now         func() time.Time
	columns     func() int
}

func (l *line) add(n int64) {
	l.done += n
	if now := l.now(); now.Sub(l.last) >= throttle {
		l.last = now
		l.draw(l.text(now.Sub(l.begin)))
	}
}

// text is the line after the time spent. The time left assumes that the rest goes at the mean rate so far.
func (l *line) text(spent time.Duration) string {
	s := fmt.Sprintf("%3d %%  %s of %s", 100*l.done/l.total, size(l.done), size(l.total))
	if spent >= time.Second && l.done > 0 {
		left := time.Duration(float64(spent) * float64(max(l.total-l.done, 0)) / float64(l.done))
		s += fmt.Sprintf("  %s/s  %v left", size(int64(float64(l.done)/spent.Seconds())), left.Round(time.Second))
	}
	return s
}

// draw replaces the line. The last column stays free: a character in it may make the terminal go on to the next line.
// The name gives way when all together does not fit.
func (l *line) draw(text string) {
	space := l.columns() - 1 - len(text) - 2
	name := []rune(l.what)
	for len(name) > 0 && runewidth.OfString(string(name)) > space {
		name = name[:len(name)-1]
	}
	if len(name) > 0 {
		text = string(name) + "  " + text
	}
	n := runewidth.OfString(text)
	// Spaces, not an escape sequence, erase what was there: not every console of Windows knows those.
	// A terminal that cannot be written to does not stop the work.
	fmt.Fprintf(l.w, "\r%s%s", text, strings.Repeat(" ", max(l.shown-n, 0)))
	l.shown = n
}

func (l *line) clear() {
	if l.shown > 0 {
		fmt.Fprintf(l.w, "\r%s\r", strings.Repeat(" ", l.shown))
		l.shown = 0
	}
}

// size is n bytes for people, with the factors of 1024 that file managers and QEMU use.
func size(n int64) string {
	if n < 1<<30 {
		return fmt.Sprintf("%.1f MiB", float64(n)/(1<<20))
	}
	return fmt.Sprintf("%.2f GiB", float64(n)/(1<<30))
}
