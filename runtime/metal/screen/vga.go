package screen

// VGA is the 80x25 colour text mode every BIOS starts in (IBM VGA, memory at
// 0xb8000: character and attribute byte for each cell).
type VGA struct {
	// Cells is the text memory, 2000 words.
	Cells []uint16
	// MoveCursor sets the hardware cursor to a cell number; nil: none.
	MoveCursor func(cell int)
}

const (
	vgaColumns = 80
	vgaRows    = 25
	vgaGrey    = 0x0700 // light grey on black
	vgaUnknown = 0xfe   // a small square
)

// VGACells is the length of VGA.Cells.
const VGACells = vgaColumns * vgaRows

// Size implements Device.
func (*VGA) Size() (columns, rows int) { return vgaColumns, vgaRows }

// Set implements Device.
func (v *VGA) Set(x, y int, r rune) {
	v.Cells[y*vgaColumns+x] = vgaGrey | uint16(codePage437(r))
}

// Scroll implements Device.
func (v *VGA) Scroll(n int) {
	keep := VGACells - n*vgaColumns
	for i := 0; i < keep; i++ {
		v.Cells[i] = v.Cells[i+n*vgaColumns]
	}
	v.clear(keep)
}

// Clear empties the screen.
func (v *VGA) Clear() { v.clear(0) }

func (v *VGA) clear(from int) {
	for i := from; i < VGACells; i++ {
		v.Cells[i] = vgaGrey | ' '
	}
}

// Cursor implements Device.
func (v *VGA) Cursor(x, y int) {
	if v.MoveCursor != nil {
		v.MoveCursor(y*vgaColumns + x)
	}
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

// codePage437 returns the card's code for r.
func codePage437(r rune) byte {
	if r >= ' ' && r < 0x7f {
		return byte(r)
	}
	switch r { // typographic characters models like
	case '‘', '’':
		return '\''
	case '“', '”':
		return '"'
	case '–', '—':
		return '-'
	case '•':
		return 7
	}
	for i, c := range cp437 {
		if c == r {
			return byte(0x80 + i)
		}
	}
	return vgaUnknown
}
