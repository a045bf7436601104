package token

import "container/heap"

// symbol is a stretch of text on its way to becoming a token. Symbols form a list through prev and next.
type symbol struct {
	start, end int32 // in the text; start == end when merged away
	id         int32
	prev, next int32 // -1 at the ends
}

// joiner knows which neighbours may be merged: the rank (lowest first) and the id of the result.
type joiner interface {
	join(text string, a, b *symbol) (rank uint32, id int32, ok bool)
}

// shortWord is the number of symbols up to which looking at all pairs again after each merge is faster than a heap.
const shortWord = 24

// noRank marks a pair that cannot be merged.
const noRank = ^uint32(0)

// merge joins neighbours, lowest rank first and leftmost among equals, until no pair is left to join.
// It returns the symbols that remain, in order; syms is reused.
func merge(text string, syms []symbol, j joiner) []symbol {
	if len(syms) <= shortWord {
		return mergeShort(text, syms, j)
	}
	return mergeLong(text, syms, j)
}

func mergeShort(text string, syms []symbol, j joiner) []symbol {
	var ranks [shortWord]uint32
	var ids [shortWord]int32
	look := func(i int) {
		ranks[i] = noRank
		if i >= 0 && i+1 < len(syms) {
			if r, id, ok := j.join(text, &syms[i], &syms[i+1]); ok {
				ranks[i], ids[i] = r, id
			}
		}
	}
	for i := range syms {
		look(i)
	}
	for {
		best := -1
		for i := 0; i+1 < len(syms); i++ {
			if ranks[i] != noRank && (best < 0 || ranks[i] < ranks[best]) {
				best = i
			}
		}
		if best < 0 {
			return syms
		}
		syms[best].end, syms[best].id = syms[best+1].end, ids[best]
		n := len(syms)
		copy(syms[best+1:], syms[best+2:])
		copy(ranks[best+1:n-1], ranks[best+2:n])
		copy(ids[best+1:n-1], ids[best+2:n])
		syms = syms[:n-1]
		look(best)
		if best > 0 {
			look(best - 1)
		}
	}
}

// candidate is a pair waiting in the heap. It is stale when one of its symbols has changed since.
type candidate struct {
	rank        uint32
	left, right int32
	size        int32 // bytes of both symbols together
	id          int32
}

type candidates []candidate

func (c candidates) Len() int { return len(c) }
func (c candidates) Less(i, j int) bool {
	return c[i].rank < c[j].rank || c[i].rank == c[j].rank && c[i].left < c[j].left
}
func (c candidates) Swap(i, j int) { c[i], c[j] = c[j], c[i] }
func (c *candidates) Push(x any)   { *c = append(*c, x.(candidate)) }
func (c *candidates) Pop() any {
	old := *c
	x := old[len(old)-1]
	*c = old[:len(old)-1]
	return x
}

func mergeLong(text string, syms []symbol, j joiner) []symbol {
	var queue candidates
	try := func(left, right int32) (candidate, bool) {
		if left < 0 || right < 0 {
			return candidate{}, false
		}
		a, b := &syms[left], &syms[right]
		r, id, ok := j.join(text, a, b)
		return candidate{r, left, right, b.end - a.start, id}, ok
	}
	for i := range syms {
		syms[i].prev, syms[i].next = int32(i-1), int32(i+1)
	}
	syms[len(syms)-1].next = -1
	for i := 0; i+1 < len(syms); i++ {
		if c, ok := try(int32(i), int32(i+1)); ok {
			queue = append(queue, c)
		}
	}
	heap.Init(&queue)
	for len(queue) > 0 {
		c := heap.Pop(&queue).(candidate)
		a, b := &syms[c.left], &syms[c.right]
		if a.start == a.end || b.start == b.end || b.end-a.start != c.size {
			continue
		}
		a.end, a.id, a.next = b.end, c.id, b.next
		b.start = b.end
		if b.next >= 0 {
			syms[b.next].prev = c.left
		}
		for _, p := range [2][2]int32{{a.prev, c.left}, {c.left, a.next}} {
			if n, ok := try(p[0], p[1]); ok {
				heap.Push(&queue, n)
			}
		}
	}
	out := syms[:0]
	for _, s := range syms {
		if s.start != s.end {
			out = append(out, s)
		}
	}
	return out
}
