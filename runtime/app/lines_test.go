package app

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"strings"
	"testing"
	"testing/iotest"
)

func readLines(l *lineReader) []string {
	var got []string
	for line := range l.lines {
		got = append(got, line)
	}
	return got
}

func TestLinesOfAPipe(t *testing.T) {
	for in, want := range map[string][]string{
		"":                 nil,
		"a\nb\n":           {"a", "b"},
		"a\r\nb\r\n":       {"a", "b"},
		"a\rb\r":           {"a", "b"},
		"no end":           {"no end"},
		"\n\n":             {"", ""},
		"\r\r\n\n":         {"", "", ""},
		"caf\u00e9\n\x03x": {"caf\u00e9", "\x03x"}, // a pipe has no control characters
	} {
		for name, r := range map[string]io.Reader{"whole": strings.NewReader(in), "bytewise": iotest.OneByteReader(strings.NewReader(in))} {
			l := newLineReader(r, nil)
			if got := readLines(l); !slices.Equal(got, want) || l.err != nil {
				t.Errorf("%s %q: got %q, %v; want %q", name, in, got, l.err, want)
			}
		}
	}
}

func TestLinesOfARawConsole(t *testing.T) {
	for _, test := range []struct {
		in, echo string
		want     []string
	}{
		{"hi\r", "hi\n", []string{"hi"}},
		{"hix\x7f\r", "hix\b \b\n", []string{"hi"}},
		{"\x7f\x08a\r", "a\n", []string{"a"}},
		{"\u00e9\x7fe\r", "\u00e9\b \be\n", []string{"e"}},
		{"abc\x15d\r", "abc\b \b\b \b\b \bd\n", []string{"d"}},
		{"a\x1b[Ab\x1b[1;5Cc\x1bOPd\r", "abcd\n", []string{"abcd"}},
		{"a\x00\x01\tb\r", "a\tb\n", []string{"a\tb"}},
		{"ab\x04c\r\x04never\r", "abc\n", []string{"abc"}},
		{"half\x03whole\r", "half^C\nwhole\n", []string{"whole"}},
	} {
		var echo bytes.Buffer
		l := newLineReader(iotest.OneByteReader(strings.NewReader(test.in)), &echo)
		if got := readLines(l); !slices.Equal(got, test.want) {
			t.Errorf("%q: got %q, want %q", test.in, got, test.want)
		}
		if echo.String() != test.echo {
			t.Errorf("%q: echo %q, want %q", test.in, echo.String(), test.echo)
		}
		if got, want := len(l.interrupts), strings.Count(test.in, "\x03"); got != want {
			t.Errorf("%q: %d interrupts, want %d", test.in, got, want)
		}
	}
}

func TestLinesKeepTheReadError(t *testing.T) {
	broken := errors.New("line is dead")
	l := newLineReader(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(broken)), nil)
	if got := readLines(l); !slices.Equal(got, []string{"a", "b"}) || l.err != broken {
		t.Errorf("got %q, %v", got, l.err)
	}
}
