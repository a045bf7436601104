package screen

import "github.com/llamaboot/llamaboot/runtime/runewidth"

// Replacement is shown for malformed UTF-8.
const Replacement = '\uFFFD'

const tabWidth = 8

// Terminal turns a stream of UTF-8 bytes into cells. Put changes the grid, Flush
// paints what differs from the display: fast output is painted once for many lines.
type Terminal struct {
	dev            Device
	columns, rows  int    // of the text; a status line is below
	cells, shown   []Cell // what is to be seen, and what is
	x, y           int    // x == columns: the line is full, the next character wraps
	colour, back   uint8
	reverse        bool
	hidden         bool // no cursor
	wrapped        bool // the line is full and a space came after it
	savedX, savedY int

	cursorX, cursorY int // where it was painted; -1: nowhere

	code  rune // UTF-8 sequence so far
	need  int  // its missing bytes
	least rune // smallest code point its length may encode

	esc     int8
	params  [8]int
	nparams int
	private bool
}

// NewTerminal returns a terminal on dev, which shows nothing yet, with the cursor at
// the top left.
func NewTerminal(dev Device) *Terminal {
	columns, rows := dev.Size()
	t := &Terminal{}
	t.Init(dev, make([]Cell, 2*columns*rows))
	return t
}

// Init is NewTerminal for a terminal and cells that exist already: twice as many as
// dev has.
func (t *Terminal) Init(dev Device, cells []Cell) {
	columns, rows := dev.Size()
	n := columns * rows
	*t = Terminal{dev: dev, columns: columns, rows: rows, cells: cells[:n], shown: cells[n : 2*n], colour: White, cursorX: -1}
	for i := range t.cells {
		t.cells[i] = blank
	}
	t.Repaint()
}

// Repaint makes the next Flush paint everything.
func (t *Terminal) Repaint() {
	for i := range t.shown {
		t.shown[i] = ^Cell(0) // no cell is equal to this one
	}
}

// Size returns the grid of the text, without the status line.
func (t *Terminal) Size() (columns, rows int) { return t.columns, t.rows }

// Cell returns what a place shows.
func (t *Terminal) Cell(x, y int) Cell { return t.cells[y*t.columns+x] }

// Cursor returns where the next character goes.
func (t *Terminal) Cursor() (x, y int) { return min(t.x, t.columns-1), t.y }

// Preset puts a character into a place, as if it had always been there.
func (t *Terminal) Preset(x, y int, r rune) { t.cells[y*t.columns+x] = NewCell(r, White, Black) }

// SetCursor moves the cursor.
func (t *Terminal) SetCursor(x, y int) { t.moveTo(x, y) }

// Adopt takes over what another terminal shows, as far as it fits: its last lines up
// to the cursor.
func (t *Terminal) Adopt(old *Terminal) {
	x, y := old.Cursor()
	skip := max(y+1-t.rows, 0)
	for row := skip; row <= y; row++ {
		for column := range min(t.columns, old.columns) {
			t.cells[(row-skip)*t.columns+column] = old.Cell(column, row)
		}
	}
	t.colour, t.back, t.reverse = old.colour, old.back, old.reverse
	t.moveTo(x, y-skip)
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

func (t *Terminal) ascii(c byte) {
	switch c {
	case '\n':
		t.x = 0
		t.down()
	case '\r':
		t.x = 0
	case '\b':
		t.x = max(min(t.x, t.columns-1)-1, 0)
	case '\t':
		for ok := true; ok; ok = t.x%tabWidth != 0 && t.x < t.columns {
			t.show(' ')
		}
	default:
		if c >= ' ' && c != 0x7f {
			t.show(rune(c))
		}
	}
}

// show puts r at the cursor. A full line wraps only when the next character comes,
// so that a text of exactly the screen's width leaves no empty line.
func (t *Terminal) show(r rune) {
	n := runewidth.Of(r)
	if n == 0 {
		return
	}
	if t.x+n > t.columns {
		if r == ' ' { // a line break is space enough
			t.x = t.columns
			t.wrapped = true
			return
		}
		t.wrap()
	}
	colour, back := t.colour, t.back
	if t.reverse {
		colour, back = back, colour
	}
	t.wrapped = false
	t.set(t.x, NewCell(r, colour, back))
	if n == 2 && t.x+1 < t.columns {
		t.set(t.x+1, NewCell(wideTail, colour, back))
	}
	t.x = min(t.x+n, t.columns)
}

// wrap goes on in the next line, taking along the word that does not fit.
func (t *Terminal) wrap() {
	line := t.cells[t.y*t.columns:][:t.columns]
	start := t.columns
	for start > 0 && line[start-1].Rune() != ' ' {
		start--
	}
	n := t.columns - start
	if n > t.columns/2 || t.wrapped { // no word but something long, or one that ended with a space
		n = 0
	}
	t.down()
	t.x = n
	// After down the old line is the one above, unless the screen has one line only.
	if above := t.y*t.columns - n; n > 0 && above >= 0 {
		copy(t.cells[t.y*t.columns:], t.cells[above:above+n])
		for i := above; i < above+n; i++ {
			t.cells[i] = blank
		}
	}
}

// set changes a cell of the cursor's line. The other half of a wide character that
// loses one becomes a space.
func (t *Terminal) set(x int, c Cell) {
	line := t.cells[t.y*t.columns:][:t.columns]
	if line[x].Rune() == wideTail && c.Rune() != wideTail && x > 0 {
		line[x-1] = line[x-1]&^0x1fffff | ' '
	}
	if x+1 < t.columns && line[x+1].Rune() == wideTail {
		line[x+1] = line[x+1]&^0x1fffff | ' '
	}
	line[x] = c
}

// down moves to the next line, scrolling at the last one.
func (t *Terminal) down() {
	if t.y++; t.y < t.rows {
		return
	}
	t.y = t.rows - 1
	text := t.cells[:t.rows*t.columns]
	copy(text, text[t.columns:])
	t.clear(t.y*t.columns, t.rows*t.columns)
}

// clear empties cells[from:to].
func (t *Terminal) clear(from, to int) {
	empty := NewCell(' ', White, t.back)
	for i := from; i < to; i++ {
		t.cells[i] = empty
	}
}

// SetStatus shows text in the last line, which the first call takes from the text.
func (t *Terminal) SetStatus(text string) {
	if len(t.cells) == t.rows*t.columns {
		if t.y == t.rows-1 {
			t.down() // scrolls
			t.y--
		}
		t.rows--
	}
	line := t.cells[t.rows*t.columns:][:t.columns]
	x := 0
	put := func(r rune) {
		if n := runewidth.Of(r); n > 0 && x+n <= t.columns {
			line[x] = NewCell(r, Black, White)
			if n == 2 {
				line[x+1] = NewCell(wideTail, Black, White)
			}
			x += n
		}
	}
	put(' ')
	for _, r := range text {
		if r < ' ' {
			r = ' '
		}
		put(r)
	}
	for x < t.columns {
		put(' ')
	}
}

// Flush paints what changed since the last one.
func (t *Terminal) Flush() {
	x, y := t.Cursor()
	if t.hidden {
		x = -1
	}
	moved := x != t.cursorX || y != t.cursorY
	for i, c := range t.cells {
		if c == t.shown[i] {
			continue
		}
		t.shown[i] = c
		t.dev.Draw(i%t.columns, i/t.columns, c, false)
		if i == y*t.columns+x {
			moved = true
		}
	}
	if !moved {
		return
	}
	if t.cursorX >= 0 && (t.cursorX != x || t.cursorY != y) {
		t.dev.Draw(t.cursorX, t.cursorY, t.cells[t.cursorY*t.columns+t.cursorX], false)
	}
	if x >= 0 {
		t.dev.Draw(x, y, t.cells[y*t.columns+x], true)
	}
	t.cursorX, t.cursorY = x, y
}
