// Package ranges keeps sorted lists of disjoint address ranges without allocating: the
// kernel uses it where there is no heap.
package ranges

// Max is how many ranges a Set holds.
const Max = 1024

// Range is [Start, End).
type Range struct{ Start, End uintptr }

// Set is a sorted list of ranges that neither overlap nor touch. The zero value is
// empty. Operations are O(log n) to search and O(n) to change.
type Set struct {
	list [Max]Range
	n    int
}

// Len is the number of ranges.
func (s *Set) Len() int { return s.n }

// At returns range i, in ascending order from 0.
func (s *Set) At(i int) Range { return s.list[i] }

// List returns the ranges; it aliases the set.
func (s *Set) List() []Range { return s.list[:s.n] }

// Find returns the index of the first range that ends after a, Len if there is none.
func (s *Set) Find(a uintptr) int {
	lo, hi := 0, s.n
	for lo < hi {
		m := int(uint(lo+hi) >> 1)
		if s.list[m].End > a {
			hi = m
		} else {
			lo = m + 1
		}
	}
	return lo
}

// Contains reports whether a lies in a range.
func (s *Set) Contains(a uintptr) bool {
	i := s.Find(a)
	return i < s.n && s.list[i].Start <= a
}

// Overlaps reports whether any part of [start, end) lies in a range.
func (s *Set) Overlaps(start, end uintptr) bool {
	i := s.Find(start)
	return i < s.n && s.list[i].Start < end
}

// Add puts [start, end) in, start < end, joining what it overlaps or touches. It reports
// false, and changes nothing, when the set is full.
func (s *Set) Add(start, end uintptr) bool {
	i := s.Find(start)
	if i > 0 && s.list[i-1].End == start {
		i--
	}
	j := i
	for j < s.n && s.list[j].Start <= end {
		start, end = min(start, s.list[j].Start), max(end, s.list[j].End)
		j++
	}
	if !s.splice(i, j, 1) {
		return false
	}
	s.list[i] = Range{start, end}
	return true
}

// Remove takes [start, end) out. It reports false, and changes nothing, when that makes a
// hole in a range and the set is full.
func (s *Set) Remove(start, end uintptr) bool {
	i := s.Find(start)
	if i < s.n && s.list[i].Start < start && s.list[i].End > end { // a hole in one
		if !s.splice(i+1, i+1, 1) {
			return false
		}
		s.list[i+1] = Range{end, s.list[i].End}
		s.list[i].End = start
		return true
	}
	if i < s.n && s.list[i].Start < start {
		s.list[i].End = start
		i++
	}
	j := i
	for j < s.n && s.list[j].End <= end {
		j++
	}
	s.splice(i, j, 0)
	if i < s.n && s.list[i].Start < end {
		s.list[i].Start = end
	}
	return true
}

// Trim sets range i to [start, end), which lies in it; an empty one is removed.
func (s *Set) Trim(i int, start, end uintptr) {
	if start < end {
		s.list[i] = Range{start, end}
	} else {
		s.splice(i, i+1, 0)
	}
}

// splice makes room for n ranges where [i, j) are; false when the set is full.
func (s *Set) splice(i, j, n int) bool {
	grow := n - (j - i)
	if s.n+grow > Max {
		return false
	}
	if grow > 0 {
		for k := s.n - 1; k >= j; k-- {
			s.list[k+grow] = s.list[k]
		}
	} else {
		for k := j; k < s.n; k++ {
			s.list[k+grow] = s.list[k]
		}
	}
	s.n += grow
	return true
}
