package screen

import (
	"errors"
	"fmt"
	"math/bits"

	"github.com/llamaboot/llamaboot/runtime/runewidth"
)

// Framebuffer paints cells into a linear framebuffer. The frame memory is only ever
// written: reading it back is slow on real cards.
type Framebuffer struct {
	mode          Mode
	face          face
	scale         int
	columns, rows int
	left, top     int // margin that centres the grid

	// ramp holds the pixels from background to colour for rampOf.
	ramp   [16]uint32
	rampOf uint16
}

// Mode describes a linear framebuffer. Exactly one of Pix32, Pix16 and Pix8 is set:
// pixels of 32 or 16 bits, or the bytes of pixels of 24 bits.
type Mode struct {
	Width, Height int
	Stride        int // elements of Pix a line
	Pix32         []uint32
	Pix16         []uint16
	Pix8          []uint8
	Red           Channel
	Green         Channel
	Blue          Channel
}

// Channel is the place of a colour in a pixel.
type Channel struct{ Shift, Bits uint8 }

// MaskChannel is the channel whose bits are those of mask; false when they are not one
// run of bits.
func MaskChannel(mask uint32) (Channel, bool) {
	shift := bits.TrailingZeros32(mask)
	run := mask >> shift
	return Channel{uint8(shift), uint8(bits.Len32(run))}, mask != 0 && run&(run+1) == 0
}

// maxColumns bounds the length of lines: longer ones are hard to read, and small
// letters too on the screens that are so wide.
const maxColumns = 172

// maxScale is enough for 172 columns on 6000 pixels.
const maxScale = 4

// MaxCells bounds the cells of any display NewFramebuffer accepts.
const MaxCells = 64 << 10

// ErrMode reports a framebuffer nothing readable fits on, or one that is not all there.
var ErrMode = errors.New("unusable framebuffer")

// NewFramebuffer returns a display of mode. It paints nothing.
func NewFramebuffer(mode Mode) (*Framebuffer, error) {
	f := &Framebuffer{}
	if !f.Init(mode) {
		return nil, fmt.Errorf("%w: %d x %d pixels, lines of %d, %d in all: want at least 320 x 200, all of them there",
			ErrMode, mode.Width, mode.Height, mode.Stride, len(mode.Pix32)+len(mode.Pix16)+len(mode.Pix8))
	}
	return f, nil
}

// Init is NewFramebuffer for a Framebuffer that exists already; false stands for the
// error.
func (f *Framebuffer) Init(mode Mode) bool {
	perPixel, n := 1, len(mode.Pix32)+len(mode.Pix16)+len(mode.Pix8)
	if mode.Pix8 != nil {
		perPixel = 3
	}
	if mode.Width < 320 || mode.Height < 200 || mode.Width > 1<<14 || mode.Height > 1<<14 ||
		mode.Stride < mode.Width*perPixel || n < mode.Stride*mode.Height {
		return false
	}
	*f = Framebuffer{mode: mode, rampOf: ^uint16(0)}
	f.choose()
	f.columns = mode.Width / (f.face.width * f.scale)
	f.rows = mode.Height / (f.face.height * f.scale)
	f.left = (mode.Width - f.columns*f.face.width*f.scale) / 2
	f.top = (mode.Height - f.rows*f.face.height*f.scale) / 2
	return f.rows > 1 && f.columns*f.rows <= MaxCells
}

// choose picks the smallest letters that give no more than maxColumns: cells of 8,
// 12, 16, 24, 36 and 48 pixels.
func (f *Framebuffer) choose() {
	small, large := smallFace(), largeFace()
	f.face, f.scale = small, 1
	fits := func() bool { return f.mode.Width/(f.face.width*f.scale) <= maxColumns }
	if fits() {
		return
	}
	f.face = large
	if fits() {
		return
	}
	f.face, f.scale = small, 2
	if fits() {
		return
	}
	f.face = large
	for ; !fits() && f.scale < maxScale; f.scale++ {
	}
}

// Size implements Device.
func (f *Framebuffer) Size() (columns, rows int) { return f.columns, f.rows }

// Clear makes the whole screen black, margins included.
func (f *Framebuffer) Clear() {
	clear(f.mode.Pix32)
	clear(f.mode.Pix16)
	clear(f.mode.Pix8)
}

// Draw implements Device. The cursor is an underline.
func (f *Framebuffer) Draw(x, y int, c Cell, cursor bool) {
	if x < 0 || y < 0 || x >= f.columns || y >= f.rows {
		return
	}
	f.prepare(c)
	r := c.Rune()
	w, h := f.face.width, f.face.height
	glyph := -1
	if !drawn(r) {
		glyph = f.face.glyph(r)
	}
	wide := glyph < 0 && runewidth.Of(r) == 2
	var line [largeWidth]uint8
	for gy := 0; gy < h; gy++ {
		for gx := 0; gx < w; gx++ {
			switch {
			case cursor && gy >= h-h/8 && gy < h:
				line[gx] = 15
			case glyph >= 0:
				line[gx] = f.face.coverage(glyph, gx, gy)
			case boxPixel(r, wide, gx, gy, w, h):
				line[gx] = 15
			default:
				line[gx] = 0
			}
		}
		for sy := 0; sy < f.scale; sy++ {
			f.paint(f.left+x*w*f.scale, f.top+(y*h+gy)*f.scale+sy, line[:w])
		}
	}
}

// paint writes a line of coverages, scaled, at pixel x, y.
func (f *Framebuffer) paint(x, y int, line []uint8) {
	m := &f.mode
	switch {
	case m.Pix32 != nil:
		out := m.Pix32[y*m.Stride+x:][:len(line)*f.scale]
		if f.scale == 1 {
			for i, a := range line {
				out[i] = f.ramp[a&15]
			}
			return
		}
		for i := range out {
			out[i] = f.ramp[line[i/f.scale]&15]
		}
	case m.Pix16 != nil:
		out := m.Pix16[y*m.Stride+x:][:len(line)*f.scale]
		for i := range out {
			out[i] = uint16(f.ramp[line[i/f.scale]&15])
		}
	default:
		out := m.Pix8[y*m.Stride+3*x:][:3*len(line)*f.scale]
		for i := 0; i < len(line)*f.scale; i++ {
			p := f.ramp[line[i/f.scale]&15]
			out[3*i], out[3*i+1], out[3*i+2] = uint8(p), uint8(p>>8), uint8(p>>16)
		}
	}
}

// prepare computes the pixels between the two colours of c.
func (f *Framebuffer) prepare(c Cell) {
	key := uint16(c.Background())<<8 | uint16(c.Colour())
	if f.rampOf == key {
		return
	}
	f.rampOf = key
	from, to := palette[c.Background()], palette[c.Colour()]
	for i := range f.ramp {
		mix := func(shift uint) uint32 {
			a, b := from>>shift&255, to>>shift&255
			return (a*uint32(15-i) + b*uint32(i)) / 15
		}
		f.ramp[i] = f.mode.Red.place(mix(16)) | f.mode.Green.place(mix(8)) | f.mode.Blue.place(mix(0))
	}
}

// place puts an 8-bit intensity where the channel wants it.
func (c Channel) place(v uint32) uint32 {
	if c.Bits > 8 {
		return v << (c.Bits - 8) << c.Shift
	}
	return v >> (8 - c.Bits) << c.Shift
}
