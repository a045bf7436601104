package ranges

import (
	"math/rand"
	"slices"
	"testing"
)

// TestSet compares a set with a bitmap.
func TestSet(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for round := range 200 {
		var s Set
		var want [128]bool
		for range 60 {
			lo := rng.Intn(120)
			hi := lo + rng.Intn(8) + 1
			if got := s.Overlaps(uintptr(lo), uintptr(hi)); got != slices.Contains(want[lo:hi], true) {
				t.Fatalf("Overlaps(%d, %d) = %v in %v", lo, hi, got, s.List())
			}
			put := rng.Intn(3) != 0
			change := s.Remove
			if put {
				change = s.Add
			}
			if !change(uintptr(lo), uintptr(hi)) {
				t.Fatal("set full")
			}
			for i := lo; i < hi; i++ {
				want[i] = put
			}
			for i := range want {
				if got := s.Contains(uintptr(i)); got != want[i] {
					t.Fatalf("round %d: Contains(%d) = %v, want %v in %v", round, i, got, want[i], s.List())
				}
			}
			for i := 1; i < s.Len(); i++ {
				if s.At(i-1).End >= s.At(i).Start {
					t.Fatalf("ranges not sorted and apart: %v", s.List())
				}
			}
		}
	}
}

func TestFull(t *testing.T) {
	var s Set
	for i := range Max + 10 {
		start := uintptr(i) * 40
		if ok := s.Add(start, start+30); ok != (i < Max) {
			t.Fatalf("range %d accepted: %v", i, ok)
		}
	}
	if s.Remove(10, 20) || s.At(0) != (Range{0, 30}) {
		t.Error("a hole without room for it")
	}
	if !s.Remove(0, 10) || s.Len() != Max {
		t.Error("the beginning of a range cannot be removed")
	}
}

func TestTrim(t *testing.T) {
	var s Set
	s.Add(10, 20)
	s.Add(30, 40)
	s.Trim(0, 12, 18)
	s.Trim(1, 40, 40)
	if want := []Range{{12, 18}}; !slices.Equal(s.List(), want) {
		t.Errorf("%v, want %v", s.List(), want)
	}
}
