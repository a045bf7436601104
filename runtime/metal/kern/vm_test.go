//go:build linux && amd64

package kern

import (
	"math/rand"
	"testing"
)

// TestRegions compares add and remove with a bitmap.
func TestRegions(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for round := 0; round < 200; round++ {
		var r regions
		var want [128]bool
		for k := 0; k < 60; k++ {
			lo := rng.Intn(120)
			hi := lo + rng.Intn(8) + 1
			overlap := false
			for i := lo; i < hi; i++ {
				overlap = overlap || want[i]
			}
			if got := r.overlaps(uintptr(lo), uintptr(hi)); got != overlap {
				t.Fatalf("overlaps(%d, %d) = %v, want %v in %v", lo, hi, got, overlap, r.list[:r.n])
			}
			put := rng.Intn(3) != 0
			change := r.remove
			if put {
				change = r.add
			}
			if !change(uintptr(lo), uintptr(hi)) {
				t.Fatal("table full")
			}
			for i := lo; i < hi; i++ {
				want[i] = put
			}
			for i := range want {
				if got := r.contains(uintptr(i)); got != want[i] {
					t.Fatalf("round %d: contains(%d) = %v, want %v in %v", round, i, got, want[i], r.list[:r.n])
				}
			}
			for i := 1; i < r.n; i++ {
				if r.list[i-1].end >= r.list[i].start {
					t.Fatalf("regions not sorted and apart: %v", r.list[:r.n])
				}
			}
		}
	}
}

func TestRegionsFull(t *testing.T) {
	var r regions
	for i := 0; i < maxRegions+10; i++ {
		start := uintptr(i) * 4 * hugePage
		if ok := r.add(start, start+3*hugePage); ok != (i < maxRegions) {
			t.Fatalf("region %d accepted: %v", i, ok)
		}
	}
	if r.remove(hugePage, 2*hugePage) {
		t.Error("a hole without room for it")
	}
	if !r.remove(0, hugePage) || r.n != maxRegions {
		t.Error("the beginning of a region cannot be removed")
	}
}

func TestPlace(t *testing.T) {
	var s addressSpace
	if a := s.place(0, 100); a != anonBase {
		t.Errorf("first place = %#x, want %#x", a, uintptr(anonBase))
	}
	if a := s.place(0xc000000000, 100); a != anonBase+pageSize {
		t.Errorf("a hint below 4 TiB gave %#x", a)
	}
	if a := s.place(0, 5*hugePage+1); a != anonBase+hugePage {
		t.Errorf("a large place at %#x", a)
	}
	if a := s.place(0, pageSize); a != anonBase+6*hugePage+pageSize {
		t.Errorf("a small place behind a large one at %#x", a)
	}
	const hint = 5 << 40
	if a := s.place(hint, hugePage); a != hint {
		t.Errorf("free hint refused: %#x", a)
	}
	s.taken.add(hint, hint+hugePage)
	if a := s.place(hint, hugePage); a == hint {
		t.Error("taken hint honoured")
	}
	if a := s.place(hint+hugePage, ^uintptr(0)-hint); a != 0 {
		t.Errorf("a size that wraps around: %#x", a)
	}
	if a := s.place(0, 1<<47); a != 0 {
		t.Errorf("more than the address space: %#x", a)
	}
}
