package screen

import "testing"

// firstLine is the beginning of what a console's screen shows.
func firstLine(c *Console, n int) string {
	var out []rune
	for x := range n {
		out = append(out, c.terminal.Cell(x, 0).Rune())
	}
	return string(out)
}

func mode(width, height int) Mode {
	return Mode{Width: width, Height: height, Stride: width, Pix32: make([]uint32, width*height),
		Red: Channel{16, 8}, Green: Channel{8, 8}, Blue: Channel{0, 8}}
}

func TestConsole(t *testing.T) {
	c := new(Console)
	if n := c.Columns(); n != 0 {
		t.Errorf("%d columns without a screen", n)
	}
	for _, b := range []byte("early") {
		c.Put(b)
	}
	c.Write([]byte("lost")) // the serial line has it
	c.SetStatus("lost")
	if c.ShowFramebuffer(mode(100, 100)) || c.terminal != nil {
		t.Error("a framebuffer of 100 x 100 pixels is a screen")
	}
	if !c.ShowFramebuffer(mode(640, 480)) {
		t.Fatal("640 x 480 pixels are no screen")
	}
	c.Write([]byte(" later"))
	if got := firstLine(c, 11); got != "early later" || c.Columns() != 80 {
		t.Errorf("the screen shows %q in %d columns, want 80", got, c.Columns())
	}
	if c.ShowFramebuffer(mode(100, 100)) {
		t.Error("a framebuffer of 100 x 100 pixels is a screen")
	}
}

// TestConsoleTakesOver: the BIOS's text screen becomes a framebuffer, with its text.
func TestConsoleTakesOver(t *testing.T) {
	c := new(Console)
	vga := &VGA{Cells: make([]uint16, VGACells)}
	c.Show(NewTerminal(vga))
	for _, b := range []byte("text\n") {
		c.Put(b)
	}
	if got := string([]rune{vga.Text(0, 0), vga.Text(3, 0)}); got != "tt" {
		t.Errorf("the text screen shows %q", got)
	}
	if err := c.Change(func() error { c.ShowFramebuffer(mode(800, 600)); return nil }); err != nil {
		t.Fatal(err)
	}
	if got := firstLine(c, 4); got != "text" || c.Columns() != 100 {
		t.Errorf("the framebuffer shows %q in %d columns, want 100", got, c.Columns())
	}
	if n := testing.AllocsPerRun(10, func() { c.Put('x'); c.Put('\n') }); n != 0 {
		t.Errorf("Put allocates %v times", n)
	}
}
