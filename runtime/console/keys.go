package console

import "unicode/utf8"

// key is one pressed key: a character, or a code with rune 0.
type key struct {
	code code
	r    rune // for keyRune
	alt  bool // with Alt held: ESC came before
}

type code uint8

const (
	keyNone code = iota
	keyRune      // r, control characters included
	keyUp
	keyDown
	keyRight
	keyLeft
	keyHome
	keyEnd
	keyDelete
	keyWordLeft
	keyWordRight
	keyPasteBegin
	keyPasteEnd
)

// decoder turns the bytes of a terminal into keys: UTF-8, the control sequences of
// ECMA-48 (section 5.4) as xterm sends them, and ESC before a character for Alt.
// Sequences of other keys are dropped.
type decoder struct {
	state  int
	params [8]byte // parameter bytes of the control sequence
	n      int
	char   [utf8.UTFMax]byte // an unfinished character
	chars  int
}

const (
	stateGround = iota
	stateEscape // after ESC
	stateCSI    // after ESC [
	stateSS3    // after ESC O
	stateLinux  // after ESC [ [, function keys of the Linux console
)

const escape = 0x1b

// next takes one byte; the key is keyNone while more must come.
func (d *decoder) next(c byte) key {
	switch d.state {
	case stateEscape:
		return d.afterEscape(c)
	case stateCSI:
		return d.inCSI(c)
	case stateSS3:
		d.state = stateGround
		return d.final(c)
	case stateLinux:
		d.state = stateGround
		return key{}
	}
	if d.chars == 0 {
		switch {
		case c == escape:
			d.state = stateEscape
			return key{}
		case c < utf8.RuneSelf:
			return key{code: keyRune, r: rune(c)}
		}
	}
	d.char[d.chars] = c
	d.chars++
	if !utf8.FullRune(d.char[:d.chars]) {
		return key{}
	}
	r, size := utf8.DecodeRune(d.char[:d.chars])
	cut := size < d.chars
	d.chars = 0
	if cut { // a new character cut the old one short, which is dropped
		return d.next(c)
	}
	return key{code: keyRune, r: r}
}

func (d *decoder) afterEscape(c byte) key {
	d.state = stateGround
	switch c {
	case escape:
		d.state = stateEscape
	case '[':
		d.state, d.n = stateCSI, 0
	case 'O':
		d.state, d.n = stateSS3, 0
	case 'b':
		return key{code: keyWordLeft}
	case 'f':
		return key{code: keyWordRight}
	default:
		return key{code: keyRune, r: rune(c), alt: true}
	}
	return key{}
}

func (d *decoder) inCSI(c byte) key {
	switch {
	case c == '[' && d.n == 0:
		d.state = stateLinux
	case c >= 0x40 && c <= 0x7e:
		d.state = stateGround
		return d.final(c)
	case c < 0x20: // no sequence holds control characters: it was broken off
		d.state = stateGround
		return d.next(c)
	case d.n < len(d.params):
		d.params[d.n] = c
		d.n++
	}
	return key{}
}

// final maps a finished sequence.
func (d *decoder) final(c byte) key {
	params := string(d.params[:d.n])
	word := params == "1;5" || params == "1;3" // with Ctrl or Alt
	switch c {
	case 'A':
		return key{code: keyUp}
	case 'B':
		return key{code: keyDown}
	case 'C':
		if word {
			return key{code: keyWordRight}
		}
		return key{code: keyRight}
	case 'D':
		if word {
			return key{code: keyWordLeft}
		}
		return key{code: keyLeft}
	case 'H':
		return key{code: keyHome}
	case 'F':
		return key{code: keyEnd}
	case '~':
		switch params {
		case "1", "7":
			return key{code: keyHome}
		case "4", "8":
			return key{code: keyEnd}
		case "3":
			return key{code: keyDelete}
		case "200":
			return key{code: keyPasteBegin}
		case "201":
			return key{code: keyPasteEnd}
		}
	}
	return key{}
}
