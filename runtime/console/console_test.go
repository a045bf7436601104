package console

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"testing/iotest"
	"time"
)

// readAll returns the inputs up to the error that ends them; ErrInterrupted counts
// as the input "^C".
func readAll(c *Console) (got []string, err error) {
	for {
		line, err := c.ReadLine(io.Discard, "> ")
		switch err {
		case nil:
			got = append(got, line)
		case ErrInterrupted:
			got = append(got, "^C")
		default:
			return got, err
		}
	}
}

func TestPipe(t *testing.T) {
	for in, want := range map[string][]string{
		"":                        nil,
		"a\nb\n":                  {"a", "b"},
		"a\r\nb\r\n":              {"a", "b"},
		"a\rb\r":                  {"a", "b"},
		"no end":                  {"no end"},
		"\n\n":                    {"", ""},
		"\r\r\n\n":                {"", "", ""},
		"caf\u00e9\n\x03x":        {"caf\u00e9", "\x03x"}, // a pipe has no control characters
		"one \\\ntwo\nthree\n":    {"one \ntwo", "three"},
		"\"\"\"a\n\nb\"\"\"\nc\n": {"a\n\nb", "c"},
		"\"\"\"a\nb":              {"a\nb"},
		"\"\"\"a\"\"\"\n":         {"a"},
		"say \"\"\"x\n":           {"say \"\"\"x"},
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "bytewise": iotest.OneByteReader(strings.NewReader(in))} {
			got, err := readAll(New(r, Options{}))
			if !slices.Equal(got, want) || err != io.EOF {
				t.Errorf("%s %q: got %q, %v; want %q", name, in, got, err, want)
			}
		}
	}
}

// TestLongPipe: lines that come faster than they are read are not lost. Of the first one the reader takes its time.
func TestLongPipe(t *testing.T) {
	line := strings.Repeat("x", 200<<10)
	const lines = 3 * maxInput / (200 << 10)
	in := &countingReader{r: strings.NewReader(strings.Repeat(line+"\n", lines))}
	c := New(in, Options{})
	for end := time.Now().Add(5 * time.Second); in.n.Load() < maxInput-4096 && time.Now().Before(end); {
		time.Sleep(time.Millisecond) // until all that fits was read ahead
	}
	got, err := readAll(c)
	if err != io.EOF || len(got) != lines {
		t.Fatalf("%d lines, %v, want %d", len(got), err, lines)
	}
	for i, l := range got {
		if l != line {
			t.Errorf("line %d has %d characters, want %d", i+1, len(l), len(line))
		}
	}
}

// countingReader counts what was read from it.
type countingReader struct {
	r io.Reader
	n atomic.Int64
}

func (c *countingReader) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n.Add(int64(n))
	return n, err
}

func TestReadError(t *testing.T) {
	broken := errors.New("line is dead")
	got, err := readAll(New(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), Options{}))
	if !slices.Equal(got, []string{"a", "b"}) || err != broken {
		t.Errorf("got %q, %v", got, err)
	}
}

func TestEditing(t *testing.T) {
	const up, down, right, left, home, end, deleteKey = "\x1b[A", "\x1b[B", "\x1b[C", "\x1b[D", "\x1b[H", "\x1b[F", "\x1b[3~"
	for in, want := range map[string][]string{
		"hi\r":                                 {"hi"},
		"hix\x7f\r":                            {"hi"},
		"\x7f\x08a\r":                          {"a"},
		"\u00e9\x7fe\r":                        {"e"},
		"abc\x15d\r":                           {"d"},
		"bc" + home + "a" + end + "d\r":        {"abcd"},
		"ad\x02\x02\x06bc\r":                   {"abcd"},
		"axb" + left + left + deleteKey + "\r": {"ab"},
		"ab\x01\x04\r":                         {"b"},
		"one two\x17three\r":                   {"one three"},
		"one two\x1b\x7fthree\r":               {"one three"},
		"one two" + left + left + "\x0b\x01\x19\r": {"woone t"},
		"one two\x1b[1;5D\x1b[1;5Dx\r":             {"xone two"},
		"one two\x1bb\x1bbx\x1bfy\r":               {"xoney two"},
		"e\u0301a\x7f\x7f\r":                       {""},
		"漢字" + left + "x\r":                        {"漢x字"},
		"a\r" + "b\r" + up + up + "2\r":            {"a", "b", "a2"},
		"a\rnew" + up + down + "er\r":              {"a", "newer"},
		"a\r\x10\x10\x10\x0ex\r":                   {"a", "x"},
		"a\ra\rb\r" + up + up + "\r":               {"a", "a", "b", "a"},
		"a\x1b\rb\r":                               {"a\nb"},
		"one\\\rtwo\r":                             {"one\ntwo"},
		"\"\"\"a\rb\"\"\"\r":                       {"a\nb"},
		"ab\x1b\rcd" + up + "x\r":                  {"abx\ncd"},
		"\x1b[200~a\r\nb\x1b[201~c\r":              {"a\nbc"},
		"a\x1b[5~\x1b[[Ab\x1b[1;2Pc\x1bOHx\r":      {"xabc"},
		"a\x00\x01\tb\r":                           {"\tba"},
		"ab\x04c\r\x04never\r":                     {"abc"},
		"half\x03whole\r":                          {"whole"},
		"\x03a\r":                                  {"^C", "a"},
		"/he\t\r/\tx\r":                            {"/help", "/x"},
		"a\r\nb\r\n":                               {"a", "b"},
		"\xc3(\xff\r":                              {"(\ufffd"},
	} {
		var echo bytes.Buffer
		c := New(iotest.OneByteReader(strings.NewReader(in)), Options{Echo: &echo, Commands: []string{"/help", "/clear"}})
		waitForEnd(c)
		got, err := readAll(c)
		if !slices.Equal(got, want) || err != io.EOF {
			t.Errorf("%q: got %q, %v; want %q", in, got, err, want)
		}
	}
}

// waitForEnd makes c one that reads: Ctrl-C typed before ReadLine would be an
// interrupt. It returns when the whole input has come.
func waitForEnd(c *Console) {
	c.mu.Lock()
	c.reading = true
	c.mu.Unlock()
	for {
		c.mu.Lock()
		done := c.err != nil
		c.mu.Unlock()
		if done {
			return
		}
		<-c.arrived
	}
}

func TestCtrlCWhileNobodyReads(t *testing.T) {
	r, typing := io.Pipe()
	c := New(r, Options{Echo: io.Discard})
	io.WriteString(typing, "typed ahead\r\x03")
	<-c.Interrupts()
	go func() {
		io.WriteString(typing, "x\r")
	}()
	if line, err := c.ReadLine(io.Discard, "> "); line != "x" || err != nil {
		t.Errorf("got %q, %v", line, err)
	}
	c.interrupt()
	c.Forget()
	select {
	case <-c.Interrupts():
		t.Error("a forgotten interrupt came back")
	default:
	}
}

func TestSignal(t *testing.T) {
	r, _ := io.Pipe() // nobody types
	signals := make(chan struct{})
	c := New(r, Options{Signals: signals})
	signals <- struct{}{}
	if _, err := c.ReadLine(io.Discard, "> "); err != ErrInterrupted {
		t.Errorf("got %v", err)
	}
}

// TestScreen shows what is typed on a small terminal.
func TestScreen(t *testing.T) {
	const left = "\x1b[D"
	for _, test := range []struct{ in, want string }{
		{"hello", "> hello"},
		{"hello\x7f\x7fp", "> help"},
		{"hello" + left + left + left + "y", "> heyllo"},
		{"abcdefgh", "> abcdefgh"}, // 11 columns, the last of which stays free
		{"abcdefghi", "> abcdefgh\ni"},
		{"abcdefghijklmnopqrstuvwx", "> abcdefgh\nijklmnopqr\nstuvwx"},
		{"abcdefghijklmnopqrstuvwx\x15", ">"},
		{"abcdefghijkl\x01X", "> Xabcdefg\nhijkl"},
		{"abcdefghijkl\x01\x0b", ">"},
		{"abcdefghijkl\x01\x04\x04\x04", "> defghijk\nl"},
		{"abcdefg漢字", "> abcdefg\n漢字"},
		{"a\x1b\rb", "> a\n> b"},
		{"a\x1b\rb\x01\x7f", "> ab"},
		{"x\ty", "> x    y"},
		{"half\x03new", "> half^C\n> new"},
	} {
		var echo bytes.Buffer
		c := New(iotest.OneByteReader(strings.NewReader(test.in+left+left)), Options{Echo: &echo, Columns: func() int { return 11 }})
		waitForEnd(c)
		c.ReadLine(io.Discard, "> ")
		if got := render(t, echo.String(), 11); strings.TrimRight(got, "\n") != test.want {
			t.Errorf("%q: screen\n%s\nwant\n%s", test.in, got, test.want)
		}
	}
}

// TestResize makes the terminal narrower and wider while a line is typed. A narrower one breaks the rows that were there:
// the text of three rows of ten cells has taken five of seven cells then, the prompt is four above the cursor.
func TestResize(t *testing.T) {
	e, v := &editor{}, &view{}
	e.start()
	v.start("> ", 11)
	e.text = []rune("abcdefghijklmnopqrstuvwx")
	e.at = len(e.text)
	v.refresh(e)
	for _, test := range []struct {
		columns    int
		head, want string
	}{
		{7, "\x1b[4A\r\x1b[J", "> abcd\nefghij\nklmnop\nqrstuv\nwx"},
		{15, "\x1b[4A\r\x1b[J", "> abcdefghijkl\nmnopqrstuvwx"},
		{80, "\x1b[1A\r\x1b[J", "> abcdefghijklmnopqrstuvwx"},
	} {
		v.out.Reset()
		v.resize(test.columns, e)
		v.refresh(e)
		got, found := strings.CutPrefix(v.out.String(), test.head)
		if !found {
			t.Errorf("%d columns: begins with %q, want %q", test.columns, v.out.String(), test.head)
		}
		if got := render(t, got, test.columns); strings.TrimRight(got, "\n") != test.want {
			t.Errorf("%d columns: screen\n%s\nwant\n%s", test.columns, got, test.want)
		}
	}
}

// render plays what the view writes: characters, BS, LF, cursor movements and ED.
func render(t *testing.T, s string, columns int) string {
	t.Helper()
	lines := [][]rune{nil}
	row, column := 0, 0
	in := []rune(s)
	for i := 0; i < len(in); i++ {
		switch r := in[i]; r {
		case '\b':
			column--
		case '\n':
			row, column = row+1, 0
		case escape:
			n := 0
			for i += 2; in[i] >= '0' && in[i] <= '9'; i++ {
				n = n*10 + int(in[i]-'0')
			}
			switch in[i] {
			case 'A':
				row -= n
			case 'C':
				column += n
			case 'B':
				row += n
			case 'D':
				column -= n
			case 'J':
				lines = lines[:row+1]
				lines[row] = lines[row][:min(column, len(lines[row]))]
			}
		default:
			if cells(r) == 0 {
				continue
			}
			for len(lines[row]) < column+cells(r) {
				lines[row] = append(lines[row], ' ')
			}
			lines[row][column] = r
			if cells(r) == 2 {
				lines[row][column+1] = 0
			}
			column += cells(r)
		}
		if row < 0 || column < 0 || column > columns-1 {
			t.Fatalf("cursor at %d,%d after %q", row, column, string(in[:i+1]))
		}
		for len(lines) <= row {
			lines = append(lines, nil)
		}
	}
	var out []string
	for _, l := range lines {
		out = append(out, strings.TrimRight(strings.ReplaceAll(string(l), "\x00", ""), " "))
	}
	return strings.Join(out, "\n")
}

// FuzzConsole: whatever is typed, the cursor stays on the terminal and the bytes of
// accepted lines are characters.
func FuzzConsole(f *testing.F) {
	f.Add([]byte("one two\x1b[D\x1b[D\x0b\x19\x1b\r漢字\x01\x7f\x1b[200~a\rb\x1b[201~\x1b[A\t\r\x03\x0c"))
	f.Fuzz(func(t *testing.T, in []byte) {
		var echo bytes.Buffer
		c := New(bytes.NewReader(in), Options{Echo: &echo, Columns: func() int { return 9 }})
		waitForEnd(c)
		readAll(c)
		if !bytes.Contains(in, []byte{ctrlL}) {
			render(t, echo.String(), 9)
		}
	})
}
