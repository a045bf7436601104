package screen

import "sync"

// Console is the screen of a machine as its kernel and its program share it. It is
// static memory that is used before Go's runtime starts and after it has died: Put, Show
// and ShowFramebuffer allocate nothing. It must not be copied.
type Console struct {
	// terminal is nil while there is no screen. lock guards what it shows; Put, with
	// which the kernel says its last words, takes no lock.
	terminal *Terminal
	lock     sync.Mutex

	// early keeps what was printed before there was a screen.
	early    [4 << 10]byte
	earlyLen int

	display         Framebuffer
	displayTerminal Terminal
	displayCells    [2 * MaxCells]Cell
}

// Put prints a byte at once, in kernel context.
func (c *Console) Put(b byte) {
	t := c.terminal
	if t == nil {
		if c.earlyLen < len(c.early) {
			c.early[c.earlyLen] = b
			c.earlyLen++
		}
		return
	}
	t.Put(b)
	if b == '\n' {
		t.Flush()
	}
}

// Show makes t the screen.
func (c *Console) Show(t *Terminal) {
	for _, b := range c.early[:c.earlyLen] {
		t.Put(b)
	}
	c.earlyLen = 0
	t.Flush()
	c.terminal = t
}

// ShowFramebuffer makes a mode the screen, with the text of the one before. False: the
// mode is unusable, and the screen stays what it was.
func (c *Console) ShowFramebuffer(mode Mode) bool {
	if !c.display.Init(mode) {
		return false
	}
	c.display.Clear()
	t := &c.displayTerminal
	t.Init(&c.display, c.displayCells[:])
	if old := c.terminal; old != nil {
		t.Adopt(old)
	}
	c.Show(t)
	return true
}

// Change runs f, which changes the screen, while nothing is written to it.
func (c *Console) Change(f func() error) error {
	c.lock.Lock()
	defer c.lock.Unlock()
	return f()
}

// Write prints text.
func (c *Console) Write(text []byte) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.terminal == nil {
		return
	}
	for _, b := range text {
		c.terminal.Put(b)
	}
	c.terminal.Flush()
}

// SetStatus shows text in a line of its own at the bottom of the screen.
func (c *Console) SetStatus(text string) {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.terminal != nil {
		c.terminal.SetStatus(text)
		c.terminal.Flush()
	}
}

// Columns returns the width of the screen in cells, 0 if there is none.
func (c *Console) Columns() int {
	c.lock.Lock()
	defer c.lock.Unlock()
	if c.terminal == nil {
		return 0
	}
	columns, _ := c.terminal.Size()
	return columns
}
