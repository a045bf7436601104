package kern

// lastWords keeps the beginning of what the Go runtime says when it gives up: its
// reason and the trace of the goroutine at fault. Traces of other goroutines push that
// off the screen.
var lastWords words

// Marks are how the runtime's reports begin (runtime/panic.go, printpanics and throw).
const (
	markPanic = "panic: "
	markFatal = "fatal error: "
)

const (
	wordsSize  = 2 << 10
	wordsLines = 18 // shown; the rest of the screen says where and what
	wordsWidth = 79
)

// words watches a stream of text for a report.
type words struct {
	lock spinlock
	line [len(markFatal)]byte // the beginning of the line under way
	at   int                  // bytes of that line so far
	text [wordsSize]byte
	n    int // bytes of text; 0: no report seen
}

// add takes n bytes of text at p.
func (w *words) add(p, n uintptr) {
	w.lock.lock()
	for i := uintptr(0); i < n; i++ {
		w.byte(*bytePtr(p + i))
	}
	w.lock.unlock()
}

func (w *words) byte(c byte) {
	switch {
	case w.n > 0 && w.n < len(w.text):
		w.text[w.n] = c
		w.n++
		return
	case w.n > 0:
		return
	case c == '\n':
		w.at = 0
		return
	}
	if w.at < len(w.line) {
		w.line[w.at] = c
	}
	w.at++
	if w.begins(markPanic) || w.begins(markFatal) {
		w.n = copy(w.text[:], w.line[:w.at])
	}
}

// begins reports whether the line so far is the mark.
func (w *words) begins(mark string) bool {
	return w.at == len(mark) && string(w.line[:w.at]) == mark
}

// show prints the report's first lines, each cut to one line of the screen.
func (w *words) show(put func(c byte)) {
	column, lines := 0, 0
	for _, c := range w.text[:w.n] {
		switch {
		case c == '\n':
			put('\n')
			column = 0
			if lines++; lines == wordsLines {
				return
			}
		case c == '\t' && column < wordsWidth-2:
			put(' ')
			put(' ')
			column += 2
		case column < wordsWidth:
			put(c)
			column++
		}
	}
	if column > 0 {
		put('\n')
	}
}

// putLastWords repeats the report of the Go runtime.
func putLastWords() {
	puts("\n\nllamaboot: the program has stopped:\n")
	lastWords.show(putc)
	putWhere()
}
