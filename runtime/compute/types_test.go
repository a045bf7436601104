package compute

import (
	"slices"
	"strings"
	"testing"

	"github.com/llamaboot/llamaboot/runtime/tensor"
)

// TestEveryTypeAtEveryLevel: at every level, each type the engine computes with has a routine that takes its blocks
// apart, or the table names the level as one with portable code for that; and it has tiles that multiply its form.
func TestEveryTypeAtEveryLevel(t *testing.T) {
	atLevels(t, func(t *testing.T, l *Level) {
		for _, ty := range tensor.Supported() {
			if ty.IsFloat() {
				continue
			}
			portable := l.name == "generic" || slices.Contains(strings.Fields(ty.Info().Portable), l.name)
			if has := l.unpack[ty] != nil; has == portable {
				t.Errorf("%v: assembly for unpacking: %v, portable code according to the table: %v", ty, has, portable)
			}
			if f := formOf(ty); l.tiles != nil && !l.tiles(f) {
				t.Errorf("%v: no tile for %+v", ty, f)
			}
		}
	})
}

// TestFormsAVX2 lists the forms whose 16-bit sums would overflow at the level of AVX2: a type of such a form is found by
// TestEveryTypeAtEveryLevel instead of computing wrong numbers.
func TestFormsAVX2(t *testing.T) {
	l, err := LevelNamed("avx2")
	if err != nil {
		t.Skip(err)
	}
	for sub, most := range map[int][2]int{32: {5, 5}, 16: {6, 5}} {
		for bits := 1; bits <= 8; bits++ {
			for i, min := range []bool{false, true} {
				f := form{Sub: sub, Min: min, Bits: bits}
				want := bits <= most[i] || sub == 32 && !min && bits == 8
				if got := l.tiles(f); got != want {
					t.Errorf("%+v: %v, want %v", f, got, want)
				}
			}
		}
	}
}
