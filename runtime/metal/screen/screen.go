// Package screen is the terminal of the bare machine: it keeps a grid of characters,
// which a stream of UTF-8 and control sequences changes, and paints what changed on
// one of the displays a PC offers, VGA text memory or a linear framebuffer.
//
// Understood are the control functions of ECMA-48 (5th edition) that terminal
// programs use: cursor movement, erasing and 16 colours (CUU CUD CUF CUB CNL CPL CHA
// CUP VPA ED EL SGR), and xterm's sequences for 256 and more colours, brought down to
// the nearest of the 16.
//
// It runs in kernel context too (see package kern): no allocation after the
// constructors, no stores of pointers.
//
// Not supported: proportional characters, combining ones (left out), right-to-left
// text, scrolling back.
package screen

// Cell is what one place of the grid shows: a character in bits 0-20, the colours of
// character and background in bits 24-27 and 28-31.
type Cell uint32

// Colours, in the order of ECMA-48's SGR; plus 8: bright.
const (
	Black = iota
	Red
	Green
	Yellow
	Blue
	Magenta
	Cyan
	White
	bright = 8
)

// wideTail stands in the right half of a wide character.
const wideTail = 0

// NewCell returns a cell that shows r.
func NewCell(r rune, colour, background uint8) Cell {
	return Cell(r)&0x1fffff | Cell(colour&15)<<24 | Cell(background&15)<<28
}

// Rune is the character.
func (c Cell) Rune() rune { return rune(c & 0x1fffff) }

// Colour and Background are the colours.
func (c Cell) Colour() uint8     { return uint8(c>>24) & 15 }
func (c Cell) Background() uint8 { return uint8(c >> 28) }

// blank is an empty cell.
const blank = Cell(' ') | White<<24

// Device shows a grid of cells, addressed from the top left.
type Device interface {
	Size() (columns, rows int)
	// Draw paints a cell, with the cursor in it or not.
	Draw(x, y int, c Cell, cursor bool)
}
