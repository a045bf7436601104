// Command fontgen draws the glyphs of Go Mono in the sizes of package screen's cells
// and writes ../font.bin, which screen/font.go describes. It is a module of its own, so
// that the core does not depend on a font renderer.
package main

import (
	"encoding/binary"
	"image"
	"log"
	"os"

	"github.com/golang/freetype/truetype"
	"golang.org/x/image/font"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/math/fixed"
)

// sizes are the cells: an advance of 0.6 em fills the width.
var sizes = []struct {
	width, height, baseline int
	em                      float64
}{
	{8, 16, 13, 40. / 3},
	{12, 24, 19, 20},
}

func main() {
	f, err := truetype.Parse(gomono.TTF)
	if err != nil {
		log.Fatal(err)
	}
	var runes []rune
	for r := rune(' '); r < 0xfffd; r++ {
		control, private := r >= 0x7f && r < 0xa0, r >= 0xe000 && r < 0xfb00
		if f.Index(r) != 0 && !control && !private {
			runes = append(runes, r)
		}
	}
	out := binary.LittleEndian.AppendUint16(nil, uint16(len(runes)))
	for _, r := range runes {
		out = binary.LittleEndian.AppendUint16(out, uint16(r))
	}
	for _, s := range sizes {
		face := truetype.NewFace(f, &truetype.Options{Size: s.em, DPI: 72, Hinting: font.HintingFull})
		for _, r := range runes {
			cell := image.NewAlpha(image.Rect(0, 0, s.width, s.height))
			d := font.Drawer{Dst: cell, Src: image.Opaque, Face: face, Dot: fixed.P(0, s.baseline)}
			d.DrawString(string(r))
			for i := 0; i < len(cell.Pix); i += 2 {
				out = append(out, cell.Pix[i]&0xf0|cell.Pix[i+1]>>4)
			}
		}
	}
	if err := os.WriteFile("../font.bin", out, 0o666); err != nil {
		log.Fatal(err)
	}
}
