package compute

import (
	"fmt"
	"slices"
	"strings"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// Level is an instruction-set level: a routine for every hot operation. A Pool computes at one level, and its vector
// operations are the methods of Level. Levels are values without state: any number of them may be at work side by side.
type Level struct {
	name string
	// widths are the panel widths tile can multiply, descending, ending in 1.
	widths []int
	// signed8: strips of forms with 8 bits hold q-128 instead of q.
	signed8 bool

	// unpack fills dst with the units of blocks blocks of the 16 rows at src,
	// rowBytes apart; next is memory that will be needed soon (a hint).
	// A nil entry means genericUnpack.
	unpack [tensor.Numbers]func(dst, src *byte, rowBytes, blocks int, next uintptr)
	// decode sets out[0..15] to the product of the 16 rows at src, rowBytes
	// apart, and the panel of one column, whole rows of blocks blocks; the bits
	// are those of unpack and tile. A nil entry means unpack and tile.
	decode [tensor.Numbers]decoder
	// far are routines for whole matrices and one column (far.go), with the same bits. A
	// nil entry means decode.
	far [tensor.Numbers]farDecoder
	// few does what decode does for a panel of fewCols columns, whose results are
	// stride apart. A nil entry means unpack and tile.
	few [tensor.Numbers]fewDecoder
	// tiles reports whether tile multiplies a form without overflow; nil: it does all forms.
	tiles func(f form) bool
	// tile multiplies a strip with a panel (see genericTile).
	tile func(f form, strip, panel *byte, units, cols int, out *float32, stride int, add bool)
	// pair does the same for two strips, one after the other, all units of them
	// and a panel of the first of widths; nil if that is not faster.
	pair func(f form, strips, panel *byte, units int, out *float32, stride int)
	// quantize rounds n activations into a panel (see genericQuantize).
	quantize func(panel *byte, x *float32, n int, a *panelArgs)

	// floatRows and floatCols bound one call of floatTile.
	floatRows, floatCols int
	// floatTile sets out[c*stride+r] to the product of rows rows of weights of
	// type t and cols columns of n float32, xs elements apart.
	floatTile func(t tensor.Type, w *byte, rowBytes int, x *float32, xs, n, rows, cols int, out *float32, stride int, next uintptr)

	putKey    func(k []uint16, key []float32) // see genericPutKey
	scoresF16 func(dst []float32, dstStride int, q []float32, qStride, n int, k []uint16, blocks, dim int)
	mixF16    func(dst []float32, dstStride int, w []float32, wStride, n int, v []uint16, rows, dim int)

	vec vecOps
}

// decoder is a fused decode routine: one for single blocks and, if group is not
// zero, one for groups of so many. They add to out if add is 1; scales is
// decodeScales bytes of scratch. With halves they fetch the first and the
// second eight rows at next side by side instead of one after the other.
type decoder struct {
	one, many decodeFunc
	group     int
	halves    bool
}

// fewDecoder is decoder for fewCols columns.
type fewDecoder struct {
	one, many fewFunc
	group     int
	halves    bool
}

// fewCols is the only number of columns that are multiplied as rows are
// unpacked: four generations at once are common, and for more columns unpacking
// is a small part.
const fewCols = 4

type fewFunc func(src *byte, rowBytes, blocks int, next uintptr, panel *byte, out *float32, stride int, scales *byte, add int)

type decodeFunc func(src *byte, rowBytes, blocks int, next uintptr, panel *byte, out *float32, scales *byte, add int)

// levels are those this processor can run, slowest first.
var levels = []*Level{&genericLevel}

// Levels lists the levels this processor can run, slowest first.
func Levels() []*Level { return slices.Clone(levels) }

// BestLevel returns the fastest level this processor can run.
func BestLevel() *Level { return levels[len(levels)-1] }

// LevelNamed returns a level this processor can run by its name; the empty name is that of the best.
func LevelNamed(name string) (*Level, error) {
	if name == "" {
		return BestLevel(), nil
	}
	var known []string
	for _, l := range levels {
		if l.name == name {
			return l, nil
		}
		known = append(known, l.name)
	}
	return nil, fmt.Errorf("level %q: want one of %s (what this processor runs)", name, strings.Join(known, " "))
}

// String returns the name of the level.
func (l *Level) String() string { return l.name }

// genericLevel is the truth the other levels are tested against.
var genericLevel = Level{
	name:   "generic",
	widths: []int{4, 1},
	tile: func(f form, strip, panel *byte, units, cols int, out *float32, stride int, add bool) {
		genericTile(f, unsafe.Slice(strip, units*f.unitBytes()), unsafe.Slice(panel, units*cols*f.colBytes()),
			units, cols, unsafe.Slice(out, (cols-1)*stride+stripRows), stride, add)
	},
	quantize: func(panel *byte, x *float32, n int, a *panelArgs) {
		size := (n/unitCols-1)*a.stride + a.scale + 4
		genericQuantize(unsafe.Slice(panel, size), unsafe.Slice(x, n), a)
	},
	floatRows: 4,
	floatCols: 1,
	floatTile: genericFloatTile,
	putKey:    genericPutKey,
	scoresF16: genericScoresF16,
	mixF16:    genericMixF16,
	vec:       genericVec,
}
