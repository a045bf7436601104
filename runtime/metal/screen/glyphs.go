package screen

import (
	"image"

	"golang.org/x/image/font/basicfont"
	"golang.org/x/image/font/inconsolata"
)

// alphaPix returns the pixels of a face's mask, glyph after glyph.
func alphaPix(face *basicfont.Face) []byte {
	m, ok := face.Mask.(*image.Alpha)
	if !ok || m.Stride != glyphStride || face.Ascent+face.Descent != cellHeight {
		panic("screen: the font is not 8x16 with a 9x17 alpha mask")
	}
	return m.Pix
}

// ranges is the font's character map, copied so that kernel context reads plain data.
var ranges = inconsolata.Regular8x16.Ranges

// glyphIndex returns r's place in the font; -1: drawn by boxPixel.
func glyphIndex(r rune) int {
	switch r {
	case '–', '—', '‑':
		r = '-'
	case '•':
		r = '·'
	}
	for i := range ranges {
		if g := &ranges[i]; r >= g.Low && r < g.High {
			return g.Offset + int(r-g.Low)
		}
	}
	return -1
}

// Arms of the light and double box-drawing characters U+2500 to U+257F that text
// programs use: up, right, down, left.
const (
	armUp = 1 << iota
	armRight
	armDown
	armLeft
)

// boxArms returns the lines of a box-drawing character; heavy and double ones are
// drawn light.
func boxArms(r rune) int {
	switch r {
	case '─', '━', '═', '╌', '┄':
		return armLeft | armRight
	case '│', '┃', '║', '╎', '┆':
		return armUp | armDown
	case '┌', '╔', '╭', '┏':
		return armRight | armDown
	case '┐', '╗', '╮', '┓':
		return armLeft | armDown
	case '└', '╚', '╰', '┗':
		return armRight | armUp
	case '┘', '╝', '╯', '┛':
		return armLeft | armUp
	case '├', '╠', '┣':
		return armUp | armDown | armRight
	case '┤', '╣', '┫':
		return armUp | armDown | armLeft
	case '┬', '╦', '┳':
		return armLeft | armRight | armDown
	case '┴', '╩', '┻':
		return armLeft | armRight | armUp
	case '┼', '╬', '╋':
		return armUp | armRight | armDown | armLeft
	}
	return 0
}

// boxPixel is the alpha of a pixel of a character that is not in the font: box
// drawing, blocks, else the replacement glyph, a hollow box.
func boxPixel(r rune, x, y int) uint32 {
	const midX, midY = cellWidth / 2, cellHeight / 2
	on := false
	switch arms := boxArms(r); {
	case arms != 0:
		on = x == midX && (y < midY && arms&armUp != 0 || y > midY && arms&armDown != 0) ||
			y == midY && (x < midX && arms&armLeft != 0 || x > midX && arms&armRight != 0) ||
			x == midX && y == midY
	case r == '█':
		on = true
	case r == '▀':
		on = y < midY
	case r == '▄':
		on = y >= midY
	case r == '▌':
		on = x < midX
	case r == '▐':
		on = x >= midX
	case r == '░', r == '▒', r == '▓':
		on = (x+y)&1 == 0
	case r < ' ':
	default:
		inside := x >= 1 && x <= 6 && y >= 3 && y <= 13
		on = inside && (x == 1 || x == 6 || y == 3 || y == 13)
	}
	if on {
		return 0xff
	}
	return 0
}
