package screen

import _ "embed"

//go:generate go run -C fontgen .

// fontData is made by fontgen from Go Mono: the number of characters (16 bits, little
// endian), their code points in increasing order (16 bits each), then their glyphs
// in each size, 4 bits of coverage a pixel, left pixel in the high bits.
//
//go:embed font.bin
var fontData string

// face is one size of the font.
type face struct {
	width, height int
	offset        int // of its first glyph in fontData
}

const (
	smallWidth, smallHeight = 8, 16
	largeWidth, largeHeight = 12, 24
)

func glyphCount() int { return int(fontData[0]) | int(fontData[1])<<8 }

func smallFace() face {
	return face{smallWidth, smallHeight, 2 + 2*glyphCount()}
}

func largeFace() face {
	small := smallFace()
	return face{largeWidth, largeHeight, small.offset + glyphCount()*small.bytes()}
}

// bytes is the size of one glyph.
func (f *face) bytes() int { return f.width * f.height / 2 }

// glyph returns where r's pixels are in fontData; -1: the font does not have it.
func (f *face) glyph(r rune) int {
	switch r {
	case '‑', '‒', '−': // hyphens and minus signs
		r = '-'
	case '\u00a0', '\u2002', '\u2003', '\u2009', '\u202f': // spaces
		r = ' '
	}
	lo, hi := 0, glyphCount()
	for lo < hi {
		m := (lo + hi) / 2
		at := rune(fontData[2+2*m]) | rune(fontData[3+2*m])<<8
		switch {
		case at == r:
			return f.offset + m*f.bytes()
		case at < r:
			lo = m + 1
		default:
			hi = m
		}
	}
	return -1
}

// coverage is how much of a pixel the glyph at offset g covers, 0 to 15.
func (f *face) coverage(g, x, y int) uint8 {
	b := fontData[g+(y*f.width+x)/2]
	if x&1 == 0 {
		return b >> 4
	}
	return b & 15
}
