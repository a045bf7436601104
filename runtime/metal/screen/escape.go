package screen

// States of the escape sequence parser (ECMA-48 section 5.4 and 5.6).
const (
	escNone = iota
	escStart
	escCSI
	escOSC    // command string, ends with BEL or ST
	escOSCEnd // ESC inside one: the start of ST
	escSkip   // one more byte: character set choices
)

const maxParam = 9999

// escape consumes the bytes of escape sequences.
func (t *Terminal) escape(c byte) bool {
	switch t.esc {
	case escNone:
		if c != 0x1b {
			return false
		}
		t.esc = escStart
	case escStart:
		t.esc = escNone
		switch c {
		case '[':
			t.esc, t.nparams, t.private = escCSI, 0, false
			t.params = [len(t.params)]int{}
		case ']', 'P', '_', '^':
			t.esc = escOSC
		case '(', ')', '#', '%':
			t.esc = escSkip
		case '7':
			t.savedX, t.savedY = t.x, t.y
		case '8':
			t.x, t.y = t.savedX, min(t.savedY, t.rows-1)
		case 0x1b:
			t.esc = escStart
		}
	case escCSI:
		t.csi(c)
	case escOSC:
		switch c {
		case 7:
			t.esc = escNone
		case 0x1b:
			t.esc = escOSCEnd
		}
	case escOSCEnd, escSkip:
		t.esc = escNone
	}
	return true
}

func (t *Terminal) csi(c byte) {
	switch {
	case c >= '0' && c <= '9':
		if t.nparams < len(t.params) {
			p := &t.params[t.nparams]
			*p = min(*p*10+int(c-'0'), maxParam)
		}
	case c == ';' || c == ':':
		t.nparams = min(t.nparams+1, len(t.params))
	case c >= '<' && c <= '?':
		t.private = true
	case c >= 0x40 && c <= 0x7e:
		t.esc = escNone
		t.nparams = min(t.nparams+1, len(t.params))
		if t.private {
			const cursor = 25 // DECTCEM
			if t.params[0] == cursor && (c == 'h' || c == 'l') {
				t.hidden = c == 'l'
			}
			return
		}
		t.control(c)
	case c < ' ': // broken off
		t.esc = escNone
		if c == 0x1b {
			t.esc = escStart
		}
	}
}

// control performs a control function (ECMA-48 section 8.3).
func (t *Terminal) control(c byte) {
	n := max(t.params[0], 1)
	x := min(t.x, t.columns-1)
	switch c {
	case 'A': // CUU
		t.moveTo(x, t.y-n)
	case 'B': // CUD
		t.moveTo(x, t.y+n)
	case 'C': // CUF
		t.moveTo(x+n, t.y)
	case 'D': // CUB
		t.moveTo(x-n, t.y)
	case 'E': // CNL
		t.moveTo(0, t.y+n)
	case 'F': // CPL
		t.moveTo(0, t.y-n)
	case 'G', '`': // CHA, HPA
		t.moveTo(n-1, t.y)
	case 'd': // VPA
		t.moveTo(x, n-1)
	case 'H', 'f': // CUP, HVP
		t.moveTo(max(t.params[1], 1)-1, n-1)
	case 's':
		t.savedX, t.savedY = t.x, t.y
	case 'u':
		t.moveTo(t.savedX, t.savedY)
	case 'J': // ED
		from, to := extent(t.params[0], t.y*t.columns+x, 0, t.rows*t.columns)
		t.clear(from, to)
	case 'K': // EL
		from, to := extent(t.params[0], t.y*t.columns+x, t.y*t.columns, (t.y+1)*t.columns)
		t.clear(from, to)
	case 'm':
		t.graphics()
	}
}

func (t *Terminal) moveTo(x, y int) {
	t.x, t.y = min(max(x, 0), t.columns-1), min(max(y, 0), t.rows-1)
}

// extent is what ED and EL erase of [from, to): 0 from the cursor, 1 up to it, 2 all.
func extent(mode, cursor, from, to int) (int, int) {
	switch mode {
	case 0:
		return cursor, to
	case 1:
		return from, cursor + 1
	case 2, 3:
		return from, to
	}
	return cursor, cursor
}

// graphics is SGR: colours.
func (t *Terminal) graphics() {
	for i := 0; i < t.nparams; i++ {
		switch p := t.params[i]; {
		case p == 0:
			t.colour, t.back, t.reverse = White, Black, false
		case p == 1:
			t.colour |= bright
		case p == 2 || p == 22:
			t.colour &^= bright
		case p == 7:
			t.reverse = true
		case p == 27:
			t.reverse = false
		case p >= 30 && p <= 37:
			t.colour = t.colour&bright | uint8(p-30)
		case p == 39:
			t.colour = White
		case p >= 40 && p <= 47:
			t.back = uint8(p - 40)
		case p == 49:
			t.back = Black
		case p >= 90 && p <= 97:
			t.colour = uint8(p-90) | bright
		case p >= 100 && p <= 107:
			t.back = uint8(p-100) | bright
		case p == 38 || p == 48:
			colour, used := t.extended(i + 1)
			i += used
			if used > 0 && p == 38 {
				t.colour = colour
			} else if used > 0 {
				t.back = colour
			}
		}
	}
}

// extended reads xterm's 5;N or 2;R;G;B at params[i] and returns the nearest colour
// and how many parameters that was.
func (t *Terminal) extended(i int) (colour uint8, used int) {
	switch {
	case i+1 < t.nparams && t.params[i] == 5:
		n := t.params[i+1]
		switch {
		case n < 16:
			return uint8(n), 2
		case n < 232: // a cube of 6x6x6
			n -= 16
			return nearest(n/36*51, n/6%6*51, n%6*51), 2
		default:
			grey := min(n-232, 23) * 255 / 23
			return nearest(grey, grey, grey), 2
		}
	case i+3 < t.nparams && t.params[i] == 2:
		return nearest(t.params[i+1], t.params[i+2], t.params[i+3]), 4
	}
	return 0, 0
}

// nearest returns the palette's colour closest to r, g, b.
func nearest(r, g, b int) uint8 {
	best, at := 1<<62, 0
	for i, p := range palette {
		dr, dg, db := int(p>>16)-r, int(p>>8&255)-g, int(p&255)-b
		if d := dr*dr + dg*dg + db*db; d < best {
			best, at = d, i
		}
	}
	return uint8(at)
}

// palette gives the colours as 0xRRGGBB.
var palette = [16]uint32{
	0x000000, 0xd04848, 0x48b048, 0xc0a030, 0x5080e0, 0xb860c0, 0x40b0b0, 0xe0e0e0,
	0x808080, 0xff7070, 0x70e070, 0xf0e060, 0x80b0ff, 0xe890f0, 0x70e8e8, 0xffffff,
}
