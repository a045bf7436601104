// Package grammar restricts generated text to a grammar, and makes grammars from JSON schemas.
//
// Grammars are written in GBNF, llama.cpp's notation (grammars/README.md): rules, alternatives, groups, literals,
// character classes, the dot, and the repetitions * + ? {m} {m,} {m,n}. Token references <[id]> are not supported.
// Matching follows all alternatives at once; states and their successors are kept, so that testing a token costs a
// few map look-ups. Left recursion, which such a matcher cannot follow, is refused.
package grammar

import (
	"cmp"
	"errors"
	"fmt"
	"slices"
)

// ErrSyntax is wrapped by errors about the text of a grammar.
var ErrSyntax = errors.New("malformed grammar")

// ErrLimit is wrapped by errors about grammars that are too large or too ambiguous.
var ErrLimit = errors.New("grammar too large")

// Limits.
const (
	maxText    = 1 << 20 // bytes of a grammar
	maxItems   = 1 << 19 // items after repetitions are written out
	maxRepeat  = 2000    // of one repetition, as in llama.cpp
	maxNesting = 200     // of groups
	maxDepth   = 1 << 15 // rules that refer to each other without a character between
	maxStacks  = 4096    // alternatives followed at once
	maxStates  = 1 << 14 // kept before the memory of states starts over
	maxVisited = 1 << 20 // stacks looked at for those, which are kept as well
)

// item is one element of an alternative. Alternatives are stretches of Grammar.items that end with an end item.
type item struct {
	kind  itemKind
	rule  int        // of a reference
	set   []runRange // of a character class, sorted, with others between them
	negat bool       // matches what is not in the set
}

type itemKind uint8

const (
	end itemKind = iota
	char
	ref
)

// runRange is the characters from lo to hi.
type runRange struct{ lo, hi rune }

// Grammar is a compiled grammar. It may be shared; matchers have the state.
type Grammar struct {
	items []item
	rules [][]int // the first item of every alternative
	names []string
	root  int
}

// matches says whether a character class has r.
func (it *item) matches(r rune) bool {
	i := it.from(r)
	return (i < len(it.set) && it.set[i].lo <= r) != it.negat
}

// from is the first range of the set that does not end before r, found in steps of half: a class of a megabyte is
// asked for every character of every token.
func (it *item) from(r rune) int {
	if len(it.set) <= 4 {
		i := 0
		for i < len(it.set) && it.set[i].hi < r {
			i++
		}
		return i
	}
	i, _ := slices.BinarySearchFunc(it.set, r, func(x runRange, r rune) int { return cmp.Compare(x.hi, r) })
	return i
}

// matchesAny says whether a character class has any of lo to hi.
func (it *item) matchesAny(lo, hi rune) bool {
	i := it.from(lo)
	if i == len(it.set) || it.set[i].lo > hi {
		return it.negat
	}
	return !it.negat || it.set[i].lo > lo || it.set[i].hi < hi // ranges do not touch, so what is between is not in the set
}

// nullable says of every rule whether it matches the empty text.
func (g *Grammar) nullable() []bool {
	// waiting counts what of an alternative is not known to match the empty text; uses lists where a rule occurs.
	type alternative struct{ rule, waiting int }
	var alts []alternative
	uses := make([][]int32, len(g.rules))
	out := make([]bool, len(g.rules))
	var queue []int
	found := func(rule int) {
		if !out[rule] {
			out[rule] = true
			queue = append(queue, rule)
		}
	}
	for r, list := range g.rules {
		for _, a := range list {
			x := alternative{rule: r}
			for ; g.items[a].kind != end; a++ {
				x.waiting++
				if g.items[a].kind == ref {
					uses[g.items[a].rule] = append(uses[g.items[a].rule], int32(len(alts)))
				}
			}
			if x.waiting == 0 {
				found(r)
			}
			alts = append(alts, x)
		}
	}
	for len(queue) > 0 {
		r := queue[len(queue)-1]
		queue = queue[:len(queue)-1]
		for _, a := range uses[r] {
			if alts[a].waiting--; alts[a].waiting == 0 {
				found(alts[a].rule)
			}
		}
	}
	return out
}

// checkRecursion refuses rules that reach themselves before any character, and very long ways to a first character.
func (g *Grammar) checkRecursion() error {
	nullable := g.nullable()
	const open, done = 1, 2
	state := make([]byte, len(g.rules))
	var visit func(r, depth int) error
	visit = func(r, depth int) error {
		if depth > maxDepth {
			return fmt.Errorf("%w: more than %d rules refer to each other before a character", ErrLimit, maxDepth)
		}
		state[r] = open
		for _, a := range g.rules[r] {
			for ; g.items[a].kind == ref; a++ {
				next := g.items[a].rule
				if state[next] == open {
					return fmt.Errorf("%w: rule %q refers to itself before any character (left recursion)", ErrSyntax, g.names[next])
				}
				if state[next] == 0 {
					if err := visit(next, depth+1); err != nil {
						return err
					}
				}
				if !nullable[next] {
					break
				}
			}
		}
		state[r] = done
		return nil
	}
	for r := range g.rules {
		if state[r] == 0 {
			if err := visit(r, 0); err != nil {
				return err
			}
		}
	}
	return nil
}
