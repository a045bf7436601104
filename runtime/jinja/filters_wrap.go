package jinja

import (
	"strings"
	"unicode/utf8"
)

// wordWrap is wordwrap(width, break_long_words, wrapstring, break_on_hyphens).
func wordWrap(e *env, v Value, a args) (Value, error) {
	s, err := onlyText("wordwrap", v)
	if err != nil {
		return nil, err
	}
	width, err := a.int(0, "width", 79)
	if err != nil || width < 1 {
		return nil, firstError(err, raise("wordwrap: want a width of at least 1"))
	}
	breakLong := a.bool(1, "break_long_words", true)
	wrap, err := a.str(2, "wrapstring", "\n")
	if err != nil {
		return nil, err
	}
	if len(wrap) > maxSet {
		return nil, limit("wordwrap: a text of %d bytes between lines", len(wrap))
	}
	hyphens := a.bool(3, "break_on_hyphens", true)
	if err := firstError(e.make(2*len(s)), e.spend(32*len(s))); err != nil {
		return nil, err
	}
	var w writer
	for i, line := range strings.Split(strings.TrimSuffix(s, "\n"), "\n") {
		if i > 0 {
			w.add(wrap)
		}
		w.add(strings.Join(wrapLine(line, int(min(width, maxValue)), breakLong, hyphens), wrap))
	}
	if w.err != nil {
		return nil, w.err
	}
	return w.out.String(), nil
}

// wrapLine breaks a line as Python's textwrap does without expanding tabs or replacing white space.
func wrapLine(line string, width int, breakLong, hyphens bool) (out []string) {
	var chunks []string // words and white space in turn
	for line != "" {
		space := isSpace([]rune(line[:min(4, len(line))])[0])
		n := strings.IndexFunc(line, func(r rune) bool { return isSpace(r) != space })
		if n < 0 {
			n = len(line)
		}
		word := line[:n]
		line = line[n:]
		for hyphens && !space {
			h := strings.IndexByte(word, '-')
			if h <= 0 || h+1 >= len(word) {
				break
			}
			chunks, word = append(chunks, word[:h+1]), word[h+1:]
		}
		chunks = append(chunks, word)
	}
	for len(chunks) > 0 {
		if len(out) > 0 && strings.TrimFunc(chunks[0], isSpace) == "" {
			chunks = chunks[1:]
			continue
		}
		current, n := "", 0
		for len(chunks) > 0 {
			k := utf8.RuneCountInString(chunks[0])
			if n+k > width {
				break
			}
			current, n, chunks = current+chunks[0], n+k, chunks[1:]
		}
		if len(chunks) > 0 && utf8.RuneCountInString(chunks[0]) > width {
			if r := []rune(chunks[0]); breakLong {
				current, chunks[0] = current+string(r[:width-n]), string(r[width-n:])
			} else if current == "" {
				current, chunks = chunks[0], chunks[1:]
			}
		}
		out = append(out, strings.TrimRightFunc(current, isSpace))
	}
	return out
}
