package qemu

import (
	"bufio"
	"bytes"
	"io"
	"sync"
)

// endOfInput is what a console sends for the end of input: Ctrl-D.
const endOfInput = "\x04"

// prompt at the start of a line asks for input. What does not come from a terminal is sent one line for each prompt:
// firmware would take early bytes for keys, and a serial port holds 16 of them.
const prompt = "> "

// Terminal marks a source of input at which a person sits: every key goes to the guest at once, firmware included.
type Terminal struct{ io.Reader }

// input sends the user's typing to the QEMU that runs now. It reads the source once for all attempts; lines that one
// attempt was sent are sent again to the next.
type input struct {
	mu    sync.Mutex
	cond  *sync.Cond
	lines []string // all lines so far, each with its end
	next  int      // the first line that the QEMU of now has not got
	asked bool     // the guest shows a prompt
	w     io.WriteCloser
}

// newInput starts reading r; nil sends nothing.
func newInput(r io.Reader) *input {
	in := &input{}
	in.cond = sync.NewCond(&in.mu)
	switch r := r.(type) {
	case nil:
	case *Terminal:
		go in.relayKeys(r)
	default:
		go in.readLines(r)
		go in.sendLines()
	}
	return in
}

// relayKeys passes everything on as it comes.
func (in *input) relayKeys(r io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := r.Read(buf)
		in.mu.Lock()
		w := in.w
		in.mu.Unlock()
		if n > 0 && w != nil {
			w.Write(buf[:n]) // a QEMU that has ended takes no more; its status says why
		}
		if err != nil {
			return
		}
	}
}

// readLines collects the lines of r and then the end of input. An error of r counts as its end.
func (in *input) readLines(r io.Reader) {
	s := bufio.NewScanner(r)
	for s.Scan() {
		in.add(s.Text() + "\r")
	}
	in.add(endOfInput)
}

func (in *input) add(line string) {
	in.mu.Lock()
	defer in.mu.Unlock()
	in.lines = append(in.lines, line)
	in.cond.Broadcast()
}

// sendLines answers each prompt with the next line.
func (in *input) sendLines() {
	for {
		in.mu.Lock()
		for !in.asked || in.next == len(in.lines) || in.w == nil {
			in.cond.Wait()
		}
		line, w := in.lines[in.next], in.w
		in.next++
		in.asked = false
		in.mu.Unlock()
		io.WriteString(w, line) // without the lock: it may block until the guest reads
		if line == endOfInput {
			return
		}
	}
}

// connect makes w the QEMU that runs now, nil for none.
func (in *input) connect(w io.WriteCloser) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.w != nil {
		in.w.Close()
	}
	in.w, in.next, in.asked = w, 0, false
	in.cond.Broadcast()
}

// promptWatch is the part of the serial port's output chain that sees prompts.
func (in *input) promptWatch() io.Writer { return &promptWatch{in: in} }

type promptWatch struct {
	in   *input
	line []byte // the beginning of the current line
}

func (p *promptWatch) Write(b []byte) (int, error) {
	for _, c := range b {
		switch {
		case c == '\n' || c == '\r':
			p.line = p.line[:0]
			continue
		case len(p.line) > len(prompt):
			continue
		}
		p.line = append(p.line, c)
		if bytes.Equal(p.line, []byte(prompt)) {
			p.in.mu.Lock()
			p.in.asked = true
			p.in.cond.Broadcast()
			p.in.mu.Unlock()
		}
	}
	return len(b), nil
}
