package compute

import (
	"math/rand/v2"
	"testing"
	"unsafe"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestFarLikeStrips: rows along four streams give the numbers of strips, NaN
// where those do, and nothing is written beside them.
func TestFarLikeStrips(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		strips := *l // the level without those routines
		strips.far = [tensor.Numbers]farDecoder{}
		p, byStrip := NewPool(1, l), NewPool(1, &strips)
		defer p.Close()
		defer byStrip.Close()
		r := rand.New(rand.NewPCG(24, 24))
		for _, ty := range tensor.Supported() {
			if l.far[ty].f == nil {
				continue
			}
			for _, rows := range []int{16, 48, 208} {
				for _, groups := range []int{1, 2, 11} {
					cols := groups * l.far[ty].group * ty.BlockLen()
					w := randMatrix(t, r, ty, rows, cols)
					for _, junk := range []bool{false, true} {
						for i := 0; junk && i < len(w.data); i++ { // all bits, infinite scales included
							w.data[i] = byte(r.Uint32())
						}
						x := randFloats(r, cols)
						b, intact := guarded(4*rows, 0)
						got, want := unsafe.Slice((*float32)(unsafe.Pointer(&b[0])), rows), make([]float32, rows)
						p.MatMul(got, w, x, 1)
						byStrip.MatMul(want, w, x, 1)
						for i, v := range want {
							if got[i] != v && (got[i] == got[i] || v == v) {
								t.Fatalf("%v, %d rows of %d groups, junk %v: element %d is %v, want %v", ty, rows, groups, junk, i, got[i], v)
							}
						}
						if !intact() {
							t.Fatalf("%v, %d rows of %d groups: wrote outside", ty, rows, groups)
						}
					}
				}
			}
		}
	})
}
