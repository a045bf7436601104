package screen

import (
	"strings"
	"testing"
)

// grid is a fake device.
type grid struct {
	w, h     int
	cells    [][]rune
	cx, cy   int
	scrolled int
}

func newGrid(w, h int) *grid {
	g := &grid{w: w, h: h}
	for range h {
		g.cells = append(g.cells, []rune(strings.Repeat(" ", w)))
	}
	return g
}

func (g *grid) Size() (int, int)     { return g.w, g.h }
func (g *grid) Set(x, y int, r rune) { g.cells[y][x] = r }
func (g *grid) Cursor(x, y int)      { g.cx, g.cy = x, y }
func (g *grid) Scroll(n int) {
	g.scrolled += n
	g.cells = g.cells[n:]
	for range n {
		g.cells = append(g.cells, []rune(strings.Repeat(" ", g.w)))
	}
}

func (g *grid) text() string {
	var lines []string
	for _, l := range g.cells {
		lines = append(lines, strings.TrimRight(string(l), " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func TestTerminal(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"lines", "ab\ncd\r\nef", "ab\ncd\nef"},
		{"carriage return overwrites", "loading 1\rloading 2", "loading 2"},
		{"backspace", "abc\b\bX", "aXc"},
		{"tab", "a\tb", "a       b"},
		{"wrap", "1234567890abc", "1234567890\nabc"},
		{"full line leaves no empty one", "1234567890\nabc", "1234567890\nabc"},
		{"UTF-8", "äß漢€😀", "äß漢€😀"},
		{"malformed UTF-8", "a\xffb\xc3(\xe2\x82c", "a\uFFFDb\uFFFD(\uFFFDc"},
		{"overlong and surrogates", "\xc0\xaf\xed\xa0\x80", "\uFFFD\uFFFD"},
		{"escape sequences", "a\x1b[31;1mb\x1b[0mc\x1b]0;title\ad", "abcd"},
		{"scrolling", "1\n2\n3\n4\n5", "2\n3\n4\n5"},
		{"control characters", "a\x00\x01b", "ab"},
	} {
		g := newGrid(10, 4)
		term := NewTerminal(g)
		for _, b := range []byte(c.in) {
			term.Put(b)
		}
		if got := g.text(); got != c.want {
			t.Errorf("%s: screen\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

// FuzzTerminal: no input may leave the grid.
func FuzzTerminal(f *testing.F) {
	f.Add([]byte("hello\x1b[2J\xe2\x82\xac\t\n\b"))
	f.Fuzz(func(t *testing.T, in []byte) {
		g := newGrid(7, 3)
		term := NewTerminal(g)
		for _, b := range in {
			term.Put(b)
		}
		if g.cx < 0 || g.cx >= g.w || g.cy < 0 || g.cy >= g.h {
			t.Errorf("cursor at %d,%d", g.cx, g.cy)
		}
	})
}

func TestVGA(t *testing.T) {
	cells := make([]uint16, VGACells)
	var cursor int
	v := &VGA{Cells: cells, MoveCursor: func(c int) { cursor = c }}
	v.Clear()
	term := NewTerminal(v)
	for _, b := range []byte("Aé─漢’") {
		term.Put(b)
	}
	for i, want := range []uint16{0x0741, 0x0782, 0x07c4, 0x07fe, 0x0727, 0x0720} {
		if cells[i] != want {
			t.Errorf("cell %d = %#04x, want %#04x", i, cells[i], want)
		}
	}
	if cursor != 5 {
		t.Errorf("cursor at %d, want 5", cursor)
	}
	for range 25 {
		term.Put('\n')
	}
	if cells[0] == 0x0741 {
		t.Error("the first line did not scroll away")
	}
}

func TestFramebuffer(t *testing.T) {
	const w, h, stride = 330, 210, 352
	pix := make([]uint32, stride*h)
	f := NewFramebuffer(pix, w, h, stride)
	if c, r := f.Size(); c != 41 || r != 12 {
		t.Fatalf("%dx%d cells, want 41x12", c, r)
	}
	lit := func(x, y int) (n int) {
		for gy := range cellHeight {
			for gx := range cellWidth {
				if pix[(f.top+y*cellHeight+gy)*stride+f.left+x*cellWidth+gx] != 0 {
					n++
				}
			}
		}
		return n
	}
	f.Set(3, 2, 'M')
	m := lit(3, 2)
	if m < 10 || lit(2, 2) != 0 || lit(4, 2) != 0 {
		t.Errorf("'M' lights %d pixels, its neighbours %d and %d", m, lit(2, 2), lit(4, 2))
	}
	f.Set(5, 2, '█')
	f.Set(6, 2, '漢')
	if got := lit(5, 2); got != cellWidth*cellHeight {
		t.Errorf("full block lights %d pixels", got)
	}
	if got := lit(6, 2); got == 0 {
		t.Error("unknown characters are invisible")
	}
	f.Cursor(10, 0)
	f.Scroll(1)
	if lit(3, 1) != m || lit(3, 2) != 0 {
		t.Errorf("after scrolling: %d and %d pixels, want %d and 0", lit(3, 1), lit(3, 2), m)
	}
	for y := range h {
		for x := w; x < stride; x++ {
			if pix[y*stride+x] != 0 {
				t.Fatalf("pixel %d,%d beyond the visible width was written", x, y)
			}
		}
	}
	if f := NewFramebuffer(make([]uint32, 3840*2160), 3840, 2160, 3840); f.scale != 3 {
		t.Errorf("scale %d on a 4K display, want 3", f.scale)
	}
}
