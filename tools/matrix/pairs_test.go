package main

import (
	"slices"
	"testing"
)

func TestPairs(t *testing.T) {
	list := pairs(factors, possible)
	if again := pairs(factors, possible); !slices.EqualFunc(list, again, func(a, b choice) bool { return slices.Equal(a, b) }) {
		t.Error("two runs differ")
	}
	have := map[pair]bool{}
	for _, c := range list {
		if !possible(c) || slices.Contains(c, open) {
			t.Errorf("%v cannot be", c)
		}
		for f1 := range c {
			for f2 := f1 + 1; f2 < len(c); f2++ {
				have[pair{f1, c[f1], f2, c[f2]}] = true
			}
		}
	}
	lower := 0 // no covering can be smaller than the number of possible pairs of the two largest factors
	for f1 := range factors {
		for f2 := f1 + 1; f2 < len(factors); f2++ {
			n := 0
			for v1 := range factors[f1].values {
				for v2 := range factors[f2].values {
					// Whether a pair can be is decided here without complete: by trying everything.
					if !anyWith(f1, v1, f2, v2, 0, make(choice, len(factors))) {
						continue
					}
					n++
					if !have[pair{f1, v1, f2, v2}] {
						t.Errorf("no machine has %s %s with %s %s", factors[f1].name, factors[f1].values[v1], factors[f2].name, factors[f2].values[v2])
					}
				}
			}
			lower = max(lower, n)
		}
	}
	if len(list) > lower*5/4 {
		t.Errorf("%d machines, want at most a quarter more than %d", len(list), lower)
	}
	t.Logf("%d machines, at least %d", len(list), lower)
}

// anyWith tries every choice with two factors given.
func anyWith(f1, v1, f2, v2, f int, c choice) bool {
	if f == len(c) {
		return possible(c)
	}
	for v := range factors[f].values {
		if f == f1 && v != v1 || f == f2 && v != v2 {
			continue
		}
		c[f] = v
		if anyWith(f1, v1, f2, v2, f+1, c) {
			return true
		}
	}
	return false
}
