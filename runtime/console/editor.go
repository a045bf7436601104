package console

import (
	"slices"
	"strings"
	"unicode"
)

// Control characters of a console (ECMA-48 C0) and what they do here, as in Emacs
// and readline.
const (
	ctrlA     = 0x01 // start of the line
	ctrlB     = 0x02 // left
	ctrlC     = 0x03 // interrupt
	ctrlD     = 0x04 // delete; end of input on an empty line
	ctrlE     = 0x05 // end of the line
	ctrlF     = 0x06 // right
	backspace = 0x08
	tab       = 0x09
	lineFeed  = 0x0a
	ctrlK     = 0x0b // erase to the end
	ctrlL     = 0x0c // clear the screen
	enter     = 0x0d
	ctrlN     = 0x0e // next line of the history
	ctrlP     = 0x10 // previous one
	ctrlU     = 0x15 // erase to the start
	ctrlW     = 0x17 // erase the word before
	ctrlY     = 0x19 // insert what was erased
	ctrlZ     = 0x1a // suspend
	del       = 0x7f // what most terminals send for the backspace key
)

// maxLine bounds one input, in characters; what goes beyond is dropped.
const maxLine = 1 << 20

// editor holds the text being typed. It knows nothing of terminals; view shows it.
type editor struct {
	text    []rune
	at      int    // the cursor is before text[at]
	killed  []rune // for Ctrl-Y
	paste   bool   // inside a bracketed paste: line ends are text
	afterCR bool   // a following LF belongs to the CR

	history  [][]rune
	chosen   int    // index in history; len(history) is the new text
	unsent   []rune // the new text while an old one is shown
	complete []string

	changed int // first character that is no longer what the view showed
}

// maxHistory is how many inputs are remembered.
const maxHistory = 1000

// outcome is what a key means to the one who reads the line.
type outcome int

const (
	goOn outcome = iota
	accept
	interrupt
	endOfInput
	clearScreen
	suspend
)

// start begins a new text.
func (e *editor) start() {
	e.text, e.at, e.changed = nil, 0, 0
	e.chosen, e.unsent = len(e.history), nil
}

// remember adds the text to the history.
func (e *editor) remember(text []rune) {
	if len(strings.TrimSpace(string(text))) == 0 {
		return
	}
	if n := len(e.history); n > 0 && slices.Equal(e.history[n-1], text) {
		return
	}
	if len(e.history) == maxHistory {
		e.history = slices.Delete(e.history, 0, 1)
	}
	e.history = append(e.history, slices.Clone(text))
}

// press applies one key.
func (e *editor) press(k key) outcome {
	afterCR := e.afterCR
	e.afterCR = false
	switch k.code {
	case keyRune:
		return e.character(k, afterCR)
	case keyUp:
		e.vertical(-1)
	case keyDown:
		e.vertical(1)
	case keyRight:
		e.at = e.right(e.at)
	case keyLeft:
		e.at = e.left(e.at)
	case keyHome:
		e.at = e.lineStart(e.at)
	case keyEnd:
		e.at = e.lineEnd(e.at)
	case keyDelete:
		e.erase(e.at, e.right(e.at))
	case keyWordLeft:
		e.at = e.wordStart(e.at)
	case keyWordRight:
		e.at = e.wordEnd(e.at)
	case keyPasteBegin:
		e.paste = true
	case keyPasteEnd:
		e.paste = false
	}
	return goOn
}

func (e *editor) character(k key, afterCR bool) outcome {
	switch k.r {
	case enter, lineFeed:
		e.afterCR = k.r == enter
		switch {
		case k.r == lineFeed && afterCR: // the LF of a CR LF
		case e.paste || k.alt:
			e.insert('\n')
		default:
			return accept
		}
	case ctrlA:
		e.at = e.lineStart(e.at)
	case ctrlE:
		e.at = e.lineEnd(e.at)
	case ctrlB:
		e.at = e.left(e.at)
	case ctrlF:
		e.at = e.right(e.at)
	case ctrlC:
		e.paste = false
		return interrupt
	case ctrlD:
		if len(e.text) == 0 {
			return endOfInput
		}
		e.erase(e.at, e.right(e.at))
	case backspace, del:
		if k.alt {
			e.kill(e.wordStart(e.at), e.at)
			break
		}
		e.erase(e.left(e.at), e.at)
	case ctrlK:
		e.kill(e.at, e.lineEnd(e.at))
	case ctrlU:
		e.kill(e.lineStart(e.at), e.at)
	case ctrlW:
		e.kill(e.wordStart(e.at), e.at)
	case ctrlY:
		e.insert(e.killed...)
	case ctrlP:
		e.vertical(-1)
	case ctrlN:
		e.vertical(1)
	case ctrlL:
		return clearScreen
	case ctrlZ:
		return suspend
	case tab:
		if e.paste || !e.completeCommand() {
			e.insert(tab)
		}
	default:
		if !unicode.IsControl(k.r) && !k.alt {
			e.insert(k.r)
		}
	}
	return goOn
}

func (e *editor) insert(r ...rune) {
	if len(e.text)+len(r) > maxLine {
		return
	}
	e.changed = min(e.changed, e.at)
	e.text = slices.Insert(e.text, e.at, r...)
	e.at += len(r)
}

// erase removes text[from:to].
func (e *editor) erase(from, to int) {
	if from == to {
		return
	}
	e.changed = min(e.changed, from)
	e.text = slices.Delete(e.text, from, to)
	e.at = from
}

func (e *editor) kill(from, to int) {
	if from != to {
		e.killed = slices.Clone(e.text[from:to])
		e.erase(from, to)
	}
}

// left and right step over one visible character, its combining marks included.
func (e *editor) left(i int) int {
	for i > 0 {
		i--
		if cells(e.text[i]) > 0 {
			break
		}
	}
	return i
}

func (e *editor) right(i int) int {
	if i < len(e.text) {
		i++
	}
	for i < len(e.text) && cells(e.text[i]) == 0 {
		i++
	}
	return i
}

// lineStart and lineEnd stay within one line of the text.
func (e *editor) lineStart(i int) int {
	for i > 0 && e.text[i-1] != '\n' {
		i--
	}
	return i
}

func (e *editor) lineEnd(i int) int {
	for i < len(e.text) && e.text[i] != '\n' {
		i++
	}
	return i
}

func (e *editor) wordStart(i int) int {
	for i > 0 && unicode.IsSpace(e.text[i-1]) {
		i--
	}
	for i > 0 && !unicode.IsSpace(e.text[i-1]) {
		i--
	}
	return i
}

func (e *editor) wordEnd(i int) int {
	for i < len(e.text) && unicode.IsSpace(e.text[i]) {
		i++
	}
	for i < len(e.text) && !unicode.IsSpace(e.text[i]) {
		i++
	}
	return i
}

// vertical moves to the line above or below, and beyond the first and last one
// through the history.
func (e *editor) vertical(by int) {
	start := e.lineStart(e.at)
	column := e.at - start
	switch {
	case by < 0 && start > 0:
		above := e.lineStart(start - 1)
		e.at = min(above+column, start-1)
		return
	case by > 0 && e.lineEnd(e.at) < len(e.text):
		below := e.lineEnd(e.at) + 1
		e.at = min(below+column, e.lineEnd(below))
		return
	}
	next := e.chosen + by
	if next < 0 || next > len(e.history) {
		return
	}
	if e.chosen == len(e.history) {
		e.unsent = e.text
	}
	e.chosen = next
	text := e.unsent
	if next < len(e.history) {
		text = slices.Clone(e.history[next])
	}
	e.text, e.at, e.changed = text, len(text), 0
}

// completeCommand completes a text that begins one known command, and reports
// whether it looks like one.
func (e *editor) completeCommand() bool {
	typed := string(e.text)
	if !strings.HasPrefix(typed, "/") || strings.ContainsAny(typed, " \n") {
		return false
	}
	var matches []string
	for _, c := range e.complete {
		if strings.HasPrefix(c, typed) {
			matches = append(matches, c)
		}
	}
	if len(matches) == 1 {
		e.at = len(e.text)
		e.insert([]rune(matches[0][len(typed):])...)
	}
	return true
}
