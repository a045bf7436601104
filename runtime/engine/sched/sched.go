// Package sched computes the generations of several clients at once (continuous batching, Yu et al. 2022, "Orca").
//
// One goroutine makes pass after pass over the weights. A pass takes the last token of every running generation and,
// in what time remains, tokens of prompts: a long prompt is computed in chunks, so that it delays nobody's next token by
// more than Options.Pause. Keys and values of sequences that have ended are kept, up to Options.CacheBytes, and a
// request whose prompt begins like a kept or a running sequence continues a fork of it.
//
// What else is computed in a pass never changes a result.
package sched

import (
	"context"
	"errors"
	"fmt"
	"sync"
	"time"

	"github.com/llamaboot/llamaboot/runtime/engine"
	"github.com/llamaboot/llamaboot/runtime/model"
)

// Errors for errors.Is.
var (
	ErrBusy   = errors.New("too many requests are waiting")
	ErrClosed = errors.New("the server is shutting down")
)

// Options of a scheduler; zero fields take the default.
type Options struct {
	Slots      int           // generations computed at once; default DefaultSlots
	Queue      int           // generations that may wait for a slot; default DefaultQueue
	CacheBytes int           // memory for sequences that have ended; default DefaultCacheBytes, negative for none
	Batch      int           // tokens of one pass at most; default and limit model.MaxBatch
	Pause      time.Duration // longest pass while generations wait for their next token; default DefaultPause
}

// Defaults of Options.
const (
	DefaultSlots      = 4
	DefaultQueue      = 256
	DefaultCacheBytes = 1 << 30
	DefaultPause      = 150 * time.Millisecond
)

// Request is one generation.
type Request struct {
	engine.Params
	Prompt  []int32       // the whole sequence from its beginning
	Client  string        // whose request it is: clients take turns in the queue
	MaxTime time.Duration // of generating, without the prompt; 0 for no limit
	NoReuse bool          // compute the whole prompt, and keep nothing of the sequence
}

// Event is what happened to a generation: a step, or progress with its prompt.
type Event struct {
	engine.Step     // with ID -1 and no text when there is only progress
	Prompt      int // tokens of the prompt computed or reused so far
}

// Stats says what a generation did.
type Stats struct {
	engine.Stats
	Wait time.Duration // for a slot
}

// Scheduler computes generations of one engine.
type Scheduler struct {
	e *engine.Engine
	o Options

	wake   chan struct{} // capacity 1: something changed
	chosen chan *job     // jobs whose next token is chosen
	ended  chan struct{} // closed when the loop has returned

	mu       sync.Mutex // guards what follows, and the jobs but for their inbox; not held during a pass
	queue    queue
	running  []*job // at most Options.Slots
	kept     keeper
	draining bool
	closed   bool
	pace     pace
	count    Counters
}

// New starts a scheduler. The engine must stay open until Close has returned.
func New(e *engine.Engine, o Options) *Scheduler {
	orDefault(&o.Slots, DefaultSlots)
	orDefault(&o.Queue, DefaultQueue)
	orDefault(&o.CacheBytes, DefaultCacheBytes)
	orDefault(&o.Batch, model.MaxBatch)
	if o.Pause <= 0 {
		o.Pause = DefaultPause
	}
	o.Batch = min(o.Batch, model.MaxBatch)
	o.Slots = min(o.Slots, o.Batch) // every running generation has a token in every pass
	s := &Scheduler{
		e: e, o: o,
		wake:   make(chan struct{}, 1),
		chosen: make(chan *job, o.Slots),
		ended:  make(chan struct{}),
		kept:   keeper{limit: o.CacheBytes},
	}
	go s.loop()
	return s
}

func orDefault(v *int, def int) {
	if *v == 0 {
		*v = def
	}
}

// Drain refuses further requests; those accepted go on.
func (s *Scheduler) Drain() {
	s.mu.Lock()
	s.draining = true
	s.mu.Unlock()
}

// Close ends all generations with ErrClosed and returns when nothing is computed any more.
func (s *Scheduler) Close() {
	s.mu.Lock()
	s.draining, s.closed = true, true
	s.mu.Unlock()
	s.poke()
	<-s.ended
}

// poke makes the loop look for changes.
func (s *Scheduler) poke() {
	select {
	case s.wake <- struct{}{}:
	default:
	}
}

// Generate computes one generation. emit is called from this goroutine; its error ends the generation and is returned.
// When ctx ends, the slot is free within one pass. Errors are ErrBusy when too many requests wait, ErrClosed, those of
// ctx and those of the engine.
func (s *Scheduler) Generate(ctx context.Context, r Request, emit func(Event) error) (Stats, error) {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	j, err := s.submit(ctx, r)
	if err != nil {
		return Stats{}, err
	}
	defer context.AfterFunc(ctx, func() {
		j.abort()
		s.poke()
	})()
	var emitErr error
	for {
		events, more := j.out.take()
		if j.out.resumed() {
			s.poke()
		}
		for _, e := range events {
			if emitErr == nil {
				if emitErr = emit(e); emitErr != nil {
					cancel()
				}
			}
		}
		if !more {
			break
		}
	}
	if emitErr != nil {
		return j.stats, emitErr
	}
	return j.stats, j.err
}

// submit puts a request into the queue.
func (s *Scheduler) submit(ctx context.Context, r Request) (*job, error) {
	if err := s.check(&r); err != nil {
		return nil, err
	}
	w, err := s.e.NewWriter(r.Prompt, r.Params)
	if err != nil {
		return nil, err
	}
	j := newJob(ctx, r, w)
	s.mu.Lock()
	defer s.mu.Unlock()
	switch {
	case s.draining:
		return nil, ErrClosed
	case s.queue.len >= s.o.Queue:
		s.count.Refused++
		return nil, fmt.Errorf("%w: %d", ErrBusy, s.queue.len)
	}
	s.queue.push(j)
	s.poke()
	return j, nil
}

// check refuses what can never be computed.
func (s *Scheduler) check(r *Request) error {
	m := s.e.Model()
	switch {
	case m.Encoder:
		return fmt.Errorf("%w: %s makes embeddings, not text", model.ErrArch, m.Arch)
	case len(r.Prompt) == 0:
		return engine.ErrEmpty
	case len(r.Prompt) > m.Context:
		return fmt.Errorf("%w: %d tokens, want at most %d", engine.ErrContextFull, len(r.Prompt), m.Context)
	}
	for _, id := range r.Prompt {
		if id < 0 || int(id) >= m.Vocab {
			return fmt.Errorf("%w: %d, want 0 to %d", model.ErrToken, id, m.Vocab-1)
		}
	}
	return nil
}
