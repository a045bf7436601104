package screen

import (
	"strings"
	"testing"
)

const testW, testH, testStride = 330, 210, 352

// newTest returns a framebuffer of 41 x 13 cells of 8x16 pixels and a function that
// counts the lit pixels of a cell.
func newTest(t *testing.T) (f *Framebuffer, pix []uint32, lit func(x, y int) int) {
	t.Helper()
	pix = make([]uint32, testStride*testH)
	f, err := NewFramebuffer(Mode{Width: testW, Height: testH, Stride: testStride, Pix32: pix,
		Red: Channel{16, 8}, Green: Channel{8, 8}, Blue: Channel{0, 8}})
	if err != nil {
		t.Fatal(err)
	}
	if c, r := f.Size(); c != 41 || r != 13 {
		t.Fatalf("%dx%d cells, want 41x13", c, r)
	}
	return f, pix, func(x, y int) (n int) {
		for gy := range smallHeight {
			for gx := range smallWidth {
				if pix[(f.top+y*smallHeight+gy)*testStride+f.left+x*smallWidth+gx] != 0 {
					n++
				}
			}
		}
		return n
	}
}

func TestFramebuffer(t *testing.T) {
	f, pix, lit := newTest(t)
	term := NewTerminal(f)
	put(term, "\n\n...M\x1b[3;6H█漢│é\x1b[1;1H")
	m := lit(3, 2)
	if m < 10 || lit(4, 2) != 0 {
		t.Errorf("'M' lights %d pixels, its neighbour %d", m, lit(4, 2))
	}
	if got := lit(5, 2); got != smallWidth*smallHeight {
		t.Errorf("full block lights %d pixels", got)
	}
	if lit(6, 2) == 0 || lit(7, 2) == 0 {
		t.Error("unknown wide characters are invisible")
	}
	if got := lit(8, 2); got != smallHeight {
		t.Errorf("a vertical line lights %d pixels, want one for each of %d", got, smallHeight)
	}
	if lit(9, 2) < 10 {
		t.Errorf("'é' lights %d pixels", lit(9, 2))
	}
	if got := lit(0, 0); got != 2*smallWidth {
		t.Errorf("the cursor lights %d pixels, want %d", got, 2*smallWidth)
	}
	put(term, "\x1b[99;1H\n")
	if lit(3, 1) != m || lit(3, 2) != 0 {
		t.Errorf("after scrolling: %d and %d pixels, want %d and 0", lit(3, 1), lit(3, 2), m)
	}
	put(term, strings.Repeat("██", 41*13))
	for i, p := range pix {
		x, y := i%testStride, i/testStride
		in := x >= f.left && x < f.left+41*smallWidth && y >= f.top && y < f.top+13*smallHeight
		if !in && p != 0 {
			t.Fatalf("pixel %d,%d beyond the grid was written", x, y)
		}
	}
}

// TestSizes: the letters grow with the screen.
func TestSizes(t *testing.T) {
	for _, c := range []struct{ w, h, columns, rows, cell int }{
		{640, 480, 80, 30, 8}, {800, 600, 100, 37, 8}, {1024, 768, 128, 48, 8}, {1280, 800, 160, 50, 8},
		{1366, 768, 170, 48, 8}, {1600, 900, 133, 37, 12}, {1920, 1080, 160, 45, 12}, {2560, 1440, 160, 45, 16},
		{3840, 2160, 160, 45, 24}, {5120, 2880, 142, 40, 36},
	} {
		f, err := NewFramebuffer(Mode{Width: c.w, Height: c.h, Stride: c.w, Pix32: make([]uint32, c.w*c.h)})
		if err != nil {
			t.Fatal(err)
		}
		if columns, rows := f.Size(); columns != c.columns || rows != c.rows || f.face.width*f.scale != c.cell {
			t.Errorf("%dx%d pixels: %dx%d cells of %d pixels, want %dx%d of %d", c.w, c.h, columns, rows, f.face.width*f.scale, c.columns, c.rows, c.cell)
		}
	}
	for _, m := range []Mode{
		{Width: 100, Height: 100, Stride: 100, Pix32: make([]uint32, 10000)},
		{Width: 640, Height: 480, Stride: 640, Pix32: make([]uint32, 640*479)},
		{Width: 640, Height: 480, Stride: 640, Pix8: make([]uint8, 3*640*480)},
	} {
		if _, err := NewFramebuffer(m); err == nil {
			t.Errorf("%d x %d in lines of %d was accepted", m.Width, m.Height, m.Stride)
		}
	}
}

// TestMaskChannel: the masks of UEFI's PixelBitMask.
func TestMaskChannel(t *testing.T) {
	for mask, want := range map[uint32]Channel{0xff0000: {16, 8}, 0xff: {0, 8}, 0x3ff00000: {20, 10}, 0xffffffff: {0, 32}, 1 << 31: {31, 1}} {
		if got, ok := MaskChannel(mask); !ok || got != want {
			t.Errorf("%#x: %v, %v, want %v", mask, got, ok, want)
		}
	}
	for _, mask := range []uint32{0, 0xff00ff, 5} {
		if got, ok := MaskChannel(mask); ok {
			t.Errorf("%#x was taken for %v", mask, got)
		}
	}
}

// TestPixelFormats draws one red block in each format.
func TestPixelFormats(t *testing.T) {
	const w, h = 320, 200
	red := NewCell('█', Red|bright, Black)
	p32, p16, p8 := make([]uint32, w*h), make([]uint16, w*h), make([]uint8, 3*w*h)
	p30 := make([]uint32, w*h)
	for _, m := range []Mode{
		{Width: w, Height: h, Stride: w, Pix32: p32, Red: Channel{0, 8}, Green: Channel{8, 8}, Blue: Channel{16, 8}},
		{Width: w, Height: h, Stride: w, Pix32: p30, Red: Channel{20, 10}, Green: Channel{10, 10}, Blue: Channel{0, 10}},
		{Width: w, Height: h, Stride: w, Pix16: p16, Red: Channel{11, 5}, Green: Channel{5, 6}, Blue: Channel{0, 5}},
		{Width: w, Height: h, Stride: 3 * w, Pix8: p8, Red: Channel{16, 8}, Green: Channel{8, 8}, Blue: Channel{0, 8}},
	} {
		f, err := NewFramebuffer(m)
		if err != nil {
			t.Fatal(err)
		}
		f.Draw(0, 0, red, false)
	}
	at := 4*w + 3 // the grid begins at line 4
	if p32[at] != 0x7070ff {
		t.Errorf("32 bits, blue first: %#x", p32[at])
	}
	if p30[at] != 0xff<<2<<20|0x70<<2<<10|0x70<<2 {
		t.Errorf("10 bits a colour: %#x", p30[at])
	}
	if p16[at] != 0x1f<<11|0x70>>2<<5|0x70>>3 {
		t.Errorf("16 bits: %#x", p16[at])
	}
	if got := [3]uint8(p8[3*at:]); got != [3]uint8{0x70, 0x70, 0xff} {
		t.Errorf("24 bits: %x", got)
	}
}

// TestFont: the tables are complete and the characters people type are in them.
func TestFont(t *testing.T) {
	small, large := smallFace(), largeFace()
	if got, want := len(fontData), large.offset+glyphCount()*large.bytes(); got != want {
		t.Fatalf("font.bin has %d bytes, want %d", got, want)
	}
	for _, r := range "AZaz09~äÖßéñçøåŁőğšžΑΩαωАЯаяё€„“”…—«»°²½×÷→" {
		for _, f := range []face{small, large} {
			g, ink := f.glyph(r), 0
			for i := 0; g >= 0 && i < f.width*f.height; i++ {
				ink += int(f.coverage(g, i%f.width, i/f.width))
			}
			if ink < 15 {
				t.Errorf("%q at %d pixels: glyph at %d has %d ink", r, f.width, g, ink)
			}
		}
	}
	if small.glyph('漢') >= 0 || small.glyph(wideTail) >= 0 {
		t.Error("the font has characters it cannot have")
	}
}

// TestBoxes: lines reach the edges, so that neighbours join.
func TestBoxes(t *testing.T) {
	edges := func(r rune, w, h int) (up, right, down, left bool) {
		for x := range w {
			up = up || boxPixel(r, false, x, 0, w, h)
			down = down || boxPixel(r, false, x, h-1, w, h)
		}
		for y := range h {
			left = left || boxPixel(r, false, 0, y, w, h)
			right = right || boxPixel(r, false, w-1, y, w, h)
		}
		return up, right, down, left
	}
	for r, want := range map[rune][4]bool{
		'─': {false, true, false, true}, '│': {true, false, true, false}, '┌': {false, true, true, false}, '╝': {true, false, false, true},
		'╠': {true, true, true, false}, '╋': {true, true, true, true}, '╭': {false, true, true, false}, '▄': {false, true, true, true},
		'▌': {true, false, true, true}, '█': {true, true, true, true}, 'ﷺ': {false, false, false, false},
	} {
		for _, f := range []face{smallFace(), largeFace()} {
			up, right, down, left := edges(r, f.width, f.height)
			if got := [4]bool{up, right, down, left}; got != want {
				t.Errorf("%q at %d pixels reaches up, right, down, left: %v, want %v", r, f.width, got, want)
			}
		}
	}
}

// BenchmarkScroll is lines a second on a screen of 1920 x 1080 pixels, painted after
// every 4 KiB of text as the board does.
func BenchmarkScroll(b *testing.B) {
	const w, h = 1920, 1080
	f, err := NewFramebuffer(Mode{Width: w, Height: h, Stride: w, Pix32: make([]uint32, w*h), Red: Channel{16, 8}, Green: Channel{8, 8}, Blue: Channel{0, 8}})
	if err != nil {
		b.Fatal(err)
	}
	term := NewTerminal(f)
	line := strings.Repeat("The quick brown fox jumps over the lazy dog. ", 3) + "\n"
	n := 0
	for b.Loop() {
		for i := range len(line) {
			term.Put(line[i])
			if n++; n%4096 == 0 {
				term.Flush()
			}
		}
	}
	b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "lines/s")
}
