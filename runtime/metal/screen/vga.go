package screen

// VGA is the 80x25 colour text mode every BIOS starts in (IBM VGA, memory at
// 0xb8000: character and attribute byte for each cell).
type VGA struct {
	// Cells is the text memory, 2000 words.
	Cells []uint16
	// Cursor is the hardware cursor; nil: none.
	Cursor Cursor
}

// Cursor is a hardware cursor of a text screen.
type Cursor interface {
	MoveCursor(cell int) // to a cell, by number
}

// VGACells is the length of VGA.Cells.
const (
	VGAColumns = 80
	VGARows    = 25
	VGACells   = VGAColumns * VGARows
)

const vgaUnknown = 0xfe // a small square

// Size implements Device.
func (*VGA) Size() (columns, rows int) { return VGAColumns, VGARows }

// Draw implements Device.
func (v *VGA) Draw(x, y int, c Cell, cursor bool) {
	if x < 0 || y < 0 || x >= VGAColumns || y >= VGARows {
		return
	}
	cell := y*VGAColumns + x
	colour := vgaColour(c.Colour())
	back := vgaColour(c.Background()) & 7 // bit 3 may mean blinking
	v.Cells[cell] = uint16(back)<<12 | uint16(colour)<<8 | uint16(codePage437(c.Rune()))
	if cursor && v.Cursor != nil {
		v.Cursor.MoveCursor(cell)
	}
}

// vgaColour turns the order red, green, blue of ECMA-48's bits into VGA's blue,
// green, red.
func vgaColour(c uint8) uint8 { return c&0x0a | c&1<<2 | c>>2&1 }

// Text returns the character in a place of the text memory: what the BIOS and the
// boot stages wrote.
func (v *VGA) Text(x, y int) rune {
	c := uint8(v.Cells[y*VGAColumns+x])
	switch {
	case c >= 0x80:
		return cp437[c-0x80]
	case c < ' ' || c == 0x7f:
		return ' '
	}
	return rune(c)
}

// cp437 is the upper half of code page 437, the character generator of VGA cards.
var cp437 = [128]rune{
	'Ç', 'ü', 'é', 'â', 'ä', 'à', 'å', 'ç', 'ê', 'ë', 'è', 'ï', 'î', 'ì', 'Ä', 'Å',
	'É', 'æ', 'Æ', 'ô', 'ö', 'ò', 'û', 'ù', 'ÿ', 'Ö', 'Ü', '¢', '£', '¥', '₧', 'ƒ',
	'á', 'í', 'ó', 'ú', 'ñ', 'Ñ', 'ª', 'º', '¿', '⌐', '¬', '½', '¼', '¡', '«', '»',
	'░', '▒', '▓', '│', '┤', '╡', '╢', '╖', '╕', '╣', '║', '╗', '╝', '╜', '╛', '┐',
	'└', '┴', '┬', '├', '─', '┼', '╞', '╟', '╚', '╔', '╩', '╦', '╠', '═', '╬', '╧',
	'╨', '╤', '╥', '╙', '╘', '╒', '╓', '╫', '╪', '┘', '┌', '█', '▄', '▌', '▐', '▀',
	'α', 'ß', 'Γ', 'π', 'Σ', 'σ', 'µ', 'τ', 'Φ', 'Θ', 'Ω', 'δ', '∞', 'φ', 'ε', '∩',
	'≡', '±', '≥', '≤', '⌠', '⌡', '÷', '≈', '°', '∙', '·', '√', 'ⁿ', '²', '■', '\u00a0',
}

// codePage437 returns the card's code for r: its own, or one that reads the same.
func codePage437(r rune) byte {
	if r >= ' ' && r < 0x7f {
		return byte(r)
	}
	if c := upperHalf(r); c != 0 {
		return c
	}
	switch r {
	case wideTail, '\u2002', '\u2003', '\u2009', '\u202f':
		return ' '
	case '•':
		return 7
	case '→':
		return 0x1a
	case '←':
		return 0x1b
	case '↑':
		return 0x18
	case '↓':
		return 0x19
	}
	if c := upperHalf(lightOf(r)); c != 0 {
		return c
	}
	for i := 0; i < len(alike); {
		size := 2 // all are of two or three bytes, each followed by its letter
		if alike[i] >= 0xe0 {
			size = 3
		}
		if encodes(alike[i:i+size], r) {
			return alike[i+size]
		}
		i += size + 1
	}
	return vgaUnknown
}

// upperHalf returns r's code from 80h, 0 if it has none.
func upperHalf(r rune) byte {
	for i, c := range cp437 {
		if c == r {
			return byte(0x80 + i)
		}
	}
	return 0
}

// encodes reports whether s is r in UTF-8.
func encodes(s string, r rune) bool {
	for _, c := range s {
		return c == r
	}
	return false
}

// alike gives the characters the card lacks, each followed by the letter that is
// shown for it: typographic ones models like, and letters without their marks.
const alike = "‘'’'‚'“\"”\"„\"‹<›>‐-‑-‒-–-—-―-−-…." +
	"ÀAÁAÂAÃAÈEÊEËEÌIÍIÎIÏIÒOÓOÔOÕOØOÙUÚUÛUÝYãaõoøoýy×x" +
	"ĀAāaĂAăaĄAąaĆCćcČCčcĎDďdĐDđdĒEēeĘEęeĚEěeĞGğgĪIīiİIıi" +
	"ŁLłlŃNńnŇNňnŌOōoŐOőoŒOœoŘRřrŚSśsŞSşsŠSšsŢTţtŤTťtŪUūuŮUůuŰUűuŹZźzŻZżzŽZžz€E"
