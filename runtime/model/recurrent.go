package model

import (
	"errors"
	"fmt"
	"slices"
)

// ErrState is returned where a recurrent state would have to be what it no longer is.
var ErrState = errors.New("the recurrent state has moved on")

// Layers that are recurrent keep a state of fixed size instead of keys and values of every token. It belongs to the
// sequence and is part of its cache. Unlike keys and values it is overwritten by every token, so it cannot be taken
// back; therefore snapshots are kept where a text is likely to be continued in another way: before the last token of
// every prompt, so that an answer can be generated anew, and at the end of every batch of a long one.

// state is the recurrent state of one sequence.
type state struct {
	pos    int // how many tokens it has seen; -1 when a pass was given up in the middle
	layers []layerState
	saved  []*snapshot // by position
}

// layerState is that of one layer; both are empty for layers that are not recurrent.
type layerState struct {
	conv []float32 // inputs of the convolution, [taps-1, width]
	rec  []float32 // [heads, rows, dim]
}

// snapshot is what a state was at a position. It never changes, so several caches may have it.
type snapshot struct {
	pos    int
	layers []layerState
}

// mostSnapshots bounds the snapshots of a sequence: each takes as much as a state, tens of megabytes.
const mostSnapshots = 4

// newState makes the state of an empty sequence; nil when the model has none.
func (c *Config) newState() *state {
	if c.Recurrent == nil {
		return nil
	}
	s := &state{layers: make([]layerState, c.Layers)}
	for l := range s.layers {
		if c.Recurrent(l) {
			s.layers[l] = layerState{conv: make([]float32, (c.ConvTaps-1)*c.ConvWidth), rec: make([]float32, c.StateSize)}
		}
	}
	return s
}

// bytes is the memory of layers.
func stateBytes(layers []layerState) (n int) {
	for _, l := range layers {
		n += 4 * (len(l.conv) + len(l.rec))
	}
	return n
}

// copyStates copies src over dst, whose slices are as long, or makes them.
func copyStates(dst, src []layerState) []layerState {
	if dst == nil {
		dst = make([]layerState, len(src))
	}
	for l := range src {
		dst[l].conv = append(dst[l].conv[:0], src[l].conv...)
		dst[l].rec = append(dst[l].rec[:0], src[l].rec...)
	}
	return dst
}

// reserve makes room for a snapshot at a position and returns it with empty layers, to be filled layer by layer. Of
// too many the one whose neighbours are nearest goes, but not the oldest.
func (s *state) reserve(pos int) *snapshot {
	at, found := slices.BinarySearchFunc(s.saved, pos, func(x *snapshot, pos int) int { return x.pos - pos })
	n := &snapshot{pos: pos, layers: make([]layerState, len(s.layers))}
	if found {
		s.saved[at] = n
		return n
	}
	s.saved = slices.Insert(s.saved, at, n)
	for len(s.saved) > mostSnapshots {
		least := 1
		for i := 1; i < len(s.saved)-1; i++ {
			if s.saved[i+1].pos-s.saved[i-1].pos < s.saved[least+1].pos-s.saved[least-1].pos {
				least = i
			}
		}
		s.saved = slices.Delete(s.saved, least, least+1)
	}
	return n
}

// before is the last snapshot at a position of at most n; nil when there is none.
func (s *state) before(n int) *snapshot {
	for i := len(s.saved) - 1; i >= 0; i-- {
		if s.saved[i].pos <= n {
			return s.saved[i]
		}
	}
	return nil
}

// Reusable is how many of the first n tokens of the sequence need not be computed again when it goes on differently
// after them: n, or fewer where a recurrent state cannot be taken back so exactly.
func (c *Cache) Reusable(n int) int {
	switch s := c.state; {
	case s == nil, s.pos == n:
		return n
	case s.pos >= 0 && s.pos < n: // the caller knows tokens that were not computed
		return s.pos
	default:
		if x := s.before(n); x != nil {
			return x.pos
		}
		return 0
	}
}

// seek takes the state to position pos, where the next token goes.
func (s *state) seek(pos int) error {
	if s.pos != pos {
		x := s.before(pos)
		switch {
		case pos == 0:
			for _, l := range s.layers {
				clear(l.conv)
				clear(l.rec)
			}
		case x != nil && x.pos == pos:
			copyStates(s.layers, x.layers)
		default:
			return fmt.Errorf("%w: it is at position %d, and none was saved at position %d", ErrState, s.pos, pos)
		}
		s.pos = pos
	}
	s.saved = slices.DeleteFunc(s.saved, func(x *snapshot) bool { return x.pos > pos })
	return nil
}

// fork makes the state of a sequence that goes on after the first n tokens.
func (s *state) fork(n int) *state {
	f := &state{pos: n}
	for _, x := range s.saved {
		if x.pos <= n {
			f.saved = append(f.saved, x)
		}
	}
	from := s.layers
	if s.pos != n {
		x := s.before(n)
		if x == nil || x.pos != n {
			from = nil
		} else {
			from = x.layers
		}
	}
	if from == nil { // nothing usable: the sequence begins anew
		f.pos, f.layers = -1, copyStates(nil, s.layers)
		return f
	}
	f.layers = copyStates(nil, from)
	return f
}

// seqRun is tokens of one sequence that follow each other in a batch. A second run of the same sequence is chained.
type seqRun struct {
	first, n int
	next     int       // of the same sequence, 0 for none
	later    bool      // an earlier run of the sequence chains this one
	snap     *snapshot // nil for none
	snapAt   int       // how many of the run's tokens it is to have seen
}

// startRuns groups the tokens of the batch by sequence and takes the states to where they begin.
func (s *step) startRuns() error {
	s.runs = s.runs[:0]
	for i := 0; i < s.n; {
		r := seqRun{first: i, n: 1}
		t := &s.tokens[i]
		for ; i+r.n < s.n && s.tokens[i+r.n].Cache == t.Cache; r.n++ {
			if s.tokens[i+r.n].Pos != t.Pos+r.n {
				return fmt.Errorf("%w: position %d follows %d in a batch", ErrState, s.tokens[i+r.n].Pos, t.Pos+r.n-1)
			}
		}
		i += r.n
		st := t.Cache.state
		for k := range s.runs {
			if p := &s.runs[k]; s.tokens[p.first].Cache == t.Cache && p.next == 0 {
				p.next, r.later = len(s.runs), true
				if t.Pos != s.tokens[p.first].Pos+p.n {
					return fmt.Errorf("%w: position %d follows %d in a batch", ErrState, t.Pos, s.tokens[p.first].Pos+p.n-1)
				}
			}
		}
		if !r.later {
			if err := st.seek(t.Pos); err != nil {
				return err
			}
		}
		if r.n > 1 {
			r.snapAt = r.n
			if s.tokens[r.first+r.n-1].Logits {
				r.snapAt--
			}
			r.snap = st.reserve(t.Pos + r.snapAt)
		}
		s.runs = append(s.runs, r)
	}
	for i := range s.runs {
		s.tokens[s.runs[i].first].Cache.state.pos = -1 // until the pass has ended
	}
	return nil
}

// endRuns records how far the states have got.
func (s *step) endRuns() {
	for _, r := range s.runs {
		t := &s.tokens[r.first]
		t.Cache.state.pos = t.Pos + r.n
	}
}

// dropRuns gives up the snapshots of a pass that was stopped: they are not whole.
func (s *step) dropRuns() {
	for _, r := range s.runs {
		if r.snap != nil {
			st := s.tokens[r.first].Cache.state
			st.saved = slices.DeleteFunc(st.saved, func(x *snapshot) bool { return x == r.snap })
		}
	}
}

// mixer is a recurrent layer, whose work on a sequence is cut into parts that do not depend on each other.
type mixer interface {
	// advance moves part part of the state of a layer on by tokens first to first+n-1 of the batch, which follow each
	// other in one sequence. thread says whose memory it may use, stage tells the steps of a layer apart.
	advance(s *step, thread, stage, part, first, n int, st *layerState)
	// save copies the part of the state that advance overwrites.
	save(s *step, stage, part int, dst, src *layerState)
}

// recurs is recurrence in progress.
type recurs struct {
	mixer               mixer
	layer, stage, parts int
	item                func(thread, i int) // (*step).recurItem, made once
}

// recur advances all sequences of the batch, spread over the threads by sequences and parts, and takes snapshots on the
// way.
func (s *step) recur(layer int, m mixer, stage, parts int) {
	if s.stopped() {
		return
	}
	for i := range s.runs {
		if r := &s.runs[i]; r.snap != nil {
			src, dst := &s.tokens[r.first].Cache.state.layers[layer], &r.snap.layers[layer]
			if dst.conv == nil && dst.rec == nil {
				dst.conv, dst.rec = make([]float32, len(src.conv)), make([]float32, len(src.rec))
			}
		}
	}
	c := &s.recurs
	c.mixer, c.layer, c.stage, c.parts = m, layer, stage, parts
	if c.item == nil {
		c.item = s.recurItem
	}
	s.m.pool.Do(len(s.runs)*parts, c.item)
}

// recurItem does one part of one sequence.
func (s *step) recurItem(thread, i int) {
	c := &s.recurs
	part, k := i%c.parts, i/c.parts
	if s.runs[k].later {
		return // done with the first run of its sequence
	}
	for {
		r := &s.runs[k]
		st := &s.tokens[r.first].Cache.state.layers[c.layer]
		rest := r.first
		if r.snap != nil {
			if r.snapAt > 0 {
				c.mixer.advance(s, thread, c.stage, part, r.first, r.snapAt, st)
			}
			c.mixer.save(s, c.stage, part, &r.snap.layers[c.layer], st)
			rest += r.snapAt
		}
		if n := r.first + r.n - rest; n > 0 {
			c.mixer.advance(s, thread, c.stage, part, rest, n, st)
		}
		if r.next == 0 {
			return
		}
		k = r.next
	}
}
