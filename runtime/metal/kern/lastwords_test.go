package kern

import (
	"strings"
	"testing"
	"unsafe"
)

func say1(w *words, s string) {
	if s != "" {
		w.add(uintptr(unsafe.Pointer(unsafe.StringData(s))), uintptr(len(s)))
	}
}

func (w *words) shown() string {
	var b strings.Builder
	w.show(func(c byte) { b.WriteByte(c) })
	return b.String()
}

func TestLastWords(t *testing.T) {
	report := "panic: runtime error: index out of range [5] with length 3\n\ngoroutine 1 [running]:\nmain.main()\n\tmain.go:7 +0x1d\n"
	want := strings.ReplaceAll(report, "\t", "  ")
	for name, text := range map[string]string{
		"panic": "llamafile: loading\nabc panic: not at the start of a line\n",
		"empty": "",
	} {
		// In pieces of every size, as the runtime prints it.
		for size := 1; size < 20; size++ {
			w := new(words)
			for s := text + report; s != ""; {
				n := min(size, len(s))
				say1(w, s[:n])
				s = s[n:]
			}
			if got := w.shown(); got != want {
				t.Fatalf("%s, pieces of %d: %q, want %q", name, size, got, want)
			}
		}
	}
	w := new(words)
	say1(w, "fatal error: all goroutines are asleep - deadlock!\n")
	if got := w.shown(); got != "fatal error: all goroutines are asleep - deadlock!\n" {
		t.Errorf("fatal error: %q", got)
	}
	for _, s := range []string{"", "panics: none\n", "no panic: here\n", "Panic: x\n", "fatal error"} {
		w := new(words)
		if say1(w, s); w.n != 0 {
			t.Errorf("%q was taken for a report", s)
		}
	}
}

// TestLastWordsFit: a report of any length stays within its lines and columns.
func TestLastWordsFit(t *testing.T) {
	w := new(words)
	say1(w, "panic: "+strings.Repeat("x", 500)+"\n"+strings.Repeat("\tat somewhere\n", 1000))
	lines := strings.Split(strings.TrimSuffix(w.shown(), "\n"), "\n")
	if len(lines) != wordsLines {
		t.Errorf("%d lines, want %d", len(lines), wordsLines)
	}
	for _, l := range lines {
		if len(l) > wordsWidth {
			t.Errorf("a line of %d characters: %q", len(l), l)
		}
	}
	if !strings.HasPrefix(lines[0], "panic: xxx") || len(lines[0]) != wordsWidth {
		t.Errorf("first line %q", lines[0])
	}
}
