// Package console reads what a person types, line by line: from a raw console with
// editing, history and input of several lines, or from a pipe.
//
// On a raw console this package is the line discipline: it echoes, edits and
// recognises Ctrl-C. What it writes are the control sequences of ECMA-48 that every
// terminal since the VT100 knows; the bare machine's own screen does too.
//
// Not supported: right-to-left text, characters joined by ZWJ (each part is shown).
package console

import (
	"errors"
	"io"
	"strings"
	"sync"
)

// ErrInterrupted is the result of ReadLine after Ctrl-C on an empty line, or after a
// signal.
var ErrInterrupted = errors.New("interrupted")

// Options describe a console.
type Options struct {
	// Echo is where a raw console shows what is typed; nil: the input is a pipe or a
	// terminal that edits lines itself.
	Echo io.Writer
	// Columns returns the width of the terminal; nil or 0: 80.
	Columns func() int
	// Commands are completed by the tab key.
	Commands []string
	// Suspend stops the process until it is continued (Ctrl-Z); nil: cannot be.
	Suspend func()
	// Signals delivers one value for each Ctrl-C that comes as a signal; nil: none do.
	Signals <-chan struct{}
}

// Console is a place where a person types.
type Console struct {
	o          Options
	interrupts chan struct{}
	arrived    chan struct{} // something changed below

	mu      sync.Mutex
	room    sync.Cond // input has become shorter
	input   []byte    // typed and not yet used
	err     error     // why there is no more
	reading bool      // ReadLine waits: Ctrl-C is its business

	keys   decoder
	editor editor
	view   view
}

// maxInput bounds what is typed ahead. Of a person's typing the rest is dropped; a pipe waits.
const maxInput = 4 * maxLine

// New starts reading in.
func New(in io.Reader, o Options) *Console {
	c := &Console{o: o, interrupts: make(chan struct{}, 1), arrived: make(chan struct{}, 1)}
	c.room.L = &c.mu
	c.editor.complete = o.Commands
	go c.read(in)
	if o.Signals != nil {
		go func() {
			for range o.Signals {
				c.interrupt()
			}
		}()
	}
	return c
}

// Interrupts delivers Ctrl-C pressed while nobody reads a line, and signals.
func (c *Console) Interrupts() <-chan struct{} { return c.interrupts }

// Forget drops an interrupt that came too late for what it was to stop.
func (c *Console) Forget() {
	select {
	case <-c.interrupts:
	default:
	}
}

func (c *Console) interrupt() {
	select {
	case c.interrupts <- struct{}{}:
	default: // one is pending already
	}
}

// read moves typed bytes to c.input. It reads ahead, so that Ctrl-C is seen while
// nobody waits for a line.
func (c *Console) read(in io.Reader) {
	buf := make([]byte, 4096)
	for {
		n, err := in.Read(buf)
		c.mu.Lock()
		for _, b := range buf[:n] {
			switch {
			case b == ctrlC && c.o.Echo != nil && !c.reading:
				c.input = c.input[:0]
				c.interrupt()
			case c.o.Echo == nil || len(c.input) < maxInput:
				c.input = append(c.input, b)
			}
		}
		c.err = err
		for c.o.Echo == nil && err == nil && len(c.input) > maxInput-len(buf) {
			c.wake()
			c.room.Wait()
		}
		c.mu.Unlock()
		c.wake()
		if err != nil {
			return
		}
	}
}

// wake tells who waits that something arrived.
func (c *Console) wake() {
	select {
	case c.arrived <- struct{}{}:
	default:
	}
}

// take removes and returns what was typed; nil with an error when no more will be.
func (c *Console) take() ([]byte, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if len(c.input) == 0 {
		return nil, c.err
	}
	b := c.input
	c.input = nil
	c.room.Signal()
	return b, nil
}

// giveBack returns bytes to the front of the input.
func (c *Console) giveBack(b []byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.input = append(b[:len(b):len(b)], c.input...)
}

// wait blocks until something was typed, the input ended (io.EOF), or an interrupt.
func (c *Console) wait() ([]byte, error) {
	for {
		b, err := c.take()
		if len(b) > 0 || err != nil {
			return b, err
		}
		select {
		case <-c.arrived:
		case <-c.interrupts:
			return nil, ErrInterrupted
		}
	}
}

// ReadLine shows prompt in out and returns one input without its line end: a line,
// or several when a line ends with a backslash or the text is between triple
// quotes. At the end of the input it returns io.EOF or the read error.
func (c *Console) ReadLine(out io.Writer, prompt string) (string, error) {
	c.mu.Lock()
	c.reading = true
	c.mu.Unlock()
	defer func() {
		c.mu.Lock()
		c.reading = false
		c.mu.Unlock()
	}()
	if c.o.Echo != nil {
		return c.readRaw(prompt)
	}
	var text string
	for {
		if _, err := io.WriteString(out, prompt); err != nil {
			return "", err
		}
		line, err := c.readPlain()
		if err != nil {
			if err == io.EOF && text != "" {
				return Unquote(text), nil
			}
			return "", err
		}
		text += line
		if joined, more := Unfinished(text); more {
			text = joined
			continue
		}
		return Unquote(text), nil
	}
}

// readPlain returns one line of a pipe; lines end with LF, CR or CR LF.
func (c *Console) readPlain() (string, error) {
	var line []byte
	for {
		b, err := c.wait()
		if err != nil {
			if err != ErrInterrupted && len(line) > 0 {
				return string(line), nil // the error comes again
			}
			return "", err
		}
		if c.editor.afterCR && b[0] == '\n' {
			b = b[1:]
		}
		c.editor.afterCR = false
		for i, ch := range b {
			if ch == '\r' || ch == '\n' {
				c.editor.afterCR = ch == '\r'
				c.giveBack(b[i+1:])
				return string(line), nil
			}
			if len(line) < maxLine {
				line = append(line, ch)
			}
		}
	}
}

// readRaw edits one input.
func (c *Console) readRaw(prompt string) (string, error) {
	e, v := &c.editor, &c.view
	begin := func() {
		e.start()
		v.start(prompt, c.columns())
	}
	begin()
	c.show()
	for {
		b, err := c.wait()
		if err != nil {
			if len(e.text) > 0 && err != ErrInterrupted {
				v.finish(e, "")
				c.show()
				return Unquote(string(e.text)), nil
			}
			return "", err
		}
		if columns := c.columns(); columns != v.width {
			v.resize(columns, e)
		}
		for i, ch := range b {
			k := c.keys.next(ch)
			if k.code == keyNone {
				continue
			}
			switch e.press(k) {
			case accept:
				if joined, more := Unfinished(string(e.text)); more {
					e.text = []rune(strings.TrimSuffix(joined, "\n"))
					e.changed, e.at = min(e.changed, len(e.text)), len(e.text)
					e.insert('\n')
					continue
				}
				c.giveBack(b[i+1:])
				e.remember(e.text)
				v.finish(e, "")
				c.show()
				return Unquote(string(e.text)), nil
			case interrupt:
				empty := len(e.text) == 0
				v.finish(e, "^C")
				if empty {
					c.giveBack(b[i+1:])
					c.show()
					return "", ErrInterrupted
				}
				begin()
			case endOfInput:
				c.giveBack(b[i+1:])
				c.show()
				return "", io.EOF
			case clearScreen:
				v.out.WriteString("\x1b[H\x1b[2J") // ECMA-48 CUP, ED
				v.start(prompt, c.columns())
				e.changed = 0
			case suspend:
				if c.o.Suspend != nil {
					c.show()
					c.o.Suspend()
					v.start(prompt, c.columns())
					e.changed = 0
				}
			}
		}
		v.refresh(e)
		c.show()
	}
}

// columns is the width of the terminal now, 0 if nobody knows.
func (c *Console) columns() int {
	if c.o.Columns == nil {
		return 0
	}
	return c.o.Columns()
}

// show writes what the view has prepared. A console that cannot be written to shows
// nothing; reading goes on.
func (c *Console) show() {
	c.o.Echo.Write(c.view.out.Bytes())
	c.view.out.Reset()
}
