package console

import "os"

// Terminal is the terminal a hosted program runs in, switched to raw input: keys
// come at once, without echo, Ctrl-C as a byte. Output is as before.
type Terminal struct {
	in, out *os.File
	state   ttyState
}

// OpenTerminal switches the terminal behind in to raw input. ok is false when in or
// out is no terminal, or one that cannot be edited on; then nothing was changed.
func OpenTerminal(in, out *os.File) (t *Terminal, ok bool) {
	t = &Terminal{in: in, out: out}
	return t, os.Getenv("TERM") != "dumb" && t.raw()
}

// Pasted text comes between two marks, so that its line ends do not send it (xterm,
// "bracketed paste").
const (
	pasteOn  = "\x1b[?2004h"
	pasteOff = "\x1b[?2004l"
)
