package screen

import (
	"golang.org/x/image/font/inconsolata"
)

// Framebuffer draws characters into a linear framebuffer of 32-bit pixels with the
// Inconsolata bitmap font. The frame memory is only ever written: reading it back
// is slow on real cards, so scrolling redraws the cells that changed.
type Framebuffer struct {
	pix           []uint32
	stride        int // pixels a line
	columns, rows int
	scale         int
	left, top     int // margin that centres the grid
	cells         []rune
	cx, cy        int
	glyphs        []byte // alpha, glyphWidth x glyphHeight each
}

// A cell is 8x17 pixels: the font's glyphs overlap by one column on the right.
const (
	cellWidth   = 8
	cellHeight  = 17
	glyphStride = 9
	glyphBytes  = glyphStride * cellHeight
	maxColumns  = 160 // longer lines are hard to read: scale up before that
)

// NewFramebuffer returns a cleared display. pix holds height lines of stride pixels,
// of which width are visible; a pixel is 0x00RRGGBB or 0x00BBGGRR (text is grey).
func NewFramebuffer(pix []uint32, width, height, stride int) *Framebuffer {
	f := &Framebuffer{pix: pix, stride: stride, scale: 1, glyphs: inconsolataGlyphs()}
	for width/(cellWidth*f.scale) > maxColumns {
		f.scale++
	}
	f.columns = width / (cellWidth * f.scale)
	f.rows = height / (cellHeight * f.scale)
	f.left = (width - f.columns*cellWidth*f.scale) / 2
	f.top = (height - f.rows*cellHeight*f.scale) / 2
	f.cells = make([]rune, f.columns*f.rows)
	for i := range f.cells {
		f.cells[i] = ' '
	}
	clear(pix)
	return f
}

// inconsolataGlyphs returns the font's alpha mask.
func inconsolataGlyphs() []byte { return alphaPix(inconsolata.Regular8x16) }

// Size implements Device.
func (f *Framebuffer) Size() (columns, rows int) { return f.columns, f.rows }

// Set implements Device.
func (f *Framebuffer) Set(x, y int, r rune) {
	f.cells[y*f.columns+x] = r
	f.draw(x, y, false)
}

// Scroll implements Device.
func (f *Framebuffer) Scroll(n int) {
	f.draw(f.cx, f.cy, false)
	for y := 0; y < f.rows; y++ {
		for x := 0; x < f.columns; x++ {
			r := ' '
			if y+n < f.rows {
				r = f.cells[(y+n)*f.columns+x]
			}
			if i := y*f.columns + x; f.cells[i] != r {
				f.cells[i] = r
				f.draw(x, y, false)
			}
		}
	}
}

// Cursor implements Device.
func (f *Framebuffer) Cursor(x, y int) {
	f.draw(f.cx, f.cy, false)
	f.cx, f.cy = x, y
	f.draw(x, y, true)
}

// draw paints one cell; the cursor is an underline.
func (f *Framebuffer) draw(x, y int, cursor bool) {
	r := f.cells[y*f.columns+x]
	glyph := glyphIndex(r)
	for gy := 0; gy < cellHeight; gy++ {
		for sy := 0; sy < f.scale; sy++ {
			line := (f.top+(y*cellHeight+gy)*f.scale+sy)*f.stride + f.left + x*cellWidth*f.scale
			for gx := 0; gx < cellWidth; gx++ {
				a := uint32(0)
				switch {
				case cursor && gy >= cellHeight-3 && gy < cellHeight-1:
					a = 0xff
				case glyph >= 0:
					a = uint32(f.glyphs[glyph*glyphBytes+gy*glyphStride+gx])
				default:
					a = boxPixel(r, gx, gy)
				}
				a = a * 0xe0 / 0xff
				for sx := 0; sx < f.scale; sx++ {
					f.pix[line] = a<<16 | a<<8 | a
					line++
				}
			}
		}
	}
}
