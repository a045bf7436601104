package qemu

import (
	"bytes"
	"io"
	"strings"
	"sync"
)

// How much of the guest's output an error repeats.
const (
	tailLines    = 20
	tailLineSize = 400
)

// tail keeps the last lines written to it.
type tail struct {
	mu    sync.Mutex
	lines []string
	line  []byte
	bytes int64 // all bytes ever written
}

func (t *tail) Write(p []byte) (int, error) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.bytes += int64(len(p))
	for _, c := range p {
		switch {
		case c == '\n':
			t.lines = append(t.lines, string(t.line))
			if len(t.lines) > tailLines {
				t.lines = t.lines[1:]
			}
			t.line = t.line[:0]
		case len(t.line) < tailLineSize && c != '\r':
			t.line = append(t.line, c)
		}
	}
	return len(p), nil
}

// last returns the kept lines that are not empty, the unfinished one included.
func (t *tail) last() []string {
	t.mu.Lock()
	defer t.mu.Unlock()
	var lines []string
	for _, line := range append(t.lines[:len(t.lines):len(t.lines)], string(t.line)) {
		if strings.TrimSpace(line) != "" {
			lines = append(lines, line)
		}
	}
	return lines
}

// unfinished reports whether the last line has no end.
func (t *tail) unfinished() bool {
	t.mu.Lock()
	defer t.mu.Unlock()
	return len(t.line) > 0
}

// size is the number of bytes ever written.
func (t *tail) size() int64 {
	t.mu.Lock()
	defer t.mu.Unlock()
	return t.bytes
}

// plain removes carriage returns and the escape sequences with which firmware paints its menus (ECMA-48 5.4), so that
// relayed output neither clears nor colours the user's terminal.
type plain struct {
	w     io.Writer
	state byte // 0, or ESC after an ESC, or '[' inside a control sequence
}

func (f *plain) Write(p []byte) (int, error) {
	out := make([]byte, 0, len(p))
	for _, c := range p {
		switch f.state {
		case 0x1b:
			f.state = 0
			if c == '[' {
				f.state = '['
			}
		case '[':
			if c >= 0x40 && c <= 0x7e { // the final byte
				f.state = 0
			}
		default:
			switch {
			case c == 0x1b:
				f.state = c
			case c == '\n' || c == '\t' || c >= ' ' && c != 0x7f:
				out = append(out, c)
			}
		}
	}
	if len(out) == 0 {
		return len(p), nil
	}
	if _, err := f.w.Write(out); err != nil {
		return 0, err
	}
	return len(p), nil
}

// splitter sends the lines between the two marks to text and all others, without the marks, to console.
// Text is passed on as it comes; only bytes that may still become a mark are held back.
type splitter struct {
	console, text io.Writer
	marks         Marks
	inText        bool
	ended         func() // called when the end mark arrives
	line          []byte // bytes of the current line held back; nil once the line is known to be no mark
	passing       bool   // the current line is no mark
}

func (s *splitter) Write(p []byte) (int, error) {
	rest := p
	for len(rest) > 0 {
		line, more, whole := bytes.Cut(rest, []byte("\n"))
		rest = more
		if err := s.add(line, whole); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// add takes bytes of the current line; whole says that it ends after them.
func (s *splitter) add(b []byte, whole bool) error {
	mark, out := s.marks.Begin, s.console
	if s.inText {
		mark, out = s.marks.End, s.text
	}
	if s.passing {
		if whole {
			s.passing = false
			b = append(b[:len(b):len(b)], '\n')
		}
		_, err := out.Write(b)
		return err
	}
	s.line = append(s.line, b...)
	switch {
	case whole && string(s.line) == mark:
		s.inText = !s.inText
		s.line = s.line[:0]
		if !s.inText && s.ended != nil {
			s.ended()
		}
		return nil
	case whole:
		s.line = append(s.line, '\n')
	case strings.HasPrefix(mark, string(s.line)):
		return nil // may still become the mark
	default:
		s.passing = true
	}
	_, err := out.Write(s.line)
	s.line = s.line[:0]
	return err
}

// flush passes on what was held back when the guest ended in the middle of a line.
func (s *splitter) flush() error {
	out := s.console
	if s.inText {
		out = s.text
	}
	_, err := out.Write(s.line)
	s.line = s.line[:0]
	return err
}
