// Package ps2 decodes the scan codes of a PS/2 keyboard, set 1 (the translation a
// PC's keyboard controller delivers; IBM PC/AT technical reference, section 4), to
// the bytes a terminal would send: UTF-8, control characters, the sequences of xterm
// for the grey keys, ESC before a character typed with Alt.
//
// It also polls that controller, an 8042.
//
// Not supported: keyboards of other scripts than Latin, compose keys, lock lights.
package ps2

import (
	"unicode"
	"unicode/utf8"
)

// Decoder keeps the state of the shift keys. The zero value is a US keyboard with
// NumLock on.
type Decoder struct {
	layout *layout

	shift, ctrl, alt, altGr bool
	caps, numOff            bool
	extended                bool // after E0
	skip                    int  // bytes of the Pause key still to come
	dead                    rune // a dead key waits for its letter
}

// Scan codes.
const (
	keyCtrl     = 0x1d
	keyShiftL   = 0x2a
	keyShiftR   = 0x36
	keyAlt      = 0x38
	keyCaps     = 0x3a
	keyNum      = 0x45
	keyExtended = 0xe0
	keyPause    = 0xe1 // two more bytes, pressed and released
	released    = 0x80
)

// Key takes one byte from the keyboard and returns what it types, mostly nothing.
func (d *Decoder) Key(code byte) string {
	switch {
	case d.skip > 0:
		d.skip--
		return ""
	case code == keyPause:
		d.skip = 2
		return ""
	case code == keyExtended:
		d.extended = true
		return ""
	}
	extended := d.extended
	d.extended = false
	down := code&released == 0
	code &^= released
	if d.modifier(code, extended, down) || !down {
		return ""
	}
	switch {
	case extended:
		return d.grey(code)
	case code == keyCaps:
		d.caps = !d.caps
		return ""
	case code == keyNum:
		d.numOff = !d.numOff
		return ""
	case code >= padFirst && code <= padLast:
		return d.pad(code)
	}
	return d.character(code)
}

// modifier keeps track of the keys that change others.
func (d *Decoder) modifier(code byte, extended, down bool) bool {
	switch code {
	case keyShiftL, keyShiftR:
		if !extended { // E0 2A and E0 36 are fake shifts around the grey keys
			d.shift = down
		}
	case keyCtrl:
		d.ctrl = down
	case keyAlt:
		if extended {
			d.altGr = down
		} else {
			d.alt = down
		}
	default:
		return false
	}
	return true
}

// character is a key of the main block.
func (d *Decoder) character(code byte) string {
	var text string
	switch code {
	case 0x01:
		return "\x1b"
	case 0x0e:
		text = "\x7f"
	case 0x0f:
		text = "\t"
	case 0x1c:
		text = "\r"
	case 0x37:
		text = "*"
	case 0x39:
		text = " "
	default:
		position := positionOf(code)
		if position < 0 {
			return ""
		}
		return d.letter(position)
	}
	return d.finish(text)
}

// letter is what the layout has at a position.
func (d *Decoder) letter(position int) string {
	l := d.layout
	if l == nil {
		l = &layouts[0]
	}
	plain, shifted, third := at(l.plain, position), at(l.shift, position), at(l.altGr, position)
	if d.ctrl && !d.alt && !d.altGr {
		switch {
		case plain >= 'a' && plain <= 'z':
			return string(plain & 0x1f)
		case plain == '[' || plain == '\\' || plain == ']':
			return string(plain & 0x1f)
		}
		return ""
	}
	alt := d.alt
	r := plain
	isLetter := unicode.ToUpper(plain) == shifted && plain != shifted
	switch {
	case (d.altGr || d.ctrl && d.alt) && third != 0:
		r, alt = third, false
		if d.shift {
			r = unicode.ToUpper(third)
		}
	case d.shift != (d.caps && isLetter):
		r = shifted
	}
	if r == 0 {
		return ""
	}
	if mark(r) != 0 && d.dead == 0 {
		d.dead = r
		return ""
	}
	text := d.finish(string(r))
	if alt {
		return "\x1b" + text
	}
	return text
}

// finish joins a waiting dead key with what is typed now.
func (d *Decoder) finish(text string) string {
	dead := d.dead
	d.dead = 0
	if dead != 0 {
		return compose(dead, text)
	}
	if d.alt && (text == "\r" || text == "\x7f") {
		return "\x1b" + text
	}
	return text
}

// The keys of the numeric pad.
const (
	padFirst = 0x47
	padLast  = 0x53
)

// padDigits are the characters of the pad with NumLock on.
const padDigits = "789-456+1230."

func (d *Decoder) pad(code byte) string {
	c := padDigits[code-padFirst]
	if c == '-' || c == '+' || d.numOff == d.shift {
		return d.finish(string(rune(c)))
	}
	return d.grey(code)
}

// grey gives the sequences of the grey keys (ECMA-48 cursor control, xterm).
func (d *Decoder) grey(code byte) string {
	switch code {
	case 0x48:
		return "\x1b[A"
	case 0x50:
		return "\x1b[B"
	case 0x4d:
		if d.ctrl {
			return "\x1b[1;5C"
		}
		return "\x1b[C"
	case 0x4b:
		if d.ctrl {
			return "\x1b[1;5D"
		}
		return "\x1b[D"
	case 0x47:
		return "\x1b[H"
	case 0x4f:
		return "\x1b[F"
	case 0x53:
		return "\x1b[3~"
	case 0x1c:
		return d.finish("\r")
	case 0x35:
		return d.finish("/")
	}
	return ""
}

// at returns character i of s, 0 for none.
func at(s string, i int) rune {
	for ; i > 0 && s != ""; i-- {
		_, n := utf8.DecodeRuneInString(s)
		s = s[n:]
	}
	r, n := utf8.DecodeRuneInString(s)
	if n == 0 || r == ' ' {
		return 0
	}
	return r
}
