package screen

// Arms of the box-drawing characters U+2500 to U+257F that text programs use: up,
// right, down, left. They are drawn here and not taken from the font, so that lines
// join at every size of cell.
const (
	armUp = 1 << iota
	armRight
	armDown
	armLeft
	armDouble // two lines
	armHeavy
)

// boxArms returns the lines of a box-drawing character.
func boxArms(r rune) int {
	switch r {
	case '─', '╌', '┄', '╴', '╶':
		return armLeft | armRight
	case '│', '╎', '┆', '╵', '╷':
		return armUp | armDown
	case '┌', '╭':
		return armRight | armDown
	case '┐', '╮':
		return armLeft | armDown
	case '└', '╰':
		return armRight | armUp
	case '┘', '╯':
		return armLeft | armUp
	case '├':
		return armUp | armDown | armRight
	case '┤':
		return armUp | armDown | armLeft
	case '┬':
		return armLeft | armRight | armDown
	case '┴':
		return armLeft | armRight | armUp
	case '┼':
		return armUp | armRight | armDown | armLeft
	}
	if r >= '═' && r <= '╬' {
		if single := lightOf(r); single != r {
			return boxArms(single) | armDouble
		}
	}
	if single := lightOf(r); single != r {
		return boxArms(single) | armHeavy
	}
	return 0
}

// lightOf returns the character of single light lines that is like r; r itself when
// there is none.
func lightOf(r rune) rune {
	switch r {
	case '═', '━', '┅', '╍', '╸', '╺':
		return '─'
	case '║', '┃', '┇', '╏', '╹', '╻':
		return '│'
	case '╔', '┏', '╒', '╓', '┍', '┎':
		return '┌'
	case '╗', '┓', '╕', '╖', '┑', '┒':
		return '┐'
	case '╚', '┗', '╘', '╙', '┕', '┖':
		return '└'
	case '╝', '┛', '╛', '╜', '┙', '┚':
		return '┘'
	case '╠', '┣', '╞', '╟', '┝', '┠':
		return '├'
	case '╣', '┫', '╡', '╢', '┥', '┨':
		return '┤'
	case '╦', '┳', '╤', '╥', '┯', '┰':
		return '┬'
	case '╩', '┻', '╧', '╨', '┷', '┸':
		return '┴'
	case '╬', '╋', '╪', '╫', '┿', '╂':
		return '┼'
	case '╌', '┄', '╴', '╶':
		return '─'
	case '╎', '┆', '╵', '╷':
		return '│'
	case '╭':
		return '┌'
	case '╮':
		return '┐'
	case '╰':
		return '└'
	case '╯':
		return '┘'
	}
	return r
}

// drawn says whether a character is drawn by boxPixel although the font may have it.
func drawn(r rune) bool { return r >= 0x2500 && r <= 0x259f || r == wideTail }

// boxPixel reports whether a pixel of a w x h cell is set in a character drawn here:
// boxes, blocks, else the replacement glyph, a hollow frame; wide says that the frame
// goes on in the next cell, where it ends with wideTail.
func boxPixel(r rune, wide bool, x, y, w, h int) bool {
	if arms := boxArms(r); arms != 0 {
		return linePixel(arms, x, y, w, h)
	}
	switch r {
	case '█':
		return true
	case '▀':
		return y < h/2
	case '▐':
		return x >= w/2
	case '░':
		return x&1 == 0 && y&1 == x>>1&1
	case '▒':
		return (x+y)&1 == 0
	case '▓':
		return x&1 == 0 || y&1 == x>>1&1
	}
	if r >= '▁' && r <= '▇' { // lower eighths
		return y >= h-h*int(r-'▀')/8
	}
	if r >= '▉' && r <= '▏' { // left eighths, from seven down
		return x < w*(7-int(r-'▉'))/8
	}
	left, right := w/8, w-1-w/8
	top, bottom := h/6, h-1-h/6
	if wide {
		right = w
	}
	if r == wideTail {
		left = -1
	}
	inside := x >= left && x <= right && y >= top && y <= bottom
	return inside && (x == left || x == right || y == top || y == bottom)
}

// linePixel draws the arms around the middle of the cell.
func linePixel(arms, x, y, w, h int) bool {
	dx, dy := x-w/2, y-h/2
	thick := h / 16 // 1 at 8x16
	near := func(d int) bool {
		switch {
		case arms&armDouble != 0:
			return d == -1-thick || d == thick || thick > 1 && (d == -2-thick || d == 1+thick)
		case arms&armHeavy != 0:
			return d >= -thick && d <= thick
		}
		return d >= 0 && d < thick
	}
	reach := 0 // how far an arm goes beyond the middle, so that corners close
	if arms&armDouble != 0 {
		reach = thick
	}
	vertical := near(dx) && (dy <= reach && arms&armUp != 0 || dy >= -reach-1 && arms&armDown != 0)
	horizontal := near(dy) && (dx <= reach && arms&armLeft != 0 || dx >= -reach-1 && arms&armRight != 0)
	return vertical || horizontal
}
