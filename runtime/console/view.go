package console

import (
	"bytes"
	"fmt"

	"github.com/llamaboot/llamaboot/runtime/runewidth"
)

// tabCells is how wide a tab is shown: fixed, so that columns do not depend on
// where a line begins.
const tabCells = 4

// cells is the width of a character on the screen.
func cells(r rune) int {
	if r == tab {
		return tabCells
	}
	return runewidth.Of(r)
}

// view shows an editor's text on a terminal. It moves the cursor relative to where
// it is only, and breaks lines itself before the last column: terminals differ in
// what they do there.
type view struct {
	out     bytes.Buffer
	prompt  string // before every line
	width   int    // columns of the terminal, 0 if nobody knows
	columns int    // usable ones
	row     int    // where the cursor is, from the prompt's row
	column  int
	shown   int // characters on the screen
}

// defaultColumns is used where nobody knows the terminal's size: serial lines.
const defaultColumns = 80

// start shows the prompt on a new line.
func (v *view) start(prompt string, columns int) {
	v.width = columns
	if columns <= 0 {
		columns = defaultColumns
	}
	v.prompt, v.columns = prompt, max(columns-1, runewidth.OfString(prompt)+2)
	v.row, v.column, v.shown = 0, runewidth.OfString(prompt), 0
	v.out.WriteString(prompt)
}

// resize shows the text anew on a terminal that got another width since. Terminals break a row that no longer fits into
// several, and do not join rows that we ended: so far up is the prompt.
func (v *view) resize(columns int, e *editor) {
	up, row, column := 0, 0, runewidth.OfString(v.prompt)
	for _, r := range e.text[:e.at] {
		nextRow, nextColumn := v.step(row, column, r)
		if nextRow != row {
			up += 1 + max(column-1, 0)/max(columns, 1)
		}
		row, column = nextRow, nextColumn
	}
	v.arrow(up+column/max(columns, 1), 'A', 'B')
	v.out.WriteString("\r\x1b[J") // ECMA-48 ED: erase to the end of the screen
	v.start(v.prompt, columns)
	e.changed = 0
}

// step returns the cursor's place after r is shown.
func (v *view) step(row, column int, r rune) (int, int) {
	if r == '\n' {
		return row + 1, runewidth.OfString(v.prompt)
	}
	n := cells(r)
	if column+n > v.columns {
		return row + 1, n
	}
	return row, column + n
}

// place returns where the cursor stands before text[i].
func (v *view) place(text []rune, i int) (row, column int) {
	column = runewidth.OfString(v.prompt)
	for _, r := range text[:i] {
		row, column = v.step(row, column, r)
	}
	return row, column
}

// refresh brings the screen up to date with e.
func (v *view) refresh(e *editor) {
	if e.changed < max(v.shown, len(e.text)) {
		v.move(v.place(e.text, min(e.changed, len(e.text))))
		if v.shown > e.changed {
			v.out.WriteString("\x1b[J") // ECMA-48 ED: erase to the end of the screen
		}
		for _, r := range e.text[e.changed:] {
			v.put(r)
		}
	}
	v.shown, e.changed = len(e.text), len(e.text)
	v.move(v.place(e.text, e.at))
}

func (v *view) put(r rune) {
	row := v.row
	v.row, v.column = v.step(v.row, v.column, r)
	if v.row != row {
		v.out.WriteByte('\n')
	}
	switch r {
	case '\n':
		v.out.WriteString(v.prompt)
	case tab:
		v.out.WriteString("    ")
	default:
		v.out.WriteRune(r)
	}
}

// move sends the cursor to a place that is on the screen already.
func (v *view) move(row, column int) {
	const up, down, right, left = 'A', 'B', 'C', 'D'
	v.arrow(v.row-row, up, down)
	if back := v.column - column; back > 0 && back <= 4 {
		v.out.WriteString("\b\b\b\b"[:back])
	} else {
		v.arrow(column-v.column, right, left)
	}
	v.row, v.column = row, column
}

// arrow writes a relative cursor movement (ECMA-48 CUU, CUD, CUF, CUB).
func (v *view) arrow(n int, forward, backward byte) {
	switch {
	case n > 0:
		fmt.Fprintf(&v.out, "\x1b[%d%c", n, forward)
	case n < 0:
		fmt.Fprintf(&v.out, "\x1b[%d%c", -n, backward)
	}
}

// finish leaves the text behind and starts a new line.
func (v *view) finish(e *editor, mark string) {
	e.at = len(e.text)
	v.refresh(e)
	if v.column+len(mark) > v.columns {
		v.out.WriteByte('\n')
	}
	v.out.WriteString(mark + "\n")
}
