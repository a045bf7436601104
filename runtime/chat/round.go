package chat

import (
	"slices"
	"strconv"
	"strings"
)

// What the body of a loop sets is gone in its next round: a name then means again what it means outside, or nothing. The
// library keeps one scope for all rounds, so every round begins with setting those names back.
type round struct {
	before string   // the text in front of the loop
	head   string   // the tag, and what every round begins with
	own    []string // names the loop itself sets
	set    []string // names its body sets
	depth  int
}

// beginRounds puts what is written so far aside.
func (w *rewriter) beginRounds(names []string) *round {
	return &round{own: names, depth: len(w.blocks), before: w.take()}
}

// take empties what is written so far.
func (w *rewriter) take() string {
	s := w.out.String()
	w.out.Reset()
	return s
}

// assigned notes that a name is set, for the loop it is set in.
func (w *rewriter) assigned(name string) {
	if strings.Contains(name, ".") {
		return
	}
	for i := len(w.blocks) - 1; i >= 0; i-- {
		switch b := &w.blocks[i]; b.keyword {
		case "macro", "call", "with":
			return // a scope of its own
		case "for":
			if r := b.round; !slices.Contains(r.own, name) && !slices.Contains(r.set, name) {
				r.set = append(r.set, name)
			}
			return
		}
	}
}

// endRounds puts the loop together.
func (w *rewriter) endRounds(r *round) {
	body := w.take()
	w.out.WriteString(r.before)
	outer := func(name string) string { return prefix + "outer" + strconv.Itoa(r.depth) + "_" + name }
	for _, name := range r.set {
		w.tag("set %s = %s", outer(name), name)
	}
	w.out.WriteString(r.head)
	if len(r.set) > 0 {
		w.output("''", 2*len(r.set))
	}
	for _, name := range r.set {
		w.tag("set %s = %s", name, outer(name))
	}
	w.out.WriteString(body)
}
