// Package ps2 decodes the scan codes of a PS/2 keyboard, set 1 (the translation a
// PC's keyboard controller delivers; IBM PC/AT technical reference, section 4), to
// the bytes a terminal would send.
//
// Not supported: compose keys, lock lights.
package ps2

// Decoder keeps the state of the shift keys. The zero value is a US keyboard.
type Decoder struct {
	shift, ctrl, caps, extended bool
}

// Scan codes of the keys with a state.
const (
	keyCtrl     = 0x1d
	keyShiftL   = 0x2a
	keyShiftR   = 0x36
	keyCaps     = 0x3a
	keyExtended = 0xe0
	released    = 0x80
)

// plain and shifted give the characters of scan codes 0x00 to 0x39.
const (
	plain   = "\x00\x1b1234567890-=\x7f\tqwertyuiop[]\r\x00asdfghjkl;'`\x00\\zxcvbnm,./\x00*\x00 "
	shifted = "\x00\x1b!@#$%^&*()_+\x7f\tQWERTYUIOP{}\r\x00ASDFGHJKL:\"~\x00|ZXCVBNM<>?\x00*\x00 "
)

// Key takes one byte from the keyboard and returns what it types, mostly nothing.
func (d *Decoder) Key(code byte) string {
	if code == keyExtended {
		d.extended = true
		return ""
	}
	extended := d.extended
	d.extended = false
	down := code&released == 0
	code &^= released
	switch code {
	case keyShiftL, keyShiftR:
		if !extended { // E0 2A and E0 36 are fake shifts around the grey keys
			d.shift = down
		}
		return ""
	case keyCtrl:
		d.ctrl = down
		return ""
	}
	if !down {
		return ""
	}
	if extended {
		return extendedKey(code)
	}
	if code == keyCaps {
		d.caps = !d.caps
		return ""
	}
	if int(code) >= len(plain) {
		return ""
	}
	c := plain[code]
	letter := c >= 'a' && c <= 'z'
	if d.shift != (d.caps && letter) {
		c = shifted[code]
	}
	switch {
	case c == 0:
		return ""
	case d.ctrl && letter:
		return string(rune(plain[code] & 0x1f))
	}
	return string(rune(c))
}

// extendedKey gives the sequences of the grey keys (ECMA-48 cursor control, xterm).
func extendedKey(code byte) string {
	switch code {
	case 0x48:
		return "\x1b[A"
	case 0x50:
		return "\x1b[B"
	case 0x4d:
		return "\x1b[C"
	case 0x4b:
		return "\x1b[D"
	case 0x47:
		return "\x1b[H"
	case 0x4f:
		return "\x1b[F"
	case 0x53:
		return "\x1b[3~"
	case 0x1c:
		return "\r"
	case 0x35:
		return "/"
	}
	return ""
}
