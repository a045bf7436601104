// Package screen draws text on the two displays a bare PC offers: VGA text memory
// (BIOS) and a linear framebuffer (UEFI GOP).
//
// It runs in kernel context too (see package kern): no allocation after the
// constructors, no stores of pointers.
//
// Not supported: colours, proportional or combining characters, right-to-left text.
package screen

// Device shows a grid of character cells.
type Device interface {
	Size() (columns, rows int)
	// Set shows r in a cell; cells are addressed from the top left.
	Set(x, y int, r rune)
	// Scroll moves everything up by n rows and clears the rows at the bottom.
	Scroll(n int)
	// Cursor shows the cursor in a cell.
	Cursor(x, y int)
}

// Replacement is shown for malformed UTF-8.
const Replacement = '\uFFFD'

const tabWidth = 8

// Terminal turns a stream of UTF-8 bytes into cells. Escape sequences (ECMA-48 CSI
// and OSC) are recognised and dropped.
type Terminal struct {
	dev           Device
	columns, rows int
	x, y          int

	code  rune // UTF-8 sequence so far
	need  int  // its missing bytes
	least rune // smallest code point its length may encode
	esc   int8
}

// States of the escape sequence parser.
const (
	escNone = iota
	escStart
	escCSI
	escOSC
)

// NewTerminal returns a terminal on dev with the cursor at the top left.
func NewTerminal(dev Device) *Terminal {
	t := &Terminal{dev: dev}
	t.columns, t.rows = dev.Size()
	return t
}

// Put processes one byte.
func (t *Terminal) Put(c byte) {
	if t.escape(c) {
		return
	}
	if t.need > 0 {
		if c&0xc0 == 0x80 {
			t.code = t.code<<6 | rune(c&0x3f)
			if t.need--; t.need == 0 {
				if t.code < t.least || t.code > 0x10ffff || t.code>>11 == 0xd800>>11 {
					t.code = Replacement
				}
				t.show(t.code)
			}
			return
		}
		t.need = 0
		t.show(Replacement)
	}
	switch {
	case c < 0x80:
		t.ascii(c)
	case c&0xe0 == 0xc0:
		t.code, t.need, t.least = rune(c&0x1f), 1, 0x80
	case c&0xf0 == 0xe0:
		t.code, t.need, t.least = rune(c&0x0f), 2, 0x800
	case c&0xf8 == 0xf0:
		t.code, t.need, t.least = rune(c&0x07), 3, 0x10000
	default:
		t.show(Replacement)
	}
}

// escape consumes the bytes of escape sequences.
func (t *Terminal) escape(c byte) bool {
	switch t.esc {
	case escNone:
		if c != 0x1b {
			return false
		}
		t.esc = escStart
	case escStart:
		switch c {
		case '[':
			t.esc = escCSI
		case ']':
			t.esc = escOSC
		default:
			t.esc = escNone
		}
	case escCSI:
		if c >= 0x40 && c <= 0x7e {
			t.esc = escNone
		}
	case escOSC:
		if c == 7 || c == '\\' {
			t.esc = escNone
		}
	}
	return true
}

func (t *Terminal) ascii(c byte) {
	switch c {
	case '\n':
		t.x = 0
		t.down()
	case '\r':
		t.x = 0
	case '\b':
		if t.x > 0 {
			t.x--
		}
	case '\t':
		for ok := true; ok; ok = t.x%tabWidth != 0 && t.x < t.columns {
			t.show(' ')
		}
		return
	default:
		if c >= ' ' && c != 0x7f {
			t.show(rune(c))
		}
		return
	}
	t.dev.Cursor(min(t.x, t.columns-1), t.y)
}

// show puts r at the cursor. A full line wraps only when the next character comes,
// so that a text of exactly the screen's width leaves no empty line.
func (t *Terminal) show(r rune) {
	if t.x >= t.columns {
		t.x = 0
		t.down()
	}
	t.dev.Set(t.x, t.y, r)
	t.x++
	t.dev.Cursor(min(t.x, t.columns-1), t.y)
}

func (t *Terminal) down() {
	if t.y++; t.y < t.rows {
		return
	}
	// Scrolling several lines at once keeps up with fast output.
	n := max(t.rows/12, 1)
	t.dev.Scroll(n)
	t.y = t.rows - n
}
