package app

import (
	"bytes"
	"io"
	"unicode/utf8"
)

// Control characters of a console (ECMA-48 C0).
const (
	ctrlC     = 0x03 // interrupt
	ctrlD     = 0x04 // end of input on an empty line
	backspace = 0x08
	ctrlU     = 0x15 // erase the line
	escape    = 0x1b
	del       = 0x7f // what most terminals send for the backspace key
)

// maxLine bounds one typed line; what goes beyond is dropped.
const maxLine = 1 << 20

// lineReader turns the bytes of a console or a pipe into lines. A goroutine reads ahead, so that Ctrl-C on a raw
// console is seen while the program generates.
type lineReader struct {
	lines      chan string   // one value a line, without its end; closed at the end of the input
	interrupts chan struct{} // one value for each Ctrl-C on a raw console
	echo       io.Writer     // raw console: where typed characters are shown; nil otherwise
	err        error         // why lines was closed; nil for a plain end of input
}

// newLineReader starts reading in. Lines end with LF, CR or CR LF.
// With echo, in is a raw console: characters are echoed and backspace, Ctrl-U, Ctrl-C and Ctrl-D work.
func newLineReader(in io.Reader, echo io.Writer) *lineReader {
	l := &lineReader{lines: make(chan string), interrupts: make(chan struct{}, 1), echo: echo}
	go l.run(in)
	return l
}

func (l *lineReader) run(in io.Reader) {
	defer close(l.lines)
	var line []byte
	var afterCR bool
	var esc escapeFilter
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		for _, c := range buf[:n] {
			if c == '\n' && afterCR { // the LF of a CR LF
				afterCR = false
				continue
			}
			afterCR = c == '\r'
			if c == '\r' || c == '\n' {
				l.show("\n")
				l.lines <- string(line)
				line = line[:0]
				continue
			}
			if l.echo == nil {
				if len(line) < maxLine {
					line = append(line, c)
				}
				continue
			}
			if esc.drop(c) {
				continue
			}
			var end bool
			if line, end = l.edit(line, c); end {
				return
			}
		}
		if err != nil {
			if len(line) > 0 {
				l.lines <- string(line)
			}
			if err != io.EOF {
				l.err = err
			}
			return
		}
	}
}

// edit applies one typed byte of a raw console to the line; end reports Ctrl-D on an empty line.
func (l *lineReader) edit(line []byte, c byte) (edited []byte, end bool) {
	switch {
	case c == ctrlC:
		l.show("^C\n")
		select {
		case l.interrupts <- struct{}{}:
		default: // one is pending already
		}
		return line[:0], false
	case c == ctrlD:
		return line, len(line) == 0
	case c == backspace || c == del:
		if len(line) == 0 {
			return line, false
		}
		_, size := utf8.DecodeLastRune(line)
		l.show("\b \b")
		return line[:len(line)-size], false
	case c == ctrlU:
		l.show(string(bytes.Repeat([]byte("\b \b"), utf8.RuneCount(line))))
		return line[:0], false
	case c < ' ' && c != '\t', len(line) >= maxLine:
		return line, false
	}
	l.show(string([]byte{c}))
	return append(line, c), false
}

// show echoes on a raw console. A console that cannot be written to shows nothing; reading goes on.
func (l *lineReader) show(s string) {
	if l.echo != nil {
		io.WriteString(l.echo, s)
	}
}

// escapeFilter drops the escape sequences that cursor and function keys send (ECMA-48 5.4: ESC [ parameters final).
type escapeFilter int

const (
	escNone  escapeFilter = iota
	escSeen               // after ESC
	escInCSI              // after ESC [ or ESC O
)

// drop reports whether c belongs to an escape sequence.
func (f *escapeFilter) drop(c byte) bool {
	switch *f {
	case escNone:
		if c == escape {
			*f = escSeen
		}
		return c == escape
	case escSeen:
		*f = escNone
		if c == '[' || c == 'O' {
			*f = escInCSI
		}
		return true
	default:
		if c >= 0x40 && c <= 0x7e { // a final byte
			*f = escNone
		}
		return true
	}
}
