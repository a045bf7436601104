package qemu

import (
	"bytes"
	"io"
	"sync"
)

// endOfInput is what a console sends for the end of input: Ctrl-D.
const endOfInput = 0x04

// inputBacklog bounds the typed bytes that are kept for a second attempt with another accelerator.
const inputBacklog = 32 << 10

// input sends the user's typing to the QEMU that runs now. One goroutine reads the source for all attempts; what the
// first attempt was sent is sent again to the second.
type input struct {
	mu   sync.Mutex
	cond *sync.Cond
	sent []byte
	w    io.WriteCloser
	open bool // the guest may be sent input
	wait []byte
}

// prompt, when the source is no terminal, is awaited on the serial port before anything is sent: firmware would take
// early bytes for keys.
var prompt = []byte("> ")

// newInput starts reading r; nil sends nothing.
func newInput(r io.Reader) *input {
	in := &input{}
	in.cond = sync.NewCond(&in.mu)
	if r == nil {
		return in
	}
	if _, terminal := r.(*Terminal); !terminal {
		in.wait = prompt
	}
	go func() {
		buf := make([]byte, 4096)
		last := byte('\n')
		for {
			n, err := r.Read(buf)
			if n > 0 {
				last = buf[n-1]
				in.send(buf[:n])
			}
			if err != nil {
				if last != '\n' && last != '\r' {
					in.send([]byte{'\r'})
				}
				in.send([]byte{endOfInput})
				return
			}
		}
	}()
	return in
}

// Terminal marks a source of input at which a person sits: every key goes to the guest at once, firmware included.
type Terminal struct{ io.Reader }

// send writes p to the current QEMU once the guest is ready, and remembers it.
func (in *input) send(p []byte) {
	in.mu.Lock()
	defer in.mu.Unlock()
	for in.wait != nil && !in.open {
		in.cond.Wait()
	}
	if len(in.sent)+len(p) <= inputBacklog {
		in.sent = append(in.sent, p...)
	}
	if in.w != nil {
		in.w.Write(p) // a QEMU that has ended takes no more; its status says why
	}
}

// connect makes w the QEMU that runs now, nil for none.
func (in *input) connect(w io.WriteCloser) {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.w != nil {
		in.w.Close()
	}
	in.w = w
	in.open = false
	if w != nil && in.wait == nil {
		w.Write(in.sent)
	}
}

// gate watches the serial port for the prompt at the start of a line.
func (in *input) gate() io.Writer { return &gate{in: in} }

type gate struct {
	in   *input
	line []byte
	done bool // the prompt was seen; from then on input never holds up output
}

func (g *gate) Write(p []byte) (int, error) {
	if g.done {
		return len(p), nil
	}
	for _, c := range p {
		switch {
		case c == '\n' || c == '\r':
			g.line = g.line[:0]
		case len(g.line) <= len(prompt):
			g.line = append(g.line, c)
		}
		if bytes.Equal(g.line, prompt) {
			g.done = true
			g.in.ready()
			break
		}
	}
	return len(p), nil
}

// ready lets input through; a second attempt first gets what the first one was sent.
func (in *input) ready() {
	in.mu.Lock()
	defer in.mu.Unlock()
	if in.open || in.wait == nil {
		return
	}
	in.open = true
	if in.w != nil {
		in.w.Write(in.sent)
	}
	in.cond.Broadcast()
}
