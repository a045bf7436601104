//go:build linux && amd64

package kern

import (
	"math/rand"
	"testing"
)

func none(uintptr) uintptr { return 0 }

func TestFramesRoundInward(t *testing.T) {
	var f frames
	f.add(hugePage-1, 3*hugePage) // [2M-1, 8M-1): whole pages at 2M, 4M
	if f.total != 2*hugePage {
		t.Fatalf("total %#x, want %#x", f.total, 2*hugePage)
	}
	for _, want := range []uintptr{hugePage, 2 * hugePage, 0} {
		if got := f.get(none); got != want {
			t.Fatalf("get = %#x, want %#x", got, want)
		}
	}
	f.add(^uintptr(0)-hugePage, 2*hugePage) // wraps around: refused
	if f.n != 1 {
		t.Fatalf("a range that wraps was taken: %v", f.ranges[:f.n])
	}
}

// TestFramesRemove compares remove and get with a bitmap of pages.
func TestFramesRemove(t *testing.T) {
	rng := rand.New(rand.NewSource(1))
	for round := 0; round < 500; round++ {
		var f frames
		var want [64]bool
		at := uintptr(1) // address 0 means "none"
		for at < 50 {
			n := uintptr(rng.Intn(10) + 1)
			f.add(at*hugePage, n*hugePage)
			for i := at; i < at+n; i++ {
				want[i] = true
			}
			at += n + uintptr(rng.Intn(4)) + 1
		}
		for k := 0; k < 3; k++ {
			lo, n := uintptr(rng.Intn(60*hugePage)), uintptr(rng.Intn(8*hugePage)+1)
			f.remove(lo, n)
			for i := lo / hugePage; i <= (lo+n-1)/hugePage && i < 64; i++ {
				want[i] = false
			}
		}
		count := uintptr(0)
		for _, w := range want {
			if w {
				count++
			}
		}
		if f.total != count*hugePage {
			t.Fatalf("round %d: total %d pages, want %d", round, f.total/hugePage, count)
		}
		run := f.getRun(2)
		if run != 0 {
			for i := range uintptr(2) {
				if !want[run/hugePage+i] {
					t.Fatalf("round %d: run at %#x covers a page that is not free", round, run)
				}
				want[run/hugePage+i] = false
				count--
			}
		}
		for p := f.get(none); p != 0; p = f.get(none) {
			if !want[p/hugePage] {
				t.Fatalf("round %d: page %#x handed out twice or not free", round, p)
			}
			want[p/hugePage] = false
			count--
		}
		if count != 0 {
			t.Fatalf("round %d: %d pages never handed out", round, count)
		}
	}
}

func TestRegions(t *testing.T) {
	rng := rand.New(rand.NewSource(2))
	for round := 0; round < 200; round++ {
		var r regions
		var want [128]bool
		for k := 0; k < 40; k++ {
			lo := rng.Intn(120)
			hi := lo + rng.Intn(8) + 1
			overlap := false
			for i := lo; i < hi; i++ {
				overlap = overlap || want[i]
			}
			if got := r.overlaps(uintptr(lo), uintptr(hi)); got != overlap {
				t.Fatalf("overlaps(%d, %d) = %v, want %v in %v", lo, hi, got, overlap, r.list[:r.n])
			}
			if !r.add(uintptr(lo), uintptr(hi)) {
				t.Fatal("table full")
			}
			for i := lo; i < hi; i++ {
				want[i] = true
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

func TestRegionsPlace(t *testing.T) {
	var r regions
	if a := r.place(0, 100); a != anonBase {
		t.Errorf("first place = %#x, want %#x", a, uintptr(anonBase))
	}
	if a := r.place(0xc000000000, 100); a != anonBase+hugePage {
		t.Errorf("a hint below 4 TiB was honoured: %#x", a)
	}
	const hint = 5 << 40
	if a := r.place(hint, hugePage); a != hint {
		t.Errorf("free hint refused: %#x", a)
	}
	r.add(hint, hint+hugePage)
	if a := r.place(hint, hugePage); a == hint {
		t.Error("taken hint honoured")
	}
	if a := r.place(0, 1<<47); a != 0 {
		t.Errorf("more than the address space: %#x", a)
	}
	for i := 0; i < maxRegions+10; i++ {
		start := uintptr(i) * 4 * hugePage
		if ok := r.add(start, start+hugePage); ok != (i < maxRegions-1) {
			t.Fatalf("region %d accepted: %v", i, ok)
		}
	}
}
