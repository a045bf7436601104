package console

import "strings"

// quotes around a text keep its line ends.
const quotes = `"""`

// Unfinished reports whether more lines belong to text, and returns text as the next
// line is to be appended to it: a backslash at the end joins the next line, three
// quotes at the start wait for three at the end.
func Unfinished(text string) (joined string, more bool) {
	if rest, ok := strings.CutPrefix(strings.TrimLeft(text, " \t"), quotes); ok {
		return text + "\n", !strings.HasSuffix(strings.TrimRight(rest, " \t\n"), quotes)
	}
	if before, ok := strings.CutSuffix(text, `\`); ok {
		return before + "\n", true
	}
	return text, false
}

// Unquote removes the three quotes around a finished text.
func Unquote(text string) string {
	rest, ok := strings.CutPrefix(strings.TrimSpace(text), quotes)
	if !ok {
		return text
	}
	return strings.Trim(strings.TrimSuffix(rest, quotes), "\n")
}
