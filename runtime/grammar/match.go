package grammar

import (
	"encoding/binary"
	"fmt"
	"slices"
)

// node is the top of a stack: the item to match next and the stack below, which is where to go on afterwards.
// Equal stacks are one node, so stacks are compared by pointer.
type node struct {
	at    int
	below *node
	id    uint32
}

type nodeKey struct {
	at    int
	below *node
}

// state is the set of stacks after some text. Their tops are characters; done says that the text may end here.
type state struct {
	stacks []*node
	done   bool
	next   map[rune]*state // successors met so far; nil for characters that do not match
}

// machine makes states and remembers them.
type machine struct {
	g       *Grammar
	nodes   map[nodeKey]*node
	states  map[string]*state
	serial  uint32
	visited int  // stacks looked at since the memory started
	full    bool // a state would have had too many stacks
}

func newMachine(g *Grammar) (*machine, *state, error) {
	m := &machine{g: g}
	m.forget()
	b := &builder{m: m, seen: map[*node]bool{}}
	for _, a := range g.rules[g.root] {
		b.expand(a, nil)
	}
	s := b.state()
	if m.full {
		return nil, nil, fmt.Errorf("%w: more than %d alternatives at once", ErrLimit, maxStacks)
	}
	return m, s, nil
}

// forget starts the memory of states over; states in use go on working.
func (m *machine) forget() {
	m.nodes, m.states, m.visited = map[nodeKey]*node{}, map[string]*state{}, 0
}

// crowded says that it is time to forget.
func (m *machine) crowded() bool { return len(m.states) > maxStates || m.visited > maxVisited }

func (m *machine) node(at int, below *node) *node {
	k := nodeKey{at, below}
	n := m.nodes[k]
	if n == nil {
		m.serial++
		n = &node{at, below, m.serial}
		m.nodes[k] = n
	}
	return n
}

// builder collects the stacks of a state.
type builder struct {
	m      *machine
	seen   map[*node]bool
	stacks []*node
	done   bool
}

// expand follows references and ends from an item until characters are on top.
func (b *builder) expand(at int, below *node) {
	if b.m.full {
		return
	}
	it := &b.m.g.items[at]
	if it.kind == end {
		if below == nil {
			b.done = true
			return
		}
		b.expand(below.at, below.below)
		return
	}
	n := b.m.node(at, below)
	if b.seen[n] {
		return
	}
	b.seen[n] = true
	if len(b.seen) > maxStacks {
		b.m.full = true
		return
	}
	if it.kind == char {
		b.stacks = append(b.stacks, n)
		return
	}
	if b.m.g.items[at+1].kind != end { // at an end the stack below is where to go on, so stacks do not grow
		below = b.m.node(at+1, below)
	}
	for _, a := range b.m.g.rules[it.rule] {
		b.expand(a, below)
	}
}

// state returns the state of what was collected.
func (b *builder) state() *state {
	b.m.visited += len(b.seen)
	if len(b.stacks) == 0 && !b.done {
		return nil
	}
	slices.SortFunc(b.stacks, func(x, y *node) int { return int(x.id) - int(y.id) })
	key := make([]byte, 1, 1+4*len(b.stacks))
	if b.done {
		key[0] = 1
	}
	for _, n := range b.stacks {
		key = binary.LittleEndian.AppendUint32(key, n.id)
	}
	s := b.m.states[string(key)]
	if s == nil {
		s = &state{stacks: b.stacks, done: b.done, next: map[rune]*state{}}
		b.m.states[string(key)] = s
	}
	return s
}

// step is the state after a character, nil when it does not match.
func (m *machine) step(s *state, r rune) *state {
	if t, ok := s.next[r]; ok {
		return t
	}
	b := &builder{m: m, seen: map[*node]bool{}}
	for _, n := range s.stacks {
		if m.g.items[n.at].matches(r) {
			b.expand(n.at+1, n.below)
		}
	}
	t := b.state()
	s.next[r] = t
	return t
}
