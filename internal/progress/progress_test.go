package progress

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// TestQuiet: nothing is shown in a pipe or a file, however long the work.
func TestQuiet(t *testing.T) {
	var b bytes.Buffer
	f, err := os.Create(filepath.Join(t.TempDir(), "log"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for range 2 {
		add, finish := Bytes(&b, "work", 100*minBytes)
		add(minBytes)
		finish()
		add, finish = Bytes(f, "work", 100*minBytes)
		add(minBytes)
		finish()
	}
	info, err := f.Stat()
	if err != nil || info.Size() != 0 || b.Len() != 0 {
		t.Errorf("wrote %d bytes to a file (%v) and %q to a buffer, want nothing", info.Size(), err, b.String())
	}
}

// TestLine watches the line of a terminal of 64 columns.
func TestLine(t *testing.T) {
	var b bytes.Buffer
	now := time.Unix(0, 0)
	l := &line{w: &b, what: "writing 漢字.llamafile", total: 4 << 30, begin: now, now: func() time.Time { return now }, columns: func() int { return 64 }}
	step := func(after time.Duration, n int64, want string) {
		t.Helper()
		b.Reset()
		now = now.Add(after)
		l.add(n)
		if b.String() != want {
			t.Errorf("after %v: got %q, want %q", now.Sub(l.begin), b.String(), want)
		}
	}
	step(throttle, 0, "\rwriting 漢字.llamafile    0 %  0.0 MiB of 4.00 GiB")
	step(throttle/2, 100<<20, "") // too soon
	step(2*time.Second-throttle*3/2, 412<<20, "\rwriting 漢   12 %  512.0 MiB of 4.00 GiB  256.0 MiB/s  14s left")
	step(6*time.Second, 3<<30, "\rwriting 漢字   87 %  3.50 GiB of 4.00 GiB  448.0 MiB/s  1s left")
	step(2*time.Second, 512<<20, "\rwriting 漢字  100 %  4.00 GiB of 4.00 GiB  409.6 MiB/s  0s left")
	b.Reset()
	shown := l.shown
	l.clear()
	l.clear()
	if want := "\r" + strings.Repeat(" ", shown) + "\r"; b.String() != want || shown > 63 {
		t.Errorf("cleared %d columns with %q, want %q once", shown, b.String(), want)
	}
	l.columns = func() int { return 20 } // not even room for the numbers: the name goes
	l.draw("12 %  100.0 MiB of 800.0 MiB")
	if want := "\n12 %  100.0 MiB of 800.0 MiB"; strings.ReplaceAll(b.String()[shown+2:], "\r", "\n") != want {
		t.Errorf("narrow: %q", b.String())
	}
}
