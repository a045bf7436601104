package screen

import (
	"strings"
	"testing"
)

// grid is a fake device.
type grid struct {
	w, h    int
	cells   [][]Cell
	cx, cy  int
	painted int
}

func newGrid(w, h int) *grid {
	g := &grid{w: w, h: h, cx: -1}
	for range h {
		g.cells = append(g.cells, make([]Cell, w))
	}
	return g
}

func (g *grid) Size() (int, int) { return g.w, g.h }
func (g *grid) Draw(x, y int, c Cell, cursor bool) {
	g.cells[y][x] = c
	g.painted++
	if cursor {
		g.cx, g.cy = x, y
	}
}

func (g *grid) text() string {
	var lines []string
	for _, l := range g.cells {
		line := ""
		for _, c := range l {
			if r := c.Rune(); r != wideTail {
				line += string(r)
			}
		}
		lines = append(lines, strings.TrimRight(line, " "))
	}
	return strings.TrimRight(strings.Join(lines, "\n"), "\n")
}

func put(t *Terminal, s string) {
	for _, b := range []byte(s) {
		t.Put(b)
	}
	t.Flush()
}

func TestTerminal(t *testing.T) {
	for _, c := range []struct{ name, in, want string }{
		{"lines", "ab\ncd\r\nef", "ab\ncd\nef"},
		{"carriage return overwrites", "loading 1\rloading 2", "loading 2"},
		{"backspace", "abc\b\bX", "aXc"},
		{"tab", "a\tb", "a       b"},
		{"wrap", "1234567890abc", "1234567890\nabc"},
		{"words wrap whole", "one two three four", "one two\nthree four"},
		{"a full line and a space", "one two 34 five", "one two 34\nfive"},
		{"a word that just fits", "one two 345 six", "one two\n345 six"},
		{"spaces at the edge", "one two 34   five", "one two 34\nfive"},
		{"full line leaves no empty one", "1234567890\nabc", "1234567890\nabc"},
		{"UTF-8", "äß漢€😀", "äß漢€😀"},
		{"wide characters wrap whole", "123456789漢", "123456789\n漢"},
		{"half a wide character", "漢漢\r\x1b[Cx", " x漢"},
		{"the other half", "漢漢\r\x1b[2Cx", "漢x"},
		{"combining marks", "e\u0301x", "ex"},
		{"malformed UTF-8", "a\xffb\xc3(\xe2\x82c", "a\uFFFDb\uFFFD(\uFFFDc"},
		{"overlong and surrogates", "\xc0\xaf\xed\xa0\x80", "\uFFFD\uFFFD"},
		{"other escape sequences", "a\x1b[31;1mb\x1b[0mc\x1b]0;title\ad\x1b(Be\x1bP1\x1b\\f\x1b[?2004hg", "abcdefg"},
		{"scrolling", "1\n2\n3\n4\n5", "2\n3\n4\n5"},
		{"control characters", "a\x00\x01b", "ab"},
		{"cursor movement", "abc\x1b[2Dx\x1b[By\x1b[Az\x1b[1;1Hw", "wxcz\n  y"},
		{"movement stops at the edges", "\x1b[99;99Hx\x1b[99A\x1b[99Dy", "y\n\n\n         x"},
		{"erase to the end", "abcdef\nghi\x1b[1A\x1b[J", "abc"},
		{"erase line", "abc\ndef\x1b[2K\rx", "abc\nx"},
		{"erase to the start", "abcdef\x1b[3D\x1b[1K", "    ef"},
		{"clear and home", "abc\ndef\x1b[H\x1b[2Jx", "x"},
		{"save and restore", "ab\x1b7\ncd\x1b8X", "abX\ncd"},
	} {
		g := newGrid(10, 4)
		put(NewTerminal(g), c.in)
		if got := g.text(); got != c.want {
			t.Errorf("%s: screen\n%q, want\n%q", c.name, got, c.want)
		}
	}
}

func TestColours(t *testing.T) {
	g := newGrid(10, 2)
	put(NewTerminal(g), "a\x1b[31mb\x1b[1;44mc\x1b[7md\x1b[0me\x1b[38;5;196mf\x1b[48;2;0;0;250mg\x1b[39;49;92mh")
	for i, want := range []Cell{
		NewCell('a', White, Black), NewCell('b', Red, Black), NewCell('c', Red|bright, Blue), NewCell('d', Blue, Red|bright),
		NewCell('e', White, Black), NewCell('f', Red, Black), NewCell('g', Red, Blue), NewCell('h', Green|bright, Black),
	} {
		if got := g.cells[0][i]; got != want {
			t.Errorf("cell %d = %q %d on %d, want %q %d on %d", i,
				got.Rune(), got.Colour(), got.Background(), want.Rune(), want.Colour(), want.Background())
		}
	}
}

func TestStatusLine(t *testing.T) {
	g := newGrid(10, 4)
	term := NewTerminal(g)
	put(term, "1\n2\n3\n4")
	term.SetStatus("ready 漢")
	term.Flush()
	if want := "2\n3\n4\n ready 漢"; g.text() != want {
		t.Errorf("screen\n%s\nwant\n%s", g.text(), want)
	}
	if x, y := term.Cursor(); x != 1 || y != 2 {
		t.Errorf("cursor at %d,%d, want 1,2", x, y)
	}
	put(term, "\n5\x1b[99;1Hlast\x1b[J")
	term.SetStatus("much too long for it")
	term.Flush()
	if want := "3\n4\nlast\n much too"; g.text() != want {
		t.Errorf("screen\n%s\nwant\n%s", g.text(), want)
	}
}

// TestFlushPaintsWhatChanged: text that scrolls by between two flushes costs nothing.
func TestFlushPaintsWhatChanged(t *testing.T) {
	g := newGrid(10, 4)
	term := NewTerminal(g)
	put(term, "abc")
	g.painted = 0
	put(term, "d")
	if g.painted != 3 || g.cx != 4 { // the character, the old and the new place of the cursor
		t.Errorf("one character painted %d cells, cursor at %d", g.painted, g.cx)
	}
	g.painted = 0
	put(term, strings.Repeat("line\n", 1000))
	if g.painted > 10*4+2 {
		t.Errorf("1000 lines painted %d cells of %d", g.painted, 10*4)
	}
	g.painted = 0
	put(term, "\x1b[?25l")
	if g.painted != 1 {
		t.Errorf("hiding the cursor painted %d cells", g.painted)
	}
}

// FuzzTerminal: no input may leave the grid.
func FuzzTerminal(f *testing.F) {
	f.Add([]byte("hello\x1b[2J\xe2\x82\xac\t\n\b\x1b[5;9H\x1b[38;5;200;1m漢\x1b[K\x1b7\x1b[9A\x1b8\x1b[3B"))
	f.Fuzz(func(t *testing.T, in []byte) {
		g := newGrid(7, 3)
		term := NewTerminal(g)
		put(term, string(in))
		term.SetStatus(string(in))
		put(term, string(in))
		if x, y := term.Cursor(); x < 0 || x >= g.w || y < 0 || y >= g.h-1 {
			t.Errorf("cursor at %d,%d", x, y)
		}
	})
}

// fakeCursor is the cell a hardware cursor was moved to.
type fakeCursor int

func (c *fakeCursor) MoveCursor(cell int) { *c = fakeCursor(cell) }

func TestVGA(t *testing.T) {
	cells := make([]uint16, VGACells)
	var cursor fakeCursor
	v := &VGA{Cells: cells, Cursor: &cursor}
	term := NewTerminal(v)
	put(term, "Aé─漢’ł\x1b[1;34mx")
	for i, want := range []uint16{0x0741, 0x0782, 0x07c4, 0x07fe, 0x0720, 0x0727, 0x076c, 0x0978, 0x0720} {
		if cells[i] != want {
			t.Errorf("cell %d = %#04x, want %#04x", i, cells[i], want)
		}
	}
	if cursor != 8 {
		t.Errorf("cursor at %d, want 8", cursor)
	}
	if got := string([]rune{v.Text(0, 0), v.Text(1, 0), v.Text(2, 0)}); got != "Aé─" {
		t.Errorf("the text memory reads %q", got)
	}
	put(term, strings.Repeat("\n", 25))
	if cells[0] != 0x0720 {
		t.Errorf("the first line did not scroll away: %#04x", cells[0])
	}
}

func TestCodePage437(t *testing.T) {
	for r, want := range map[rune]byte{
		'a': 'a', '~': '~', 'Ç': 0x80, '═': 0xcd, '━': 0xc4, '╭': 0xda, '“': '"', '—': '-', '…': '.', 'Ł': 'L', '€': 'E',
		'š': 's', 'ž': 'z', '→': 0x1a, 'ж': vgaUnknown, '\u00a0': 0xff,
	} {
		if got := codePage437(r); got != want {
			t.Errorf("%q: %#02x, want %#02x", r, got, want)
		}
	}
}
