package ps2

import (
	"errors"
	"fmt"
	"strings"

	"golang.org/x/text/unicode/norm"
)

// layout is what the keys of one country's keyboard type.
type layout struct {
	name                string
	plain, shift, altGr string
}

// ErrLayout reports a keyboard nobody has described here.
var ErrLayout = errors.New("unknown keyboard layout")

// New returns a decoder for a layout; "" is us.
func New(name string) (*Decoder, error) {
	if name == "" {
		return &Decoder{}, nil
	}
	for i := range layouts {
		if layouts[i].name == name {
			return &Decoder{layout: &layouts[i]}, nil
		}
	}
	return nil, fmt.Errorf("%w %q, want one of %s", ErrLayout, name, strings.Join(Layouts(), ", "))
}

// Layouts lists the layouts.
func Layouts() []string {
	var names []string
	for _, l := range layouts {
		names = append(names, l.name)
	}
	return names
}

// positions are the scan codes of the keys in a layout's strings, row by row: the key
// left of 1, the digits, the letters, then the key right of the left Shift where there
// is one (56h), the lowest row and the key before the right Shift on Brazilian ones.
const positions = "\x29\x02\x03\x04\x05\x06\x07\x08\x09\x0a\x0b\x0c\x0d" +
	"\x10\x11\x12\x13\x14\x15\x16\x17\x18\x19\x1a\x1b" +
	"\x1e\x1f\x20\x21\x22\x23\x24\x25\x26\x27\x28\x2b" +
	"\x56\x2c\x2d\x2e\x2f\x30\x31\x32\x33\x34\x35\x73"

func positionOf(code byte) int { return strings.IndexByte(positions, code) }

// mark returns the combining mark of a dead key (Unicode block 0300), 0 for others.
func mark(dead rune) rune {
	switch dead {
	case 'ˋ':
		return 0x300
	case '´':
		return 0x301
	case 'ˆ':
		return 0x302
	case '˜':
		return 0x303
	case 'ˉ':
		return 0x304
	case '˘':
		return 0x306
	case '˙':
		return 0x307
	case '¨':
		return 0x308
	case '˚':
		return 0x30a
	case '˝':
		return 0x30b
	case 'ˇ':
		return 0x30c
	case '¸':
		return 0x327
	case '˛':
		return 0x328
	}
	return 0
}

// spacing is what a dead key types with the space bar, or twice.
func spacing(dead rune) string {
	switch dead {
	case 'ˋ':
		return "`"
	case '´':
		return "'"
	case 'ˆ':
		return "^"
	case '˜':
		return "~"
	case '¨':
		return "\""
	case '˚':
		return "°"
	}
	return string(dead)
}

// compose joins a dead key with the text typed after it; both, one after the other,
// when there is no such character.
func compose(dead rune, text string) string {
	switch text {
	case " ", string(dead):
		return spacing(dead)
	}
	if text < " " || text == "\x7f" { // Enter, Backspace: the dead key is forgotten
		return text
	}
	joined := norm.NFC.String(text + string(mark(dead)))
	if len([]rune(joined)) == 1 {
		return joined
	}
	return spacing(dead) + text
}
